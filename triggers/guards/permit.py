"""The fire permit's questions: what, just before sending, still speaks against each delivery of a batch.

It is the arbiter too: of several messages due now to one customer, whose caps let only some pass, the more urgent go.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Q

from campaigns.models import Campaign, Shop
from triggers import local_time
from triggers.claimed import Claimed
from triggers.guards.caps import SURVEY_MARK, Caps, Limit, Message, Told
from triggers.guards.chain import GUARDS, content_with_all
from triggers.guards.guard import Guard, Setting
from triggers.guards.mailbox import DUPLICATE, Mailboxes
from triggers.models import Decision, Delivery, State
from triggers.occasions import Window, kind_of, occasions
from triggers.opening import Opening

# How soon a message that a stop button holds asks again.
_STOP_LASTS: Final = timedelta(minutes=1)
# A customer who moves to another zone or whose order's date is corrected moves the occasion a little: still the same.
_MAY_MOVE: Final = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Finding:
    """What a guard said of one delivery: not before `next_at`, or never where it is None. `value` is what it saw."""

    guard: str
    value: str = ""
    next_at: datetime | None = None


def permit_findings(deliveries: Sequence[Claimed], now: datetime, *, shop: Shop | None = None) -> dict[int, Finding]:
    """Return what speaks against sending `deliveries` at `now`, by delivery id; one that is absent may be sent.

    Call it inside the transaction that marks the permitted ones as sending, with their customers locked, and with
    the `shop` as read there. Of those that may not all be sent to one customer, the one of the higher priority is, then
    of the earlier deadline, the earlier due, the older campaign; what else is due to the customer now is counted with
    the batch, so that it does not matter which worker holds it. A few queries a campaign, none a delivery.
    """
    candidates = [*deliveries, *_rivals(deliveries, now)]
    by_campaign: dict[int, list[Claimed]] = defaultdict(list)
    for delivery in candidates:
        by_campaign[delivery.campaign_id].append(delivery)
    campaigns = (
        Campaign.objects.filter(pk__in=by_campaign)
        .select_related("moment", "gesture")
        .prefetch_related("gesture__variants", "absorbed_by")
    )
    places = {(delivery.customer.timezone, delivery.country) for delivery in candidates}
    opening = Opening(shop or Shop.get(), now, sorted(places))
    asked = {campaign.pk: _Asked(Setting(campaign, opening), by_campaign[campaign.pk]) for campaign in campaigns}
    spoken = _Spoken(candidates, opening)
    own = {delivery.pk for delivery in deliveries}
    findings: dict[int, Finding] = {}
    for delivery in sorted(candidates, key=lambda delivery: _rank(delivery, asked)):
        campaign = asked[delivery.campaign_id]
        finding = campaign.finding(delivery) or spoken.finding(delivery, campaign) or campaign.for_now(delivery)
        if finding is None:
            spoken.add(delivery, campaign)
        elif delivery.pk in own:
            findings[delivery.pk] = finding
    return findings


def _rivals(deliveries: Sequence[Claimed], now: datetime) -> list[Claimed]:
    """Return what else is due now to the customers of the batch, in the queue or in another worker's hands."""
    customers = {delivery.customer_id for delivery in deliveries}
    waiting = Delivery.objects.filter(
        ~Q(pk__among={delivery.pk for delivery in deliveries}),
        # By the occasion, whose index knows the customer.
        occasion__customer__among=customers,
        occasion__decision=Decision.DUE,
        occasion__fresh_until__gt=now,
        state__in=(State.PLANNED, State.CLAIMED),
        not_before__lte=now,
        campaign__status__in=Campaign.SENDING,
    )
    return Claimed.read(waiting)


def _rank(delivery: Claimed, asked: dict[int, "_Asked"]) -> tuple[Any, ...]:
    priority = asked[delivery.campaign_id].setting.campaign.priority
    return -priority, delivery.fresh_until, delivery.due_at, delivery.campaign_id, delivery.key


class _Asked:
    """What the guards answer for the deliveries of one campaign."""

    def __init__(self, setting: Setting, batch: Sequence[Claimed]) -> None:
        self.setting = setting
        self._still_reached = _still_reached(setting.campaign, [row for row in batch if row.fresh_until > setting.now])
        self._held = _held_by(setting, batch)
        self._limits: dict[str, list[Limit]] = {}
        self.survey = any(SURVEY_MARK in variant.body for variant in setting.campaign.gesture.variants.all())

    def finding(self, delivery: Claimed) -> Finding | None:
        """Return what speaks against it for good, or which stop button holds it."""
        setting = self.setting
        if delivery.fresh_until <= setting.now:
            return Finding("stale", delivery.fresh_until.isoformat())
        if setting.campaign.status == Campaign.Status.ENDED:
            return Finding("campaign_ended")
        if (delivery.customer_id, delivery.key) not in self._still_reached:
            return Finding("condition_gone", delivery.key)
        stop = _stop(setting, delivery.channel)
        if stop:
            return _moved(stop, "", setting.now + _STOP_LASTS, delivery)
        guard, seen = self._held.get(delivery.pk, (None, ""))
        return Finding(guard.name, seen) if guard and not guard.moves_to else None

    def for_now(self, delivery: Claimed) -> Finding | None:
        """Return which temporary guard speaks against it: asked after the caps, which make it wait longer."""
        guard, seen = self._held.get(delivery.pk, (None, ""))
        return _held(guard, seen, delivery, self.setting) if guard else None

    def limits(self, channel: str, caps: Caps) -> list[Limit]:
        """Return the caps of the campaign on a channel."""
        if channel not in self._limits:
            self._limits[channel] = caps.limits(self.setting.campaign, channel)
        return self._limits[channel]


