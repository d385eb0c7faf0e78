"""All that happened with one customer, facts and gestures together, the newest first, a page at a time."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db.models import Q, QuerySet

from campaigns.models import Answer, Consent, Customer, CustomerChange, Event, Order, Shop, TierReach
from campaigns.models.fields import major_units
from triggers.models import Attempt, Occasion

Shape = Callable[[Any], dict[str, Any]]
# When, which source (its rank below) and which row: what a page ends with.
Place = tuple[datetime, int, str]


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened: its kind, when, what the API tells of it, and its place among all others."""

    kind: str
    at: datetime
    told: dict[str, Any]
    place: Place


@dataclass(frozen=True, slots=True)
class _Source:
    kind: str
    rows: Callable[[Customer], QuerySet[Any]]
    dated: str
    shape: Shape


def _order(order: Order) -> dict[str, Any]:
    total = major_units(order.total, Shop.get().currency)
    return {"id": order.external_id, "status": order.status, "total": str(total), "counts": order.valid}


def _gesture(occasion: Occasion) -> dict[str, Any]:
    return {
        "campaign": occasion.campaign.slug,
        "key": occasion.key,
        "decision": occasion.decision,
        "reason": occasion.reason,
        "due_at": occasion.due_at.isoformat(),
        "planned_for": occasion.slot_at.isoformat(),
    }


def _message(attempt: Attempt) -> dict[str, Any]:
    return {
        "campaign": attempt.delivery.campaign.slug,
        "channel": attempt.delivery.channel,
        "state": attempt.delivery.state,
        "subject": attempt.subject,
        "text": attempt.text,
    }


SOURCES: Final = (
    _Source("order", lambda own: Order.objects.filter(customer=own), "placed_at", _order),
    _Source(
        "event",
        lambda own: Event.objects.filter(customer=own),
        "occurred_at",
        lambda event: {"id": event.external_id, "name": event.name, "properties": event.properties},
    ),
    _Source(
        "answer",
        lambda own: Answer.objects.filter(customer=own),
        "answered_at",
        lambda row: {"id": row.external_id, "survey": row.survey, "score": row.score, "comment": row.comment},
    ),
    _Source(
        "consent",
        lambda own: Consent.objects.filter(customer=own),
        "given_at",
        lambda row: {"channel": row.channel, "granted": row.granted, "source": row.source},
    ),
    _Source(
        "tier",
        lambda own: TierReach.objects.filter(customer=own).select_related("tier"),
        "reached_at",
        lambda row: {"tier": row.tier.slug},
    ),
    _Source(
        "change",
        lambda own: CustomerChange.objects.filter(customer=own),
        "changed_at",
        lambda row: {"field": row.field, "before": row.old, "after": row.new},
    ),
    _Source(
        "gesture", lambda own: Occasion.objects.filter(customer=own).select_related("campaign"), "decided_at", _gesture
    ),
    _Source(
        "message",
        lambda own: Attempt.objects.filter(delivery__customer=own).select_related("delivery__campaign"),
        "business_at",
        _message,
    ),
)


def place_of(at: str, rank: int, pk: str) -> Place:
    """Return a place that was written down; raises ValueError or TypeError for what never was one."""
    instant = datetime.fromisoformat(at)
    if instant.tzinfo is None or not 0 <= rank < len(SOURCES):
        raise ValueError("no place of a timeline")
    if SOURCES[rank].kind == "message":
        return instant, rank, str(UUID(pk))
    return instant, rank, str(min(int(pk), 2**62))


def timeline(customer: Customer, *, limit: int, before: Place | None = None) -> list[Entry]:
    """Return up to `limit` entries, the newest first, of those that come after the place `before` in that order."""
    entries = [
        entry for rank, source in enumerate(SOURCES) for entry in _entries(rank, source, customer, limit, before)
    ]
    return sorted(entries, key=lambda entry: entry.place[:2], reverse=True)[:limit]


def _entries(rank: int, source: _Source, customer: Customer, limit: int, before: Place | None) -> list[Entry]:
    rows = source.rows(customer).order_by(f"-{source.dated}", "-pk")
    if before is not None:
        at, last_rank, last_pk = before
        wanted = Q(**{f"{source.dated}__lt": at})
        if rank < last_rank:
            wanted |= Q(**{source.dated: at})
        elif rank == last_rank:
            wanted |= Q(**{source.dated: at}, pk__lt=last_pk)
        rows = rows.filter(wanted)
    return [
        Entry(
            source.kind, getattr(row, source.dated), source.shape(row), (getattr(row, source.dated), rank, str(row.pk))
        )
        for row in rows[:limit]
    ]
