"""The whole shop in one period: share of its customers who bought, revenue a customer, baskets."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Case, Count, Exists, FloatField, Max, Min, OuterRef, Q, Sum, Value, When
from django.db.models.functions import Cast, Coalesce

from analytics.facts.windows import Period
from analytics.kernel import Counts, RatioSums, Sums
from campaigns.models import Customer, Event, Order


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodFacts:
    """What the customers known when the period began did in it; `baskets` counts all orders, new customers' too."""

    buyers: Counts
    revenue: Sums
    baskets: RatioSums


def period_facts(period: Period, *, macro_conversion: str) -> PeriodFacts:
    """Return the sums of one period, in one pass over its orders (and one over its events where they are the goal)."""
    known = Customer.objects.filter(_known(period)).count()
    row = (
        Order.objects.filter(period.within("placed_at"), valid=True)
        .values("customer_id")
        .annotate(
            orders=Count("pk"),
            money=Sum("revenue"),
            known=Max(Case(When(_known(period, "customer__"), then=Value(1)), default=Value(0))),
        )
        .aggregate(**_sums())
    )
    buyers = row["buyers"]
    if macro_conversion != "order":
        did = Event.objects.filter(period.within("occurred_at"), name=macro_conversion, customer=OuterRef("pk"))
        buyers = Customer.objects.filter(_known(period), Exists(did)).count()
    total, orders = float(row["total"]), float(row["orders_total"])
    return PeriodFacts(
        buyers=Counts(n=known, successes=buyers),
        revenue=Sums(n=known, total=float(row["known_total"]), squares=row["known_squares"]),
        baskets=RatioSums(
            n=row["customers"], x=total, y=orders, xx=row["squares"], yy=row["orders_squares"], xy=row["cross"]
        ),
    )


def data_since() -> Any:
    """Return the instant of the shop's first valid order, or None."""
    return Order.objects.filter(valid=True).aggregate(first=Min("placed_at"))["first"]


def _known(period: Period, prefix: str = "") -> Q:
    """Return the condition that a customer was known when the period began: signed up, or bought before."""
    return Q(**{f"{prefix}signed_up_at__lt": period.since}) | Q(**{f"{prefix}first_order_at__lt": period.since})


def _sums() -> dict[str, Any]:
    money, orders = Cast("money", FloatField()), Cast("orders", FloatField())
    known = Q(known=1)
    return {
        "buyers": Count("customer_id", filter=known),
        "known_total": Coalesce(Sum("money", filter=known), 0),
        "known_squares": Coalesce(Sum(money * money, filter=known), 0.0),
        "customers": Count("customer_id"),
        "total": Coalesce(Sum("money"), 0),
        "orders_total": Coalesce(Sum("orders"), 0),
        "squares": Coalesce(Sum(money * money), 0.0),
        "orders_squares": Coalesce(Sum(orders * orders), 0.0),
        "cross": Coalesce(Sum(money * orders), 0.0),
    }
