"""The orders of a campaign's contacts joined to their anchors in one statement, summed a contact and then an arm.

The join is written out, as Django would reach orders only by way of the customers' table, which nothing here reads.
"""

from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import Case, FloatField, Value, When
from django.db.models.functions import Cast

from analytics.facts.contacts import contacts, long_before, mature_before
from analytics.facts.windows import Period, civil_shift, shifted
from campaigns.models import Campaign, Order
from triggers.occasions.kind import later

# The covariate: what a contact bought in the twelve weeks before.
EARLIER_DAYS: Final = 84

_SUMS: Final = """
WITH spender AS MATERIALIZED (
    SELECT contact.decision, contact.grown,
        CAST(COUNT(CASE WHEN bought.placed_at >= contact.slot_at AND bought.placed_at < contact.window_end
            THEN 1 END) AS DOUBLE PRECISION) AS orders,
        SUM(CASE WHEN bought.placed_at >= contact.slot_at AND bought.placed_at < contact.window_end
            THEN bought.money ELSE 0 END) AS revenue,
        SUM(CASE WHEN bought.placed_at >= contact.earlier_start AND bought.placed_at < contact.slot_at
            THEN bought.money ELSE 0 END) AS earlier,
        CAST(COUNT(CASE WHEN bought.placed_at >= contact.long_start AND bought.placed_at < contact.slot_at
            THEN 1 END) AS DOUBLE PRECISION) AS before,
        COUNT(CASE WHEN bought.placed_at >= contact.slot_at AND bought.placed_at < contact.long_end
            THEN 1 END) AS later
        {weekly_money}
    FROM ({contacts}) contact
    JOIN ({orders}) bought ON bought.customer_id = contact.customer_id
        AND bought.placed_at >= contact.{begin} AND bought.placed_at < contact.{end}
    GROUP BY contact.id, contact.decision, contact.grown
), cap AS (
    SELECT revenue AS most FROM spender WHERE revenue > 0
    ORDER BY revenue DESC LIMIT 1 OFFSET (SELECT (COUNT(*) + 99) / 100 FROM spender WHERE revenue > 0)
)
SELECT decision, grown, COUNT(CASE WHEN orders > 0 THEN 1 END), SUM(revenue),
    SUM(revenue * revenue), SUM(orders), SUM(orders * orders), SUM(revenue * orders), MAX(revenue),
    SUM(earlier), SUM(earlier * earlier), SUM(revenue * earlier),
    SUM(before), SUM(before * before), COUNT(CASE WHEN before > 0 THEN 1 END), COUNT(CASE WHEN later > 0 THEN 1 END),
    (SELECT most FROM cap),
    SUM(CASE WHEN revenue < (SELECT most FROM cap) THEN revenue ELSE (SELECT most FROM cap) END),
    SUM(CASE WHEN revenue < (SELECT most FROM cap) THEN revenue * revenue
        ELSE (SELECT most FROM cap) * (SELECT most FROM cap) END)
    {weekly_sums}
FROM spender
GROUP BY decision, grown
"""
_WEEK_MONEY: Final = """, SUM(CASE WHEN bought.placed_at >= contact.slot_at AND bought.placed_at < contact.week{k}
            THEN bought.money ELSE 0 END) AS money{k}"""
COLUMNS: Final = (
    "buyers",
    "revenue",
    "revenue_squares",
    "orders",
    "orders_squares",
    "cross",
    "largest",
    "earlier",
    "earlier_squares",
    "earlier_cross",
    "before",
    "before_squares",
    "long_before",
    "long_after",
)


def order_sums(campaign: Campaign, now: datetime, zone: ZoneInfo, anchors: Period, weeks: int) -> list[dict[str, Any]]:
    """Return one row an arm and `grown` (0 or 1: are the before/after days over?); who ordered nothing adds nothing.

    `cap` is the money of the buyer behind the largest hundredth (one at least) of the buyers of both arms, None for a
    single buyer, and `cut` the money with every larger amount counted as that one.
    """
    numbers = range(1, weeks + 1)
    days, long = campaign.attribution_days, campaign.before_after_days
    contacts_sql, people_values = people(campaign, now, zone, anchors, weeks).query.sql_with_params()
    orders_sql, orders_values = orders_near(campaign, zone, anchors).query.sql_with_params()
    statement = _SUMS.format(
        contacts=contacts_sql,
        orders=orders_sql,
        begin="long_start" if long > EARLIER_DAYS else "earlier_start",
        end="window_end" if days > long else "long_end",
        weekly_money="".join(_WEEK_MONEY.format(k=k) for k in numbers),
        weekly_sums="".join(f", SUM(money{k}), SUM(money{k} * money{k})" for k in numbers),
    )
    tail = ("cap", "cut", "cut_squares")
    names = ["decision", "grown", *COLUMNS, *tail, *(f"{name}{k}" for k in numbers for name in ("week", "squares"))]
    with connection.cursor() as cursor:
        cursor.execute(statement, [*people_values, *orders_values])
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def people(campaign: Campaign, now: datetime, zone: ZoneInfo, anchors: Period, weeks: int) -> Any:
    """Return the mature contacts with the ends of their windows."""
    ends = {
        "window_end": shifted("slot_at", campaign.attribution_days, anchors, zone),
        "long_start": shifted("slot_at", -campaign.before_after_days, anchors, zone),
        "long_end": shifted("slot_at", campaign.before_after_days, anchors, zone),
        "earlier_start": shifted("slot_at", -EARLIER_DAYS, anchors, zone),
        "grown": Case(When(slot_at__lte=long_before(campaign, now, zone), then=Value(1)), default=Value(0)),
    }
    # A break-even counts days of 24 hours: it needs no change of clocks.
    ends |= {f"week{k}": later("slot_at", timedelta(weeks=k)) for k in range(1, weeks + 1)}
    mature = contacts(campaign).filter(slot_at__lte=mature_before(campaign, now, zone))
    return mature.annotate(**ends).values("id", "customer_id", "decision", "slot_at", *ends)


def orders_near(campaign: Campaign, zone: ZoneInfo, anchors: Period) -> Any:
    """Return the orders that any contact's window can hold."""
    # Implied by the join, but only fixed bounds let the database leave old orders unread.
    span = Period(
        since=civil_shift(anchors.since, -max(EARLIER_DAYS, campaign.before_after_days), zone),
        until=civil_shift(anchors.until, max(campaign.attribution_days, campaign.before_after_days), zone),
    )
    return (
        Order.objects.filter(span.within("placed_at"), valid=True)
        # As floats, exact up to 2^53 minor units: PostgreSQL would sum big integers as slow decimals.
        .annotate(money=Cast("revenue", FloatField()))
        .values("customer_id", "placed_at", "money")
    )
