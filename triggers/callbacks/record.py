"""What a provider said, kept once, and its consequences: states move forward, addresses close, consents end."""

import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import Count, Q
from django.utils import timezone

from campaigns.address import address_key
from campaigns.consent import record_consents, refuse, suppress_all
from campaigns.ingest.rows import insert_new
from campaigns.models import ChannelName, Suppression
from campaigns.pauses import PauseReason
from triggers.auto_pause import watch
from triggers.callbacks.words import SOFT_KINDS, Word
from triggers.models import Attempt, Delivery, DeliveryEvent, Outcome, State

# A word moves a delivery only from an earlier state, so that doubles and disorder end the same: the furthest wins.
_EARLIER: Final[dict[State, tuple[State, ...]]] = {
    State.ACCEPTED: (State.SENDING, State.UNKNOWN, State.UNCONFIRMED),
    State.DELIVERED: (State.SENDING, State.UNKNOWN, State.UNCONFIRMED, State.ACCEPTED),
    State.FAILED: (State.SENDING, State.UNKNOWN, State.UNCONFIRMED, State.ACCEPTED, State.DELIVERED),
    State.BOUNCED: (State.SENDING, State.UNKNOWN, State.UNCONFIRMED, State.ACCEPTED, State.DELIVERED, State.FAILED),
}
_FURTHEST: Final = list(_EARLIER)
_SPEAK_AGAINST: Final = {
    Suppression.Reason.COMPLAINED: PauseReason.COMPLAINTS,
    Suppression.Reason.BOUNCED: PauseReason.BOUNCES,
}
SOFT_LIMIT: Final = 3
SOFT_DAYS: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Report:
    """One word of a provider about one message. `attempt_id` is what we gave it to carry, in hexadecimal; `address`
    is the recipient's, for a word about a message that was not ours."""

    provider: str
    channel: ChannelName
    event_id: str
    word: Word
    occurred_at: datetime
    attempt_id: str = ""
    provider_id: str = ""
    address: str = ""
    code: str = ""
    payload: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class _About:
    """The message that a report is about."""

    attempt_id: uuid.UUID
    delivery_id: int
    customer_id: int
    campaign_id: int
    address_key: str


def record(reports: Sequence[Report], now: datetime) -> int:
    """Store the `reports` (of one provider) that are new and act on them, in one transaction; return how many.

    A word about a message that we did not send is kept only where a person says no: that holds for us as well.
    """
    reports = list({report.event_id: report for report in reversed(reports)}.values())
    # In one order: two batches about the same messages wait for each other instead of locking each other out.
    reports.sort(key=lambda report: report.event_id)
    with transaction.atomic():
        messages = _messages(reports)
        _lock({about.delivery_id for about in messages.values()})
        ours = [report for report in reports if report.event_id in messages or report.word.refusal]
        new = {event_id for _provider, event_id in _store(ours, messages, now)}
        fresh = [report for report in ours if report.event_id in new]
        _confirm_attempts(fresh, messages)
        _move_deliveries(fresh, messages)
        _close_addresses(fresh, messages, now)
        _close_soft(fresh, messages, now)
        _watch(fresh, messages, now)
    return len(fresh)


def _messages(reports: Sequence[Report]) -> dict[str, _About]:
    """Return the message of each report that has one, by event id: by our own attempt id, else by the provider's."""
    ids = {report.event_id: found for report in reports if (found := _uuid(report.attempt_id)) is not None}
    provider_ids = {report.provider_id for report in reports if report.event_id not in ids} - {""}
    rows = Attempt.objects.filter(Q(pk__in=set(ids.values())) | Q(provider_id__in=provider_ids)).values_list(
        "pk", "provider_id", "delivery_id", "delivery__customer_id", "delivery__campaign_id", "delivery__address_key"
    )
    by_id: dict[Any, _About] = {}
    for pk, provider_id, delivery_id, customer_id, campaign_id, key in rows:
        by_id[pk] = _About(pk, delivery_id, customer_id, campaign_id, key)
        if provider_id:
            by_id.setdefault(provider_id, by_id[pk])
    names = {report.event_id: ids.get(report.event_id) or report.provider_id for report in reports}
    return {event_id: by_id[name] for event_id, name in names.items() if name in by_id}