class _Spoken:
    """What may have reached the batch's mailboxes and customers, what was found free to go so far included."""

    def __init__(self, candidates: Sequence[Claimed], opening: Opening) -> None:
        self._caps = Caps(opening.shop, opening.now)
        self._mailboxes = Mailboxes(candidates, opening.shop)
        self._told = Told(self._caps, {delivery.customer_id: delivery.customer.timezone for delivery in candidates})
        self._before: dict[int, list[str]] = defaultdict(list)
        self._times = Counter(delivery.customer_id for delivery in candidates)

    def finding(self, delivery: Claimed, asked: _Asked) -> Finding | None:
        """Return whether a cap or another profile's message to the same mailbox speaks against it."""
        if taken := self._mailboxes.taken(delivery):
            return Finding(DUPLICATE, taken)
        free = self._told.free_from(delivery.customer_id, asked.limits(delivery.channel, self._caps))
        if free is None:
            return None
        day, limit = free
        clock = asked.setting.clock(delivery.channel, delivery.customer.timezone, delivery.country)
        if day <= clock.today:
            return None
        # What went first of those due together is part of what the cap saw.
        before = "".join(f", {slug}" for slug in self._before[delivery.customer_id])
        return _moved(limit.name, f"{limit.words} → {day}{before}"[:200], clock.opening(day), delivery)

    def add(self, delivery: Claimed, asked: _Asked) -> None:
        """Count a delivery that may go; where nobody shares its mailbox, only for a customer whom more are due to."""
        self._mailboxes.add(delivery)
        if self._times[delivery.customer_id] == 1:
            return
        setting = asked.setting
        today = setting.clock(delivery.channel, delivery.customer.timezone, delivery.country).today
        purpose = setting.campaign.gesture.purpose
        self._told.add(delivery.customer_id, Message(today, delivery.channel, purpose, asked.survey))
        self._before[delivery.customer_id].append(setting.campaign.slug)


def _stop(setting: Setting, channel: str) -> str:
    """Return which stop button is pressed, '' for none."""
    if setting.shop.sending_stopped:
        return "all_stop"
    if channel in setting.shop.stopped_channels:
        return "channel_stop"
    return "" if setting.campaign.status in Campaign.SENDING else "campaign_paused"


def _held(guard: Guard, seen: str, delivery: Claimed, setting: Setting) -> Finding:
    timezone = delivery.customer.timezone
    clock = setting.clock(delivery.channel, timezone, delivery.country)
    wall = setting.now.astimezone(local_time.zone_of(timezone, setting.shop))
    return _moved(guard.name, seen or f"{wall:%Y-%m-%d %H:%M}", getattr(clock, guard.moves_to), delivery)


def _moved(guard: str, value: str, next_at: datetime, delivery: Claimed) -> Finding:
    return Finding(guard, value, next_at if next_at < delivery.fresh_until else None)


def _still_reached(campaign: Campaign, batch: Sequence[Claimed]) -> set[tuple[int, str]]:
    """Return the (customer, key) that the kind's own query still yields for the customers of the batch.

    Of fresh deliveries only, that the window does not reach back over a long pause.
    """
    if not batch:
        return set()
    window = Window(
        min(delivery.due_at for delivery in batch) - _MAY_MOVE,
        max(delivery.fresh_until for delivery in batch),
    )
    customers = {delivery.customer_id for delivery in batch}
    return {
        reached
        for part in window.parts(kind_of(campaign).longest_window)
        for reached in occasions(campaign, part, customers).values_list("customer_id", "key")
    }


def _held_by(setting: Setting, batch: Sequence[Claimed]) -> dict[int, tuple[Guard, str]]:
    """Return the first guard that is not content and what it saw, by delivery id; most have none, and no row comes
    back."""
    held: dict[int, tuple[Guard, str]] = {}
    path = "customer__"
    for channel in sorted({delivery.channel for delivery in batch}):
        ids = {delivery.pk for delivery in batch if delivery.channel == channel}
        # Which guard it was is asked of few: the statement that tells takes longer to write than this one to answer.
        unhappy = Delivery.objects.filter(~Q(content_with_all(setting, channel, path)), pk__among=ids)
        if not (found := set(unhappy.values_list("pk", flat=True))):
            continue
        content = {guard.name: guard.content(setting, channel, path) for guard in GUARDS}
        seen = {f"seen_{guard.name}": guard.seen(setting, path) for guard in GUARDS if guard.seen}
        rows = Delivery.objects.filter(pk__among=found).annotate(**content, **seen).values("pk", *content, *seen)
        for row in rows:
            # None where the reason went away between the two looks.
            guard = next((guard for guard in GUARDS if not row[guard.name]), None)
            if guard is not None:
                held[row["pk"]] = guard, row.get(f"seen_{guard.name}", "")
    return held
