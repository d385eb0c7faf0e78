"""A customer's totals, counted anew from the valid orders, and tier, in one statement for all who are touched."""

from collections.abc import Collection

from django.db import connection

from campaigns.ingest.among import among_param, among_sql
from campaigns.ingest.tiers import HIGHEST_TIER


def recount(customers: Collection[int]) -> None:
    """Set orders_count, total_spent, first_order_at, last_order_at and tier of `customers` (database ids).

    The caller holds their rows' locks, so that two requests cannot each count without the other's order.
    """
    if not customers:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            UPDATE campaigns_customer SET
                orders_count = counted.orders, total_spent = counted.spent,
                first_order_at = counted.first_at, last_order_at = counted.last_at, tier_id = ({HIGHEST_TIER})
            FROM (
                SELECT c.id, count(o.id) AS orders, coalesce(sum(o.revenue), 0) AS spent,
                       min(o.placed_at) AS first_at, max(o.placed_at) AS last_at
                FROM campaigns_customer c
                LEFT JOIN campaigns_order o ON o.customer_id = c.id AND o.valid
                WHERE c.id {among_sql()} GROUP BY c.id
            ) AS counted
            WHERE campaigns_customer.id = counted.id
            """,  # noqa: S608 - a constant
            [among_param(customers)],
        )
