"""The shop month by month: valid orders, their revenue, and customers who bought."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, Sum
from django.db.models.functions import TruncMonth

from analytics.facts.windows import Period
from campaigns.models import Order


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthSales:
    """One civil month of the shop; revenue in minor units."""

    month: date
    orders: int
    revenue: int
    customers: int


def monthly_sales(period: Period, zone: ZoneInfo) -> list[MonthSales]:
    """Return the months of `period` with sales, in their order; a month cut by its ends counts what lies inside."""
    rows: Any = (
        Order.objects.filter(period.within("placed_at"), valid=True)
        .annotate(month=TruncMonth("placed_at", tzinfo=zone))
        .values("month")
        .annotate(orders=Count("pk"), money=Sum("revenue"), customers=Count("customer", distinct=True))
        .order_by("month")
    )
    return [
        MonthSales(
            month=row["month"].date(), orders=row["orders"], revenue=int(row["money"]), customers=row["customers"]
        )
        for row in rows
    ]
