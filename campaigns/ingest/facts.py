"""Events, answers and products: facts stored once, and the articles that a gesture can show."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from campaigns.answers import DETRACTOR, follow_up
from campaigns.ingest.customers import customer_ids, known_ids
from campaigns.ingest.event_rows import insert_joined
from campaigns.ingest.faults import Refused, fault
from campaigns.ingest.items import AnswerItem, EventItem, ProductItem
from campaigns.ingest.quick_events import QuickEvent
from campaigns.ingest.rows import fast, insert_new, upsert
from campaigns.ingest.stored import Outcome, Raced, Stored
from campaigns.ingest.visitors import join_visitors
from campaigns.models import Answer, Event, Product


def store_events(items: Sequence[EventItem | QuickEvent], now: datetime) -> Stored:
    """Store events with different ids; an id that is stored with other facts is refused."""
    new = insert_joined(items, now) if fast() else {}
    # What is left is stored already, or names a customer who is not.
    left = [item for item in items if item.id not in new] if new else items
    rest = _store_once(Event, left, ("anonymous_id", "name", "occurred_at", "properties"), now) if left else Stored([])
    told = iter(rest.outcomes)
    outcomes: list[Outcome] = ["created" if item.id in new else next(told) for item in items]
    touched = rest.touched | {customer for customer in new.values() if customer is not None}
    joined = _joined(items, outcomes, now)
    return Stored(outcomes, touched | joined, reaches_back=bool(joined))


def _joined(items: Sequence[EventItem | QuickEvent], outcomes: Sequence[Outcome], now: datetime) -> set[int]:
    """Join the visitors of the new events to their customers; return the customers who gained events."""
    told = zip(items, outcomes, strict=True)
    named = [item for item, outcome in told if outcome == "created" and item.anonymous_id]
    if not named:
        return set()
    customers = known_ids({item.customer for item in named if item.customer is not None})
    signed_in = [(item.anonymous_id, customers[item.customer]) for item in named if item.customer is not None]
    return join_visitors(signed_in, {item.anonymous_id for item in named}, now)


def store_answers(items: Sequence[AnswerItem], now: datetime) -> Stored:
    """Store answers with different ids; an id that is stored with other facts is refused."""
    stored = _store_once(Answer, items, ("survey", "score", "comment", "answered_at"), now)
    told = zip(items, stored.outcomes, strict=True)
    unhappy = [item.id for item, outcome in told if outcome == "created" and item.score <= DETRACTOR]
    if unhappy:
        follow_up(unhappy, now)
    return stored


def _store_once(
    model: type[Event] | type[Answer],
    items: Sequence[EventItem | QuickEvent | AnswerItem],
    fields: tuple[str, ...],
    now: datetime,
) -> Stored:
    outcomes: list[Outcome | None] = [None] * len(items)
    wanted = {item.customer for item in items if item.customer is not None}
    customers = known_ids(wanted)
    if len(customers) < len(wanted):
        _refuse_known_of_strangers(model, items, customers, outcomes)
        kept = (item.customer for item, outcome in zip(items, outcomes, strict=True) if outcome is None)
        customers = customer_ids({customer for customer in kept if customer is not None}, now)
    rows = {
        index: {
            "external_id": item.id,
            "customer_id": customers[item.customer] if item.customer is not None else None,
            "recorded_at": now,
        }
        | {name: getattr(item, name) for name in fields}
        for index, item in enumerate(items)
        if outcomes[index] is None
    }
    new = {external_id for (external_id,) in insert_new(model, list(rows.values()), key=("external_id",))}
    old = [row["external_id"] for row in rows.values() if row["external_id"] not in new]
    manager = model._default_manager
    stored: dict[str, dict[str, Any]] = (
        {row["external_id"]: dict(row) for row in manager.filter(external_id__among=old).values()} if old else {}
    )
    for index, row in rows.items():
        before = stored.get(row["external_id"])
        outcomes[index] = _same_or_refused(row, before) if before else "created"
    touched = {rows[index]["customer_id"] for index, outcome in enumerate(outcomes) if outcome == "created"}
    return Stored([outcome for outcome in outcomes if outcome is not None], touched - {None})


def _refuse_known_of_strangers(
    model: type[Event] | type[Answer],
    items: Sequence[EventItem | QuickEvent | AnswerItem],
    customers: dict[str, int],
    outcomes: list[Outcome | None],
) -> None:
    """Refuse facts that are stored with one customer and now name one who is unknown, lest a refused fact make them."""
    strange = {item.id for item in items if item.customer is not None and item.customer not in customers}
    stored = set(model._default_manager.filter(external_id__among=strange).values_list("external_id", flat=True))
    for index, item in enumerate(items):
        if item.id in stored and item.id in strange:
            outcomes[index] = _conflict(["customer_id"])


def _same_or_refused(row: dict[str, Any], stored: dict[str, Any]) -> Outcome:
    different = [name for name in row if name != "recorded_at" and row[name] != stored[name]]
    if row["customer_id"] is None and different == ["customer_id"]:
        # The visitor has signed in since.
        return "unchanged"
    return _conflict(different) if different else "unchanged"


def _conflict(fields: list[str]) -> Refused:
    told = ", ".join("customer" if name == "customer_id" else name for name in fields)
    message = _("is stored already with a different %(fields)s; a new fact needs a new id") % {"fields": told}
    return Refused(fault("id", message), conflict=True)


def store_products(items: Sequence[ProductItem], now: datetime) -> Stored:  # noqa: ARG001 - every store has this form
    """Store products with different SKUs."""
    fields = ("names", "url", "image_url", "category", "stock")
    known = {row.sku: row for row in Product.objects.filter(sku__among={item.id for item in items})}
    outcomes: list[Outcome] = []
    rows = []
    for item in items:
        old = known.get(item.id)
        row = {name: getattr(item, name) for name in fields}
        if old and all(getattr(old, name) == value for name, value in row.items()):
            outcomes.append("unchanged")
            continue
        outcomes.append("updated" if old else "created")
        rows.append({"sku": item.id} | row)
    rows.sort(key=lambda row: str(row["sku"]))
    if len(upsert(Product, rows, key="sku", update=fields)) != outcomes.count("created"):
        raise Raced
    return Stored(outcomes)
