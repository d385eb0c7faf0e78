"""Storing decided occasions and the deliveries of the due ones: PostgreSQL's one statement, and its portable twin."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any, Final

from django.db import connection, transaction
from django.db.models import Count, Max

from campaigns import side_by_side
from campaigns.models import Campaign
from triggers.models import Delivery, Occasion, State

# What a SELECT to be stored must offer, in this order; campaign and time of the decision are put before it.
COLUMNS: Final = (
    "customer_id",
    "key",
    "due_at",
    "fresh_until",
    "order_id",
    "slot_at",
    "channel",
    "decision",
    "reason",
    "value",
    "next_at",
)
_OCCASIONS: Final = Occasion._meta.db_table
_DELIVERIES: Final = Delivery._meta.db_table


# A SELECT of decided occasions, and its parameters.
Select = tuple[str, tuple[Any, ...]]


def insert(campaign: Campaign, now: datetime, selects: Sequence[Select]) -> Counter[tuple[str, str]]:
    """Store the rows of `selects` that are not known yet; return how many, by (decision, reason).

    The rows of one select and their deliveries are stored together or not at all. Further selects than the first are
    stored meanwhile over another connection: see campaigns/side_by_side.py.
    """
    counts: Counter[tuple[str, str]] = Counter()
    for stored in side_by_side.run(*(partial(_insert, campaign, now, *select) for select in selects)):
        counts.update(stored)
    return counts


def _insert(campaign: Campaign, now: datetime, select: str, params: tuple[Any, ...]) -> Counter[tuple[str, str]]:
    fast = connection.vendor == "postgresql"
    return (insert_at_once if fast else insert_in_two)(campaign, now, select, params)


def insert_at_once(campaign: Campaign, now: datetime, select: str, params: tuple[Any, ...]) -> Counter[tuple[str, str]]:
    """Store by one statement: whoever wins a row by ON CONFLICT also writes its delivery.

    Compiling it to machine code takes longer than planning a whole tick, and the default memory of a sort or hash is
    too small for a first plan of a million: two settings go before it, in one message, which is one transaction.
    """
    into, constants = _into_occasions(campaign, now, select)
    deliveries, more = _into_deliveries(campaign, now)
    sql = f"""
        SET LOCAL jit = off;
        SET LOCAL work_mem = '64MB';
        WITH decided AS ({into} RETURNING id, customer_id, channel, decision, reason, slot_at),
        queued AS ({deliveries} FROM decided WHERE decision = 'due')
        SELECT decision, reason, COUNT(*) FROM decided GROUP BY decision, reason"""  # noqa: S608 - our own names
    with connection.cursor() as cursor:
        cursor.execute(sql, (*constants, *params, *more))
        while cursor.nextset():
            pass  # the settings have no rows
        return Counter({(decision, reason): count for decision, reason, count in cursor.fetchall()})


def insert_in_two(campaign: Campaign, now: datetime, select: str, params: tuple[Any, ...]) -> Counter[tuple[str, str]]:
    """Store by two statements in one transaction, in which SQLite lets nobody else write: what has new ids is ours."""
    into, constants = _into_occasions(campaign, now, select)
    deliveries, more = _into_deliveries(campaign, now)
    with transaction.atomic(), connection.cursor() as cursor:
        newest = Occasion.objects.aggregate(newest=Max("pk"))["newest"] or 0
        cursor.execute(into, (*constants, *params))
        cursor.execute(f"{deliveries} FROM {_OCCASIONS} WHERE id > %s AND decision = 'due'", (*more, newest))
        stored = Occasion.objects.filter(pk__gt=newest).order_by().values_list("decision", "reason")
        return Counter({(decision, reason): n for decision, reason, n in stored.annotate(n=Count("pk"))})


def _into_occasions(campaign: Campaign, now: datetime, select: str) -> tuple[str, tuple[Any, ...]]:
    columns = ", ".join(COLUMNS)
    # SQLite would read ON as a join's without a WHERE before it.
    sql = f"""
        INSERT INTO {_OCCASIONS} (campaign_id, decided_at, {columns})
        SELECT %s, %s, decided.* FROM ({select}) AS decided WHERE true
        ON CONFLICT (campaign_id, customer_id, key) DO NOTHING"""  # noqa: S608 - our own names
    return sql, (campaign.pk, connection.ops.adapt_datetimefield_value(now))


def _into_deliveries(campaign: Campaign, now: datetime) -> tuple[str, tuple[Any, ...]]:
    """Return the INSERT … SELECT of one delivery an occasion, lacking its FROM, and its parameters."""
    steps = " ".join(f"WHEN '{channel}' THEN {step}" for step, channel in enumerate(campaign.channels))
    sql = f"""
        INSERT INTO {_DELIVERIES} (occasion_id, step, campaign_id, customer_id, channel, state, reason, not_before,
            claims, refusals, address_key, created_at)
        SELECT id, CASE channel {steps} END, %s, customer_id, channel, '{State.PLANNED}', '', slot_at, 0, 0, '', %s"""
    return sql, (campaign.pk, connection.ops.adapt_datetimefield_value(now))
