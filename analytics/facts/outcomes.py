"""What the customers of both arms did: their orders joined to their anchors in one statement, summed in the database.

The join is written out, as Django would reach orders only by way of the customers' table, which nothing here reads.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import (
    Case,
    Count,
    DateTimeField,
    Exists,
    ExpressionWrapper,
    F,
    FloatField,
    OuterRef,
    Q,
    Value,
    When,
)
from django.db.models.functions import Cast

from analytics.facts.contacts import ARMS, Assignment, contacts, long_before, mature_before
from analytics.facts.windows import Period, civil_shift, shifted
from analytics.kernel import Counts, PairSums, RatioSums, Sums
from campaigns.models import Campaign, Event, Order

# The covariate: what a contact bought in the twelve weeks before.
EARLIER_DAYS: Final = 84
MOST_WEEKS: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """What the mature contacts of one arm did in their windows, money in minor units a contact.

    `buyers` reached the macro-conversion; `baskets` is revenue over orders; `earlier` pairs the revenue with that of
    the 84 days before the anchor; `largest` is that of the one customer who brought most; `new` had their first order
    in the window; `before` is a contact's orders in as many days before the anchor as the before/after has.
    Of contacts for whom these days are over too: who bought in them before and after the anchor, and the revenue of
    the first 7, 14, … days after it.
    """

    contacts: int
    buyers: Counts
    revenue: Sums
    baskets: RatioSums
    earlier: PairSums
    largest: float
    new: Counts
    before: Sums
    long_before: Counts
    long_after: Counts
    weekly: tuple[Sums, ...]


_SUMS: Final = """
SELECT decision, grown, COUNT(CASE WHEN orders > 0 THEN 1 END), SUM(revenue),
    SUM(revenue * revenue), SUM(orders), SUM(orders * orders), SUM(revenue * orders), MAX(revenue),
    SUM(earlier), SUM(earlier * earlier), SUM(revenue * earlier),
    SUM(before), SUM(before * before), COUNT(CASE WHEN before > 0 THEN 1 END), COUNT(CASE WHEN later > 0 THEN 1 END)
    {weekly_sums}
FROM (
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
) customer
GROUP BY decision, grown
"""
_WEEK_MONEY: Final = """, SUM(CASE WHEN bought.placed_at >= contact.slot_at AND bought.placed_at < contact.week{k}
            THEN bought.money ELSE 0 END) AS money{k}"""
_COLUMNS: Final = (
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


def arm_outcomes(
    campaign: Campaign, now: datetime, zone: ZoneInfo, anchors: Period, assigned: Assignment
) -> dict[str, Arm]:
    """Return both arms' outcomes over contacts whose window is over at `now`, `anchors` being the span of all anchors.

    One pass over the orders of the contacts; a second one over events where the campaign's success is an event.
    """
    weeks = min(MOST_WEEKS, campaign.before_after_days // 7)
    rows = _order_sums(campaign, now, zone, anchors, weeks)
    new = _new_customers(campaign, now, zone, anchors)
    arms = {}
    for arm, decision in ARMS.items():
        sizes = {"n": getattr(assigned, f"mature_{arm}"), "long": getattr(assigned, f"long_{arm}"), "new": new[arm]}
        arms[arm] = _arm([row for row in rows if row["decision"] == decision], sizes, weeks)
    if campaign.macro_conversion == "order":
        return arms
    did = _event_buyers(campaign, now, zone, anchors)
    return {name: replace(arm, buyers=Counts(n=arm.contacts, successes=did[name])) for name, arm in arms.items()}


def _order_sums(campaign: Campaign, now: datetime, zone: ZoneInfo, anchors: Period, weeks: int) -> list[dict[str, Any]]:
    """Return one row an arm and `grown` (0 or 1: are the before/after days over?); who ordered nothing adds nothing."""
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
    names = ["decision", "grown", *_COLUMNS, *(f"{name}{k}" for k in numbers for name in ("week", "squares"))]
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
    ends |= {
        f"week{k}": ExpressionWrapper(F("slot_at") + Value(timedelta(weeks=k)), output_field=DateTimeField())
        for k in range(1, weeks + 1)
    }
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


def _arm(rows: list[dict[str, Any]], sizes: dict[str, int], weeks: int) -> Arm:
    n, long = sizes["n"], sizes["long"]
    total = {name: sum(row[name] for row in rows) for name in _COLUMNS}
    grown = next((row for row in rows if row["grown"]), None)
    revenue, squares = total["revenue"], total["revenue_squares"]
    return Arm(
        contacts=n,
        buyers=Counts(n=n, successes=total["buyers"]),
        revenue=Sums(n=n, total=revenue, squares=squares),
        baskets=RatioSums(n=n, x=revenue, y=total["orders"], xx=squares, yy=total["orders_squares"], xy=total["cross"]),
        earlier=PairSums(
            n=n,
            y=revenue,
            x=total["earlier"],
            yy=squares,
            xx=total["earlier_squares"],
            xy=total["earlier_cross"],
        ),
        largest=max((row["largest"] for row in rows), default=0.0),
        new=Counts(n=n, successes=sizes["new"]),
        before=Sums(n=n, total=total["before"], squares=total["before_squares"]),
        long_before=Counts(n=long, successes=grown["long_before"] if grown else 0),
        long_after=Counts(n=long, successes=grown["long_after"] if grown else 0),
        weekly=tuple(
            Sums(n=long, total=grown[f"week{k}"] if grown else 0.0, squares=grown[f"squares{k}"] if grown else 0.0)
            for k in range(1, weeks + 1)
        ),
    )


def _new_customers(campaign: Campaign, now: datetime, zone: ZoneInfo, anchors: Period) -> dict[str, int]:
    """Return how many contacts of each arm placed their first order in their windows."""
    span = Period(since=anchors.since, until=civil_shift(anchors.until, campaign.attribution_days, zone))
    rows = (
        contacts(campaign)
        .filter(slot_at__lte=mature_before(campaign, now, zone))
        .annotate(window_end=shifted("slot_at", campaign.attribution_days, anchors, zone))
        .filter(
            span.within("customer__first_order_at"),
            customer__first_order_at__gte=F("slot_at"),
            customer__first_order_at__lt=F("window_end"),
        )
    )
    return rows.aggregate(**{arm: Count("pk", filter=Q(decision=decision)) for arm, decision in ARMS.items()})


def _event_buyers(campaign: Campaign, now: datetime, zone: ZoneInfo, anchors: Period) -> dict[str, int]:
    """Return how many contacts of each arm did the campaign's key event in their windows."""
    span = Period(since=anchors.since, until=civil_shift(anchors.until, campaign.attribution_days, zone))
    did = Event.objects.filter(
        span.within("occurred_at"),
        name=campaign.macro_conversion,
        customer=OuterRef("customer"),
        occurred_at__gte=OuterRef("slot_at"),
        occurred_at__lt=OuterRef("window_end"),
    )
    rows = (
        contacts(campaign)
        .filter(slot_at__lte=mature_before(campaign, now, zone))
        .annotate(window_end=shifted("slot_at", campaign.attribution_days, anchors, zone))
        .filter(Exists(did))
    )
    return rows.aggregate(**{arm: Count("pk", filter=Q(decision=decision)) for arm, decision in ARMS.items()})
