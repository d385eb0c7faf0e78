"""The shop week by week, Monday to Monday: buyers, orders, revenue, and customers known when the week began."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.db.models import Count, Q, Sum
from django.db.models.functions import Coalesce, Least, TruncWeek

from analytics.facts.windows import Period, day_start
from campaigns.models import Customer, Order

WEEK: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekSales:
    """One week of the whole shop; revenue in minor units."""

    week: date
    known: int
    buyers: int
    orders: int
    revenue: int


def weekly_sales(mondays: Sequence[date], zone: ZoneInfo) -> list[WeekSales]:
    """Return the sales of consecutive weeks, the empty ones too."""
    period = Period(since=day_start(mondays[0], zone), until=day_start(mondays[-1] + WEEK, zone))
    rows: Any = (
        Order.objects.filter(period.within("placed_at"), valid=True)
        .annotate(week=TruncWeek("placed_at", tzinfo=zone))
        .values("week")
        .annotate(buyers=Count("customer", distinct=True), orders=Count("pk"), money=Sum("revenue"))
    )
    sales = {row["week"].date(): row for row in rows}
    nothing = {"buyers": 0, "orders": 0, "money": 0}
    return [
        WeekSales(week=week, known=known, buyers=row["buyers"], orders=row["orders"], revenue=int(row["money"]))
        for week, known in zip(mondays, _known(mondays, period, zone), strict=True)
        for row in (sales.get(week, nothing),)
    ]


def _known(mondays: Sequence[date], period: Period, zone: ZoneInfo) -> list[int]:
    """Return how many customers had signed up or bought before each week began."""
    # The earlier of the two; where one is missing SQLite's least is missing too, PostgreSQL's is the other.
    since = Coalesce(Least("signed_up_at", "first_order_at"), "signed_up_at", "first_order_at")
    people = Customer.objects.annotate(known_since=since)
    before = people.filter(known_since__lt=period.since).count()
    rows: Any = (
        people.filter(Q(known_since__gte=period.since, known_since__lt=period.until))
        .annotate(week=TruncWeek("known_since", tzinfo=zone))
        .values("week")
        .annotate(customers=Count("pk"))
    )
    joined = {row["week"].date(): row["customers"] for row in rows}
    return list(accumulate((joined.get(week, 0) for week in mondays[:-1]), initial=before))
