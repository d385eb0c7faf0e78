"""What else happened around a change of the shop: visitors, discounts, campaigns, one customer who bought it all."""

from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, Sum

from analytics.facts.windows import Period
from analytics.kernel import Counts
from campaigns.models import Campaign, Event, Order


def visitors(period: Period) -> Counts:
    """Return the people (not sessions) who did anything in `period`, and how many of them ordered in it.

    A person is a customer, or an anonymous id that no customer is known for. Nobody at all means that the shop sends
    no events.
    """
    seen = Event.objects.filter(period.within("occurred_at"))
    ordered = Order.objects.filter(period.within("placed_at"), valid=True, customer=OuterRef("customer"))
    row: Any = seen.aggregate(
        customers=Count("customer", distinct=True),
        strangers=Count("anonymous_id", distinct=True, filter=Q(customer=None) & ~Q(anonymous_id="")),
    )
    buyers = seen.filter(Exists(ordered)).values("customer").distinct().count()
    return Counts(n=row["customers"] + row["strangers"], successes=buyers)


def discounted(period: Period) -> Counts:
    """Return the valid orders of `period`, and how many of them had a discount."""
    row: Any = Order.objects.filter(period.within("placed_at"), valid=True).aggregate(
        orders=Count("pk"), cheaper=Count("pk", filter=Q(discount__gt=0))
    )
    return Counts(n=row["orders"], successes=row["cheaper"])


def largest_share(period: Period) -> float:
    """Return the share of the revenue of `period` that one customer alone brought, 0 where there was none."""
    orders = Order.objects.filter(period.within("placed_at"), valid=True)
    most = (
        orders.values("customer").annotate(money=Sum("revenue")).order_by("-money").values_list("money", flat=True)[:1]
    )
    total = orders.aggregate(money=Sum("revenue"))["money"]
    return float(next(iter(most), 0)) / float(total) if total else 0.0


def launched_in(period: Period) -> list[str]:
    """Return the names of the campaigns that began in `period`."""
    return list(
        Campaign.objects.filter(period.within("launched_at")).order_by("launched_at").values_list("name", flat=True)
    )
