"""The rows behind a before/after, without personal data: customers of a period by orders and money."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from analytics.facts.answers import SURVEY
from analytics.facts.periods import event_buyers, known_customers, orders_by_customer
from analytics.facts.windows import Period
from campaigns.models import Answer

type Row = dict[str, Any]


def shop_rows(periods: Mapping[str, Period], *, macro_conversion: str) -> Iterator[Row]:
    """Yield, a period, the number of customers by orders and revenue, and of latest answers by score.

    Revenue is in minor units. Who was known and ordered nothing stands in the row of no orders. Where the goal is an
    event, one more row tells how many of the known did it.
    """
    for name, period in periods.items():
        kinds = Counter(
            (known, orders, round(money))
            for known, orders, money in orders_by_customer(period).iterator(chunk_size=5000)
        )
        idle = known_customers(period) - sum(count for (known, _orders, _money), count in kinds.items() if known)
        kinds[1, 0, 0] += idle
        for (known, orders, money), count in sorted(kinds.items()):
            row = {"period": name, "what": "customers", "known": known, "orders": orders, "revenue": money}
            yield row | {"count": count}
        if macro_conversion != "order":
            did = event_buyers(period, macro_conversion)
            yield {"period": name, "what": "goal", "known": 1, "count": did}
        for score, count in _scores(period):
            yield {"period": name, "what": "answers", "score": score, "count": count}


def _scores(period: Period) -> list[tuple[int, int]]:
    """Return how many customers' latest answer in the period was each score."""
    latest = (
        Answer.objects.filter(period.within("answered_at"), survey=SURVEY)
        .order_by("customer_id", "answered_at", "pk")
        .values_list("customer_id", "score")
    )
    by_customer = dict(latest.iterator(chunk_size=5000))
    return sorted(Counter(by_customer.values()).items())
