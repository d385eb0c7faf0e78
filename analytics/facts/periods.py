"""The whole shop in a period: share of its customers who bought, revenue a customer, baskets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from django.db.models import Case, Count, FloatField, Max, Min, Q, QuerySet, Sum, Value, When
from django.db.models.functions import Cast

from analytics.facts.dialect import rows
from analytics.facts.windows import Period
from analytics.kernel import Counts, RatioSums, Sums
from campaigns.models import Customer, Event, Order

# A customer's orders first: who was known is then asked once a customer, not once an order, and of those who were not,
# who are few. PostgreSQL sums two periods side by side.
_SUMS: Final = """
SELECT {part}, known, COUNT(*), SUM(money), SUM(money * money), SUM(orders), SUM(orders * orders), SUM(money * orders)
FROM (
    SELECT bought.money, CAST(bought.orders AS DOUBLE PRECISION) AS orders,
        CASE WHEN unknown.id IS NULL THEN 1 ELSE 0 END AS known
    FROM ({bought}) bought LEFT JOIN ({unknown}) unknown ON unknown.id = bought.customer_id
) told
GROUP BY known
"""
# As floats, which cannot overflow, and which PostgreSQL sums faster than its decimals.
_MONEY: Final = Sum(Cast("revenue", FloatField()))


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodFacts:
    """What the customers known when the period began did in it; `baskets` counts all orders, new customers' too."""

    buyers: Counts
    revenue: Sums
    baskets: RatioSums


def period_facts(periods: Mapping[str, Period], *, macro_conversion: str) -> dict[str, PeriodFacts]:
    """Return the sums of the periods by name, in one statement over their orders.

    A second pass goes over their events where these are the goal.
    """
    known = Customer.objects.aggregate(**{name: Count("pk", filter=_known(p)) for name, p in periods.items()})
    sums = _order_sums(list(periods.values()))
    facts = {name: _facts(known[name], told) for name, told in zip(periods, sums, strict=True)}
    if macro_conversion == "order":
        return facts
    return {
        name: replace(found, buyers=Counts(n=known[name], successes=event_buyers(periods[name], macro_conversion)))
        for name, found in facts.items()
    }


def _order_sums(periods: Sequence[Period]) -> list[dict[int, tuple[float, ...]]]:
    """Return, a period, {known (0 or 1): (customers, money, its squares, orders, their squares, money × orders)}."""
    statements, values = [], []
    for part, period in enumerate(periods):
        orders = Order.objects.filter(period.within("placed_at"), valid=True).values("customer_id")
        bought, bought_values = orders.annotate(orders=Count("pk"), money=_MONEY).query.sql_with_params()
        unknown, unknown_values = _unknown(period).query.sql_with_params()
        statements.append(_SUMS.format(part=part, bought=bought, unknown=unknown))
        values += [*bought_values, *unknown_values]
    sums: list[dict[int, tuple[float, ...]]] = [{} for _period in periods]
    for part, known, *told in rows(" UNION ALL ".join(statements), values):
        sums[part][known] = tuple(told)
    return sums


def event_buyers(period: Period, event: str) -> int:
    """Return how many customers known when the period began did `event` in it."""
    did = Event.objects.filter(period.within("occurred_at"), name=event, customer__isnull=False)
    return did.exclude(customer__in=_unknown(period)).values("customer").distinct().count()


def _facts(known: int, rows: dict[int, tuple[float, ...]]) -> PeriodFacts:
    nobody = (0, 0.0, 0.0, 0.0, 0.0, 0.0)
    buyers, total, squares, *_orders = rows.get(1, nobody)
    n, x, xx, y, yy, xy = (sum(column) for column in zip(rows.get(0, nobody), rows.get(1, nobody), strict=True))
    return PeriodFacts(
        buyers=Counts(n=known, successes=int(buyers)),
        revenue=Sums(n=known, total=total, squares=squares),
        baskets=RatioSums(n=int(n), x=x, y=y, xx=xx, yy=yy, xy=xy),
    )


def known_customers(period: Period) -> int:
    """Return how many customers were known when the period began."""
    return Customer.objects.filter(_known(period)).count()


def orders_by_customer(period: Period) -> Any:
    """Return (known when it began: 0 or 1, orders, money in minor units) of each customer who ordered in the period."""
    rows = Order.objects.filter(period.within("placed_at"), valid=True).values("customer_id")
    known = Max(Case(When(_known(period, "customer__"), then=Value(1)), default=Value(0)))
    return rows.annotate(known=known, orders=Count("pk"), money=_MONEY).values_list("known", "orders", "money")


def data_since() -> Any:
    """Return the instant of the shop's first valid order, or None."""
    return Order.objects.filter(valid=True).aggregate(first=Min("placed_at"))["first"]


def _unknown(period: Period) -> QuerySet[Customer, Any]:
    """Return the ids of the customers who were not known when the period began."""
    return Customer.objects.exclude(_known(period)).values("id")


def _known(period: Period, prefix: str = "") -> Q:
    """Return the condition that a customer was known when the period began: signed up, or bought before."""
    return Q(**{f"{prefix}signed_up_at__lt": period.since}) | Q(**{f"{prefix}first_order_at__lt": period.since})
