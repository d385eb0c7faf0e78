# ruff: noqa: S608 - only names of our own tables and columns are put into SQL
"""Facts as they were: views that end at the rehearsal's clock, and orders that are placed, shipped and changed anew.

An order keeps no ledger of its states, so those that changed within the window are taken back by their own dates:
before `delivered_at` it was shipped, before `shipped_at` paid, before its last change not cancelled, not refunded.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from django.db import connection
from django.db.models import Model

from campaigns.ingest.tiers import YEAR
from campaigns.models import Answer, Consent, CustomerChange, Event, Order, Suppression, Tier, TierReach
from triggers.rehearsal.shadow import columns, create_table, create_view, execute, know_well, real, table_of

# What happens once and never changes: seen from its own instant on.
DATED: Final[tuple[tuple[type[Model], str], ...]] = (
    (Event, "occurred_at"),
    (Answer, "answered_at"),
    (Consent, "given_at"),
    (TierReach, "reached_at"),
    (Suppression, "created_at"),
    (CustomerChange, "changed_at"),
)
CLOCK: Final = "rehearsal_clock"
STEPS: Final = "rehearsal_step"
MOVING: Final = "rehearsal_order"
# The instants of an order at which what is known of it changes.
_MOVES: Final = ("placed_at", "shipped_at", "delivered_at", "updated_at")
_YEAR: Final = int(YEAR.total_seconds() * 1_000_000)


def instant(value: datetime) -> Any:
    """Return an instant as the database stores it."""
    return connection.ops.adapt_datetimefield_value(value)


def hide_later_facts(start: datetime) -> None:
    """Make the clock and the views: nothing later than the clock, which stands at `start`, is seen any more."""
    kind = "timestamptz" if connection.vendor == "postgresql" else "datetime"
    execute(f"CREATE TEMP TABLE {CLOCK} (at {kind} NOT NULL)")
    execute(f"INSERT INTO {CLOCK} VALUES (%s)", (instant(start),))
    execute(f"CREATE TEMP TABLE {STEPS} (at {kind} NOT NULL, customer_id bigint NOT NULL, order_id bigint)")
    for model, dated in DATED:
        source = real(table_of(model))
        create_view(table_of(model), f"SELECT * FROM {source} WHERE {dated} <= (SELECT at FROM {CLOCK})")
    create_table(Order, name=MOVING)
    names = ", ".join(f'"{field.column}"' for field in Order._meta.concrete_fields)
    source = real(table_of(Order))
    create_view(
        table_of(Order),
        f"SELECT {names} FROM {source} WHERE NOT ({_moving(start)}) UNION ALL SELECT {names} FROM {MOVING}",
    )


def note_steps(start: datetime) -> None:
    """Note when which customer's facts change after `start`, and put the orders among them as they then were."""
    orders, bare = real(table_of(Order)), f"INSERT INTO {STEPS} (at, customer_id, order_id)"
    for move in _MOVES:
        execute(f"{bare} SELECT {move}, customer_id, id FROM {orders} WHERE {move} > %s", (instant(start),))
    for model, dated in ((Consent, "given_at"), (TierReach, "reached_at")):
        source = real(table_of(model))
        execute(f"{bare} SELECT {dated}, customer_id, NULL FROM {source} WHERE {dated} > %s", (instant(start),))
    if Tier.objects.filter(period=Tier.Period.YEAR).exists():
        # A year after it was placed, an order no longer counts for these tiers.
        postgres = connection.vendor == "postgresql"
        lapsed = "placed_at + INTERVAL '365 days'" if postgres else f"django_format_dtdelta('+', placed_at, {_YEAR})"
        counted = f"FROM {orders} WHERE placed_at > %s"
        execute(f"{bare} SELECT {lapsed}, customer_id, NULL {counted}", (instant(start - YEAR),))
    _move_orders(f"({_moving(start)}) AND placed_at <= %s", (instant(start),), start)


def index_steps() -> None:
    """Let the steps be found by their instant and by their customer."""
    execute(f"CREATE INDEX rehearsal_step_at ON {STEPS} (at)")
    execute(f"CREATE INDEX rehearsal_step_customer ON {STEPS} (customer_id)")
    know_well(STEPS)
    know_well(MOVING)


def changing_customers(size: int) -> Iterator[list[int]]:
    """Yield the ids of all customers of whom some fact changes after the start, `size` at a time."""
    last = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT DISTINCT customer_id FROM {STEPS} WHERE customer_id > %s ORDER BY customer_id LIMIT %s",
                (last, size),
            )
            ids = [row[0] for row in cursor.fetchall()]
        if not ids:
            return
        yield ids
        last = ids[-1]


def _moving(start: datetime) -> str:
    """Return the condition of an order of which something is known only after `start`; never NULL."""
    # A view's definition takes no parameters; both databases read an instant written so, and compare it as stored.
    later = f"'{instant(start)}'"
    return (
        f"placed_at > {later} OR updated_at > {later}"
        f" OR (shipped_at IS NOT NULL AND shipped_at > {later})"
        f" OR (delivered_at IS NOT NULL AND delivered_at > {later})"
    )


def move_facts(before: datetime, now: datetime) -> list[int]:
    """Set the clock from `before` to `now`; return the customers whose orders, consents or tiers changed meanwhile."""
    execute(f"UPDATE {CLOCK} SET at = %s", (instant(now),))
    passed = (instant(before), instant(now))
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT DISTINCT customer_id FROM {STEPS} WHERE at > %s AND at <= %s", passed)
        customers = [row[0] for row in cursor.fetchall()]
    if customers:
        moved = f"id IN (SELECT order_id FROM {STEPS} WHERE at > %s AND at <= %s AND order_id IS NOT NULL)"
        execute(f"DELETE FROM {MOVING} WHERE {moved}", passed)
        _move_orders(f"{moved} AND placed_at <= %s", (*passed, instant(now)), now)
    return customers


def _move_orders(which: str, params: tuple[Any, ...], now: datetime) -> None:
    """Copy orders as they were at `now`."""
    names = columns(Order)
    at = instant(now)
    written = {
        "shipped_at": ("CASE WHEN shipped_at <= %s THEN shipped_at END", 1),
        "delivered_at": ("CASE WHEN delivered_at <= %s THEN delivered_at END", 1),
        "refunded": ("CASE WHEN updated_at <= %s THEN refunded ELSE 0 END", 1),
        "updated_at": ("CASE WHEN updated_at <= %s THEN updated_at ELSE placed_at END", 1),
        "status": (
            "CASE WHEN status = 'pending' OR (updated_at <= %s"
            " AND (status <> 'delivered' OR delivered_at IS NULL OR delivered_at <= %s))"
            " THEN status WHEN delivered_at <= %s THEN 'delivered' WHEN shipped_at <= %s THEN 'shipped'"
            " ELSE 'paid' END",
            4,
        ),
    }
    chosen = ", ".join(written[name][0] if name in written else f'"{name}"' for name in names)
    own = tuple(at for name in names if name in written for _each in range(written[name][1]))
    into = ", ".join(f'"{name}"' for name in names)
    execute(
        f"INSERT INTO {MOVING} ({into}) SELECT {chosen} FROM {real(table_of(Order))} WHERE {which}",
        (*own, *params),
    )
