"""Who reached which tier first, and when: set-based, and never moved once stored."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, Final

from django.db import connection

from campaigns.models import Tier
from campaigns.models.among import among_param, among_sql

# When each tier was first reached; of those that one instant brings the highest is marked, be it by one order or two.
_STORE = """
    INSERT INTO campaigns_tierreach (customer_id, tier_id, reached_at, highest)
    SELECT customer_id, tier_id, reached_at,
           row_number() OVER (PARTITION BY customer_id, reached_at ORDER BY rank DESC, threshold DESC, tier_id DESC) = 1
    FROM ({reached}) AS reached
    WHERE NOT EXISTS (SELECT 1 FROM campaigns_tierreach r
                      WHERE r.customer_id = reached.customer_id AND r.tier_id = reached.tier_id)
    ON CONFLICT (customer_id, tier_id) DO NOTHING
    RETURNING customer_id
"""
_BY_ORDERS = """
    SELECT customer_id, tier_id, rank, threshold, placed_at AS reached_at FROM (
        SELECT o.customer_id, o.placed_at, o.order_id, t.id AS tier_id, t.rank, t.threshold,
               row_number() OVER (PARTITION BY o.customer_id, t.id ORDER BY o.placed_at, o.order_id) AS nth
        FROM (
            SELECT customer_id, placed_at, id AS order_id,
                   sum(revenue) OVER (PARTITION BY customer_id ORDER BY placed_at, id) AS spent,
                   row_number() OVER (PARTITION BY customer_id ORDER BY placed_at, id) AS orders
            FROM campaigns_order WHERE valid AND customer_id {among}
        ) AS o
        JOIN campaigns_tier t
          ON (t.basis = 'spent' AND o.spent >= t.threshold) OR (t.basis = 'orders' AND o.orders >= t.threshold)
    ) AS crossed WHERE nth = 1
"""
_BY_POINTS = """
    SELECT c.id AS customer_id, t.id AS tier_id, t.rank, t.threshold,
           coalesce(c.updated_at, %s) AS reached_at
    FROM campaigns_customer c JOIN campaigns_tier t ON t.basis = 'points' AND c.points >= t.threshold
    WHERE c.id {among}
"""


# The highest tier ever reached.
HIGHEST_TIER: Final = """
    SELECT r.tier_id FROM campaigns_tierreach r JOIN campaigns_tier t ON t.id = r.tier_id
    WHERE r.customer_id = campaigns_customer.id ORDER BY t.rank DESC, t.threshold DESC, t.id DESC LIMIT 1
"""


def store_order_reaches(customers: Collection[int]) -> None:
    """Store the tiers that `customers` (database ids) newly reached by money spent or by number of orders.

    A tier is reached at the `placed_at` of the order at which the running total over the customer's valid orders first
    comes to its threshold. `recount` then sets the customers' tier.
    """
    _store(_BY_ORDERS, (Tier.Basis.SPENT, Tier.Basis.ORDERS), customers)


def store_points_reaches(customers: Collection[int], now: datetime) -> None:
    """Store the tiers that `customers` newly reached by points (at `updated_at`, else `now`), and their tier."""
    # As the ORM would store it: left to sqlite3 it would carry its zone, and not equal the same instant elsewhere.
    instant = connection.ops.adapt_datetimefield_value(now)
    risen = _store(_BY_POINTS, (Tier.Basis.POINTS,), customers, instant)
    if risen:
        with connection.cursor() as cursor:
            cursor.execute(
                f"UPDATE campaigns_customer SET tier_id = ({HIGHEST_TIER}) WHERE id {among_sql()}",  # noqa: S608
                [among_param(risen)],
            )


def _store(reached: str, bases: tuple[Tier.Basis, ...], customers: Collection[int], *params: Any) -> set[int]:
    """Return who newly reached a tier."""
    if not customers or not Tier.objects.filter(basis__in=bases).exists():
        return set()
    with connection.cursor() as cursor:
        cursor.execute(_STORE.format(reached=reached.format(among=among_sql())), [*params, among_param(customers)])
        return {row[0] for row in cursor.fetchall()}
