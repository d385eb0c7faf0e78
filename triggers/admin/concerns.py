"""What waits for a person: each kind with how it came to be, what to do about it, and what may be decided."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext_lazy

from campaigns.models import Campaign, ChannelName
from campaigns.pauses import pause_reason, pause_sentence
from triggers.channels import Verdict, provider_of
from triggers.models import Attempt, Circuit, Decision, Delivery, Occasion, Outcome, Ruling, State

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

# What nobody decides about is listed this long.
RECENT: Final = timedelta(days=7)

Rows = QuerySet[Any]


@dataclass(frozen=True)
class Concern:
    """One kind of thing that waits for a person: how it came to be, what to do, and what may be decided."""

    name: str
    title: "StrPromise"
    why: "StrPromise"
    remedy: "StrPromise"
    mood: str
    rows: Callable[[datetime], Rows]
    may: tuple[Ruling.Kind, ...] = ()


def _unruled(state: State) -> Callable[[datetime], Rows]:
    left = Ruling.objects.filter(delivery=OuterRef("pk"), kind=Ruling.Kind.LEAVE)
    return lambda _now: Delivery.objects.filter(~Exists(left), state=state)


def _recent(**facts: Any) -> Callable[[datetime], Rows]:
    return lambda now: Delivery.objects.filter(not_before__gt=now - RECENT, **facts)


def _refused_until_stale(now: datetime) -> Rows:
    refused = Attempt.objects.filter(delivery=OuterRef("pk"), outcome=Outcome.REFUSED)
    return Delivery.objects.filter(Exists(refused), not_before__gt=now - RECENT, state=State.SKIPPED, reason="stale")


def _missed(now: datetime) -> Rows:
    return Occasion.objects.filter(decision=Decision.SKIPPED, reason="missed", decided_at__gt=now - RECENT)


CONCERNS: Final[tuple[Concern, ...]] = (
    Concern(
        "unconfirmed",
        gettext_lazy("Unconfirmed messages"),
        gettext_lazy("The provider's answer was lost, and no word came for 24 hours: each may have arrived, or not."),
        gettext_lazy(
            "Look for the message in the provider's own log by its address and time. Send it again only where it is "
            "not there; otherwise leave it."
        ),
        "bad",
        _unruled(State.UNCONFIRMED),
        (Ruling.Kind.RESEND, Ruling.Kind.LEAVE),
    ),
    Concern(
        "quarantined",
        gettext_lazy("Quarantined messages"),
        gettext_lazy("Preparing each of them failed three times: a worker died over it, or was killed."),
        gettext_lazy(
            "Read the worker's log of that time. Once the cause is mended put them back in the queue; those that are "
            "no longer fresh are skipped."
        ),
        "bad",
        _unruled(State.QUARANTINED),
        (Ruling.Kind.RELEASE, Ruling.Kind.LEAVE),
    ),
    Concern(
        "unknown",
        gettext_lazy("Messages whose fate is unknown"),
        gettext_lazy("The call broke off or a worker died over it. None is ever sent again by itself."),
        gettext_lazy(
            "Wait: the provider's word usually settles them. After 24 hours the rest is listed as unconfirmed."
        ),
        "warn",
        lambda _now: Delivery.objects.filter(state=State.UNKNOWN),
    ),
    Concern(
        "missed",
        gettext_lazy("Moments missed while the system was down"),
        gettext_lazy("They came and went while nobody planned. A late gesture would be worse than none."),
        gettext_lazy("Nothing is sent late. Find out why planning stood still: is beat running, and a worker?"),
        "warn",
        _missed,
    ),
    Concern(
        "too_late",
        gettext_lazy("Messages that a provider refused until it was too late"),
        gettext_lazy(
            "The provider was out of reach, busy, or refused the account's settings; then the moment had passed."
        ),
        gettext_lazy("Mend what the provider complains of, so that the next ones go out in time."),
        "warn",
        _refused_until_stale,
    ),
    Concern(
        "own_settings",
        gettext_lazy("Messages that your own settings stopped"),
        gettext_lazy("The shop has no sender for the channel, or the text could not be filled in for this customer."),
        gettext_lazy("Add the sender in the shop's settings, or mend the text of the gesture."),
        "warn",
        _recent(state=State.SKIPPED, reason__in=("no_sender", "no_text", "render_failed")),
    ),
    Concern(
        "refused_text",
        gettext_lazy("Messages refused for their content"),
        gettext_lazy("The provider took the address and refused the message itself."),
        gettext_lazy("Read the provider's answer, and mend the text of the gesture."),
        "warn",
        _recent(state=State.FAILED, reason=Verdict.BAD_MESSAGE.value),
    ),
)


def waiting(now: datetime) -> list[tuple[Concern, int]]:
    """Return each concern that has anything in it at business time `now`, with how many."""
    counted = [(concern, concern.rows(now).count()) for concern in CONCERNS]
    return [(concern, count) for concern, count in counted if count]


def paused_providers(now: datetime) -> list[tuple[Circuit, int]]:
    """Return the paused providers, each with how many messages due at `now` wait for it."""
    paused = []
    for circuit in Circuit.objects.filter(open_until__isnull=False):
        channels = [channel for channel in ChannelName if provider_of(channel) == circuit.provider]
        held = Delivery.objects.filter(state=State.PLANNED, channel__in=channels, not_before__lte=now)
        paused.append((circuit, held.count()))
    return paused


def paused_campaigns() -> list[dict[str, Any]]:
    """Return the campaigns that were paused by themselves, each with why, in short and in full."""
    paused = Campaign.objects.filter(status=Campaign.Status.PAUSED).exclude(paused_for="").order_by("name")
    return [
        {"campaign": campaign, "reason": pause_reason(campaign), "words": pause_sentence(campaign)}
        for campaign in paused
    ]
