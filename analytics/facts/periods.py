"""The whole shop in a period: share of its customers who bought, revenue a customer, baskets."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Case, Count, Exists, F, FloatField, Max, Min, OuterRef, Q, Sum, Value, When
from django.db.models.functions import Cast, Coalesce

from analytics.facts.windows import Period
from analytics.kernel import Counts, RatioSums, Sums
from campaigns.models import Customer, Event, Order

_KEYS: Final = (
    "buyers",
    "known_total",
    "known_squares",
    "customers",
    "total",
    "orders_total",
    "squares",
    "orders_squares",
    "cross",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodFacts:
    """What the customers known when the period began did in it; `baskets` counts all orders, new customers' too."""

    buyers: Counts
    revenue: Sums
    baskets: RatioSums


def period_facts(periods: Mapping[str, Period], *, macro_conversion: str) -> dict[str, PeriodFacts]:
    """Return the sums of neighbouring periods by name, in one pass over their orders.

    A second pass goes over their events where these are the goal.
    """
    whole = Period(
        since=min(period.since for period in periods.values()), until=max(period.until for period in periods.values())
    )
    known = Customer.objects.aggregate(**{name: Count("pk", filter=_known(p)) for name, p in periods.items()})
    customers = Order.objects.filter(whole.within("placed_at"), valid=True).values("customer_id")
    row = customers.annotate(**_by_customer(periods)).aggregate(**_sums(periods))
    if macro_conversion != "order":
        row |= {f"{name}_buyers": event_buyers(period, macro_conversion) for name, period in periods.items()}
    return {name: _facts(known[name], {key: row[f"{name}_{key}"] for key in _KEYS}) for name in periods}


def _by_customer(periods: Mapping[str, Period]) -> dict[str, Any]:
    """Return the first level: a customer's orders and money of each period, and whether they were known before it."""
    annotations: dict[str, Any] = {}
    for name, period in periods.items():
        inside = period.within("placed_at")
        annotations[f"{name}_orders"] = Count("pk", filter=inside)
        annotations[f"{name}_money"] = Coalesce(Sum(Cast("revenue", FloatField()), filter=inside), 0.0)
        annotations[f"{name}_known"] = Max(Case(When(_known(period, "customer__"), then=Value(1)), default=Value(0)))
    return annotations


def _sums(periods: Mapping[str, Period]) -> dict[str, Any]:
    """Return the second level: sums over customers, squares as floats, which cannot overflow."""
    sums: dict[str, Any] = {}
    for name in periods:
        money, orders = F(f"{name}_money"), Cast(f"{name}_orders", FloatField())
        bought, known = Q(**{f"{name}_orders__gt": 0}), Q(**{f"{name}_known": 1})
        told = {
            "buyers": Count("customer_id", filter=bought & known),
            "known_total": Coalesce(Sum(money, filter=known), 0.0),
            "known_squares": Coalesce(Sum(money * money, filter=known), 0.0),
            "customers": Count("customer_id", filter=bought),
            "total": Coalesce(Sum(money), 0.0),
            "orders_total": Coalesce(Sum(orders), 0.0),
            "squares": Coalesce(Sum(money * money), 0.0),
            "orders_squares": Coalesce(Sum(orders * orders), 0.0),
            "cross": Coalesce(Sum(money * orders), 0.0),
        }
        sums |= {f"{name}_{key}": total for key, total in told.items()}
    return sums


def event_buyers(period: Period, event: str) -> int:
    """Return how many customers known when the period began did `event` in it."""
    did = Event.objects.filter(period.within("occurred_at"), name=event, customer=OuterRef("pk"))
    return Customer.objects.filter(_known(period), Exists(did)).count()


def _facts(known: int, row: dict[str, Any]) -> PeriodFacts:
    return PeriodFacts(
        buyers=Counts(n=known, successes=row["buyers"]),
        revenue=Sums(n=known, total=row["known_total"], squares=row["known_squares"]),
        baskets=RatioSums(
            n=row["customers"],
            x=row["total"],
            y=row["orders_total"],
            xx=row["squares"],
            yy=row["orders_squares"],
            xy=row["cross"],
        ),
    )


def known_customers(period: Period) -> int:
    """Return how many customers were known when the period began."""
    return Customer.objects.filter(_known(period)).count()


def orders_by_customer(period: Period) -> Any:
    """Return (known when it began: 0 or 1, orders, money in minor units) of each customer who ordered in the period."""
    names = [f"period_{key}" for key in ("known", "orders", "money")]
    rows = Order.objects.filter(period.within("placed_at"), valid=True).values("customer_id")
    return rows.annotate(**_by_customer({"period": period})).values_list(*names)


def data_since() -> Any:
    """Return the instant of the shop's first valid order, or None."""
    return Order.objects.filter(valid=True).aggregate(first=Min("placed_at"))["first"]


def _known(period: Period, prefix: str = "") -> Q:
    """Return the condition that a customer was known when the period began: signed up, or bought before."""
    return Q(**{f"{prefix}signed_up_at__lt": period.since}) | Q(**{f"{prefix}first_order_at__lt": period.since})
