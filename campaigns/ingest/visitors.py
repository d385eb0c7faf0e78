"""Anonymous visitors become customers: an event that names both an anonymous id and a customer joins the two.

What the visitor did before belongs to the customer from then on, and so does what still comes under that id alone. An
id under which several customers signed in (a shared device) joins nothing more: no one is told of another's cart.
"""

from collections.abc import Collection, Iterable
from datetime import datetime

from django.db.models import OuterRef, Subquery

from campaigns.ingest.rows import insert_new
from campaigns.models import Event, Visitor


def join_visitors(signed_in: Iterable[tuple[str, int]], seen: Collection[str], now: datetime) -> set[int]:
    """Join the anonymous ids `seen` in new events to their customers; return the customers who gained events.

    `signed_in` holds (anonymous id, customer's database id) of the events that named both.
    """
    if not seen:
        return set()
    _learn(set(signed_in), now)
    owners = Visitor.objects.filter(anonymous_id=OuterRef("anonymous_id"), customer__isnull=False)
    known = dict(
        Visitor.objects.filter(anonymous_id__among=seen, customer__isnull=False).values_list("anonymous_id", "customer")
    )
    strangers = Event.objects.filter(customer__isnull=True, anonymous_id__among=known)
    gained = set(strangers.values_list("anonymous_id", flat=True).distinct()) if known else set()
    if gained:
        Event.objects.filter(customer__isnull=True, anonymous_id__among=gained).update(
            customer=Subquery(owners.values("customer")[:1])
        )
    return {known[anonymous_id] for anonymous_id in gained}


def _learn(pairs: set[tuple[str, int]], now: datetime) -> None:
    """Keep whose the ids are; one that several customers used is nobody's."""
    owners: dict[str, set[int]] = {}
    for anonymous_id, customer in pairs:
        owners.setdefault(anonymous_id, set()).add(customer)
    rows = [
        {
            "anonymous_id": anonymous_id,
            "customer_id": next(iter(customers)) if len(customers) == 1 else None,
            "known_since": now,
        }
        for anonymous_id, customers in sorted(owners.items())
    ]
    new = {anonymous_id for (anonymous_id,) in insert_new(Visitor, rows, key=("anonymous_id",))}
    old = {anonymous_id: customers for anonymous_id, customers in owners.items() if anonymous_id not in new}
    shared = [
        visitor.pk
        for visitor in Visitor.objects.filter(anonymous_id__among=old, customer__isnull=False)
        if old[visitor.anonymous_id] != {visitor.customer_id}
    ]
    Visitor.objects.filter(pk__in=shared).update(customer=None)
