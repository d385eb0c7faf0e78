"""The orders of a campaign's contacts joined to their anchors in one statement, summed a contact and then an arm.

The join is written out, as Django would reach orders only by way of the customers' table, which nothing here reads.
"""

from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import Case, FloatField, Value, When
from django.db.models.functions import Cast

from analytics.facts.contacts import Assignment, contacts, long_before, mature_before
from analytics.facts.dialect import fence, weeks_between
from analytics.facts.windows import Period, civil_shift, shifted
from campaigns.models import Campaign, Order

# The covariate: what a contact bought in the twelve weeks before.
EARLIER_DAYS: Final = 84

# What each contact bought. A break-even counts weeks of 7 × 24 hours: it needs no change of clocks.
_SPENT: Final = """
    CAST(COUNT(*) FILTER (WHERE placed_at >= slot_at AND placed_at < window_end) AS DOUBLE PRECISION) AS orders,
    COALESCE(SUM(money) FILTER (WHERE placed_at >= slot_at AND placed_at < window_end), 0) AS revenue,
    COALESCE(SUM(money) FILTER (WHERE placed_at >= earlier_start AND placed_at < slot_at), 0) AS earlier,
    CAST(COUNT(*) FILTER (WHERE placed_at >= long_start AND placed_at < slot_at) AS DOUBLE PRECISION) AS before,
    COUNT(*) FILTER (WHERE placed_at >= slot_at AND placed_at < long_end) AS later
"""
_THEIRS: Final = """bought.customer_id = contact.customer_id
    AND bought.placed_at >= contact.{begin} AND bought.placed_at < contact.{end}"""
_WEEK: Final = "CASE WHEN contact.grown = 1 AND bought.placed_at >= contact.slot_at THEN {week} END AS week"
# PostgreSQL sums a contact's few orders as it finds them, which takes half as long as a hash of a million contacts.
_SPENDERS: Final = """
    SELECT contact.decision, contact.grown, spent.*
    FROM ({contacts} {fence}) contact CROSS JOIN LATERAL (
        SELECT {spent} FROM (
            SELECT bought.placed_at, bought.money, {week} FROM ({orders}) bought WHERE {theirs} {fence}
        ) near
    ) spent
"""
# The same where there is no LATERAL; who bought nothing has no row here.
_SPENDERS_PORTABLY: Final = """
    SELECT decision, grown, {spent} FROM (
        SELECT contact.*, bought.placed_at, bought.money, {week}
        FROM ({contacts} {fence}) contact JOIN ({orders}) bought ON {theirs} {fence}
    ) near
    GROUP BY id, decision, grown
"""
_SUMS: Final = """
WITH spender AS MATERIALIZED ({spenders}), cap AS (
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
_WEEK_MONEY: Final = ", SUM(money) FILTER (WHERE week < {k}) AS money{k}"
_WEEK_SUMS: Final = ", COALESCE(SUM(money{k}), 0), COALESCE(SUM(money{k} * money{k}), 0)"
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


def order_sums(
    campaign: Campaign, now: datetime, zone: ZoneInfo, assigned: Assignment, weeks: int
) -> list[dict[str, Any]]:
    """Return one row an arm and `grown` (0 or 1: are the before/after days over?); who ordered nothing adds nothing.

    `cap` is the money of the buyer behind the largest hundredth (one at least) of the buyers of both arms, None for a
    single buyer, and `cut` the money with every larger amount counted as that one.
    """
    numbers = range(1, weeks + 1)
    days, long = campaign.attribution_days, campaign.before_after_days
    contacts_sql, people_values = people(campaign, now, zone, assigned).query.sql_with_params()
    orders_sql, orders_values = orders_near(campaign, zone, assigned.span).query.sql_with_params()
    spenders = (_SPENDERS if connection.vendor == "postgresql" else _SPENDERS_PORTABLY).format(
        contacts=contacts_sql,
        orders=orders_sql,
        theirs=_THEIRS.format(
            begin="long_start" if long > EARLIER_DAYS else "earlier_start",
            end="window_end" if days > long else "long_end",
        ),
        week=_WEEK.format(week=weeks_between("bought.placed_at", "contact.slot_at")),
        spent=_SPENT + "".join(_WEEK_MONEY.format(k=k) for k in numbers),
        fence=fence(),
    )
    statement = _SUMS.format(spenders=spenders, weekly_sums="".join(_WEEK_SUMS.format(k=k) for k in numbers))
    tail = ("cap", "cut", "cut_squares")
    names = ["decision", "grown", *COLUMNS, *tail, *(f"{name}{k}" for k in numbers for name in ("week", "squares"))]
    with connection.cursor() as cursor:
        cursor.execute(statement, [*people_values, *orders_values])
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def people(campaign: Campaign, now: datetime, zone: ZoneInfo, assigned: Assignment) -> Any:
    """Return the mature contacts with the ends of their windows."""
    anchors = assigned.span
    ends = {
        "window_end": shifted("slot_at", campaign.attribution_days, anchors, zone),
        "long_start": shifted("slot_at", -campaign.before_after_days, anchors, zone),
        "long_end": shifted("slot_at", campaign.before_after_days, anchors, zone),
        "earlier_start": shifted("slot_at", -EARLIER_DAYS, anchors, zone),
        "grown": Case(When(slot_at__lte=long_before(campaign, now, zone), then=Value(1)), default=Value(0)),
    }
    mature = contacts(campaign, once=assigned.once).filter(slot_at__lte=mature_before(campaign, now, zone))
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
