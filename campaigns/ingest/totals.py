"""A customer's totals, counted anew from the valid orders, and tier, in one statement for all who are touched."""

from collections.abc import Collection
from datetime import datetime
from typing import Final

from django.db import connection

from campaigns.ingest.tiers import HELD_TIER, held_since
from campaigns.models.among import among_param, among_sql

# A correlated subquery and not a join with a GROUP BY: for that PostgreSQL reads all orders as long as there are fewer
# than some hundred thousand.
_RECOUNT: Final = f"""
    UPDATE campaigns_customer SET
        (orders_count, total_spent, first_order_at, last_order_at) = (
            SELECT count(*), coalesce(sum(o.revenue), 0), min(o.placed_at), max(o.placed_at)
            FROM campaigns_order o WHERE o.customer_id = campaigns_customer.id AND o.valid
        ),
        tier_id = ({HELD_TIER})
    WHERE id {{among}}
"""  # noqa: S608 - constants


def plan_for_few() -> None:
    """Have PostgreSQL find rows by index and compile nothing, until the end of this transaction.

    As long as a new shop's tables were never analysed, it takes a recount for a long statement: it compiles for 300 to
    900 ms, or reads every customer, where 20 ms do.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('jit', 'off', true), set_config('enable_seqscan', 'off', true)")


def recount(customers: Collection[int], now: datetime) -> None:
    """Set orders_count, total_spent, first_order_at, last_order_at and tier at `now` of `customers` (database ids).

    The caller holds their rows' locks, so that two requests cannot each count without the other's order.
    """
    if customers:
        with connection.cursor() as cursor:
            cursor.execute(_RECOUNT.format(among=among_sql()), [*held_since(now), among_param(customers)])
