"""Who reached which tier first, and when: set-based, and never moved once stored."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection

from campaigns.models import Tier
from campaigns.models.among import among_param, among_sql

YEAR: Final = timedelta(days=365)

# When each tier was first reached; of those that one instant brings the highest is marked, be it by one order or two.
_STORE = """
    INSERT INTO campaigns_tierreach (customer_id, tier_id, year, reached_at, brought_by_id, highest)
    SELECT customer_id, tier_id, year, reached_at, order_id,
           row_number() OVER (PARTITION BY customer_id, reached_at ORDER BY rank DESC, threshold DESC, tier_id DESC) = 1
    FROM ({reached}) AS reached
    WHERE NOT EXISTS (SELECT 1 FROM campaigns_tierreach r WHERE r.customer_id = reached.customer_id
                      AND r.tier_id = reached.tier_id AND r.year = reached.year)
    ON CONFLICT (customer_id, tier_id, year) DO NOTHING
    RETURNING customer_id
"""
# Over 12 months counts the order that lifts the total over the threshold, not each later one that finds it there.
_BY_ORDERS = """
    SELECT customer_id, tier_id, rank, threshold, year, placed_at AS reached_at, order_id FROM (
        SELECT customer_id, placed_at, order_id, t.id AS tier_id, rank, threshold, {year} AS year,
               row_number() OVER (PARTITION BY customer_id, t.id, {year} ORDER BY placed_at, order_id) AS nth
        FROM (
            SELECT customer_id, placed_at, id AS order_id,
                   sum(revenue) OVER ever AS spent, row_number() OVER ever AS orders,
                   sum(revenue) OVER lately AS spent_lately, count(*) OVER lately AS orders_lately,
                   coalesce(sum(revenue) OVER before, 0) AS spent_before, count(*) OVER before AS orders_before
            FROM campaigns_order WHERE valid AND customer_id {among}
            WINDOW ever AS (PARTITION BY customer_id ORDER BY placed_at, id),
                lately AS (PARTITION BY customer_id ORDER BY {second}
                           RANGE BETWEEN {year_long} PRECEDING AND CURRENT ROW),
                before AS (PARTITION BY customer_id ORDER BY {second}
                           RANGE BETWEEN {year_long} PRECEDING AND 1 PRECEDING)
        ) AS o
        JOIN campaigns_tier t ON CASE t.period || ' ' || t.basis
            WHEN 'ever spent' THEN spent >= threshold
            WHEN 'ever orders' THEN orders >= threshold
            WHEN 'year spent' THEN spent_lately >= threshold AND spent_before < threshold
            WHEN 'year orders' THEN orders_lately >= threshold AND orders_before < threshold END
    ) AS crossed WHERE nth = 1
"""
_BY_POINTS = """
    SELECT c.id AS customer_id, t.id AS tier_id, t.rank, t.threshold, 0 AS year,
           coalesce(c.updated_at, %s) AS reached_at, {no_order} AS order_id
    FROM campaigns_customer c JOIN campaigns_tier t ON t.basis = 'points' AND c.points >= t.threshold
    WHERE c.id {among}
"""
# What the databases write differently: seconds since 1970, the year in UTC, and a NULL that is a number.
_WORDS: Final = {
    "postgresql": {
        "second": "CAST(floor(extract(epoch FROM placed_at)) AS bigint)",
        "placed_in": "CAST(extract(year FROM placed_at AT TIME ZONE 'UTC') AS integer)",
        "no_order": "CAST(NULL AS bigint)",
    },
    "sqlite": {
        "second": "CAST(strftime('%%s', placed_at) AS integer)",
        "placed_in": "CAST(substr(placed_at, 1, 4) AS integer)",
        "no_order": "NULL",
    },
}

# The highest tier held: reached once and for all, or by what was bought in the 12 months before an instant, which is
# given twice.
HELD_TIER: Final = """
    SELECT t.id FROM campaigns_tier t WHERE CASE t.period || ' ' || t.basis
        WHEN 'year spent' THEN t.threshold <= (SELECT coalesce(sum(o.revenue), 0) FROM campaigns_order o
            WHERE o.customer_id = campaigns_customer.id AND o.valid AND o.placed_at > %s)
        WHEN 'year orders' THEN t.threshold <= (SELECT count(*) FROM campaigns_order o
            WHERE o.customer_id = campaigns_customer.id AND o.valid AND o.placed_at > %s)
        ELSE EXISTS (SELECT 1 FROM campaigns_tierreach r
            WHERE r.customer_id = campaigns_customer.id AND r.tier_id = t.id) END
    ORDER BY t.rank DESC, t.threshold DESC, t.id DESC LIMIT 1
"""


def held_since(now: datetime) -> list[Any]:
    """Return the parameters of HELD_TIER at `now` (aware)."""
    return [connection.ops.adapt_datetimefield_value(now - YEAR)] * 2


def store_order_reaches(customers: Collection[int]) -> None:
    """Store the tiers that `customers` (database ids) newly reached by money spent or by number of orders.

    A tier is reached at the `placed_at` of the order at which the running total over the customer's valid orders, of
    all time or of the 12 months that end with it, comes to its threshold. `recount` then sets the customers' tier.
    """
    _store(_BY_ORDERS, (Tier.Basis.SPENT, Tier.Basis.ORDERS), customers)


def store_points_reaches(customers: Collection[int], now: datetime) -> None:
    """Store the tiers that `customers` newly reached by points (at `updated_at`, else `now`), and their tier."""
    # As the ORM would store it: left to sqlite3 it would carry its zone, and not equal the same instant elsewhere.
    risen = _store(_BY_POINTS, (Tier.Basis.POINTS,), customers, connection.ops.adapt_datetimefield_value(now))
    if risen:
        with connection.cursor() as cursor:
            cursor.execute(
                f"UPDATE campaigns_customer SET tier_id = ({HELD_TIER}) WHERE id {among_sql()}",  # noqa: S608
                [*held_since(now), among_param(risen)],
            )


def end_lapsed_tiers(now: datetime) -> int:
    """Take the tiers counted over 12 months from those whose total has fallen by `now` (aware); return from how many.

    Only a fact makes anybody rise; falling needs none, so that it is looked for.
    """
    yearly = list(Tier.objects.filter(period=Tier.Period.YEAR).values_list("pk", flat=True))
    if not yearly:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE campaigns_customer SET tier_id = ({HELD_TIER})"  # noqa: S608 - constants
            f" WHERE tier_id {among_sql()} AND tier_id <> coalesce(({HELD_TIER}), 0)",
            [*held_since(now), among_param(yearly), *held_since(now)],
        )
        return int(cursor.rowcount)


def _store(reached: str, bases: tuple[Tier.Basis, ...], customers: Collection[int], *params: Any) -> set[int]:
    """Return who newly reached a tier."""
    if not customers or not Tier.objects.filter(basis__in=bases).exists():
        return set()
    words = _WORDS[connection.vendor]
    year = f"CASE t.period WHEN 'ever' THEN 0 ELSE {words['placed_in']} END"
    year_long = int(YEAR.total_seconds()) - 1
    sql = reached.format(among=among_sql(), year=year, year_long=year_long, **words)
    with connection.cursor() as cursor:
        cursor.execute(_STORE.format(reached=sql), [*params, among_param(customers)])
        return {row[0] for row in cursor.fetchall()}