def _lock(delivery_ids: set[int]) -> None:
    rows = Delivery.objects.filter(pk__in=delivery_ids).order_by("pk").select_for_update(no_key=True)
    list(rows.values_list("pk"))


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def _store(reports: Sequence[Report], messages: dict[str, _About], now: datetime) -> set[tuple[Any, ...]]:
    rows = [
        {
            "provider": report.provider,
            "event_id": report.event_id,
            "attempt_id": messages[report.event_id].attempt_id if report.event_id in messages else None,
            "kind": report.word.kind,
            "code": report.code[:40],
            "payload": report.payload or {},
            "occurred_at": report.occurred_at,
            "recorded_at": now,
        }
        for report in reports
    ]
    return insert_new(DeliveryEvent, rows, key=("provider", "event_id"))


def _confirm_attempts(reports: Sequence[Report], messages: dict[str, _About]) -> None:
    """Where we do not know what came of a call, the provider's word proves that it was accepted."""
    proved = {
        messages[report.event_id].attempt_id: report.provider_id
        for report in reports
        if report.event_id in messages and report.word.state is not None
    }
    open_ones = list(Attempt.objects.filter(pk__in=proved, outcome__in=(Outcome.PENDING, Outcome.UNKNOWN)))
    for attempt in open_ones:
        attempt.outcome = Outcome.ACCEPTED
        attempt.provider_id = attempt.provider_id or proved[attempt.pk]
        attempt.finished_at = timezone.now()
    Attempt.objects.bulk_update(open_ones, ["outcome", "provider_id", "finished_at"])


def _move_deliveries(reports: Sequence[Report], messages: dict[str, _About]) -> None:
    furthest: dict[int, State] = {}
    for report in reports:
        state, about = report.word.state, messages.get(report.event_id)
        if about is not None and state is not None:
            known = furthest.get(about.delivery_id, state)
            furthest[about.delivery_id] = max(known, state, key=_FURTHEST.index)
    moved: dict[State, list[int]] = defaultdict(list)
    for delivery_id, state in furthest.items():
        moved[state].append(delivery_id)
    for state, delivery_ids in moved.items():
        Delivery.objects.filter(pk__in=delivery_ids, state__in=_EARLIER[state]).update(state=state, lease_until=None)


def _close_addresses(reports: Sequence[Report], messages: dict[str, _About], now: datetime) -> None:
    bounced: dict[ChannelName, dict[str, str]] = defaultdict(dict)
    for report in reports:
        word, about = report.word, messages.get(report.event_id)
        key = about.address_key if about is not None else address_key(report.address)
        if word.closes is None:
            continue
        if not word.refusal:
            bounced[report.channel][key] = word.closes
            continue
        said_at = min(report.occurred_at, now)
        if about is not None:
            # Their own word, even if they have changed their address since.
            record_consents(
                [about.customer_id], report.channel, False, source=report.provider, given_at=said_at, now=now
            )
        if key:
            refuse(report.channel, key, word.closes, source=report.provider, given_at=said_at, now=now)
    for channel, reasons in bounced.items():
        suppress_all(channel, reasons, now)


def _close_soft(reports: Sequence[Report], messages: dict[str, _About], now: datetime) -> None:
    """Close the addresses of which several messages in a month never arrived; one that was late and came is well."""
    touched = [report for report in reports if report.word.soft and report.event_id in messages]
    if not touched:
        return
    about = [messages[report.event_id] for report in touched]
    tired = (
        DeliveryEvent.objects.filter(
            kind__in=SOFT_KINDS,
            occurred_at__gt=now - SOFT_DAYS,
            attempt__delivery__customer__in={one.customer_id for one in about},
            attempt__delivery__address_key__in={one.address_key for one in about} - {""},
            attempt__delivery__channel=touched[0].channel,
        )
        .exclude(attempt__delivery__state=State.DELIVERED)
        .values_list("attempt__delivery__address_key")
        .annotate(messages=Count("attempt", distinct=True))
        .filter(messages__gte=SOFT_LIMIT)
    )
    suppress_all(touched[0].channel, {key: Suppression.Reason.BOUNCED for key, _count in tired}, now)


def _watch(reports: Sequence[Report], messages: dict[str, _About], now: datetime) -> None:
    """Ask whether complaints and bounces speak against their campaigns: the next permit must know."""
    harmful = (report for report in reports if report.word.closes in _SPEAK_AGAINST and report.event_id in messages)
    campaigns = {messages[report.event_id].campaign_id for report in harmful}
    if campaigns:
        watch(now, campaigns, *_SPEAK_AGAINST.values())
