"""Writes Attempts a batch at a time: PostgreSQL by COPY and one UPDATE over arrays, SQLite by the portable twins.

Per row the twins take several times as long as all other steps of a delivery together; the same tests hold both.
"""

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import connection

from triggers.models import Attempt, Outcome

_COLUMNS: Final = tuple(str(field.column) for field in Attempt._meta.concrete_fields)
_COPY: Final = f"COPY {Attempt._meta.db_table} ({', '.join(_COLUMNS)}) FROM STDIN"
_NAMES: Final = tuple(field.attname for field in Attempt._meta.concrete_fields)


@dataclass(frozen=True, slots=True)
class Closing:
    """What one attempt came to."""

    id: UUID
    outcome: str
    provider_id: str
    code: str
    detail: str


def insert_attempts(attempts: Sequence[Attempt]) -> None:
    """Insert new rows; raises IntegrityError where a delivery already has one that was not refused."""
    if connection.vendor != "postgresql":
        Attempt.objects.bulk_create(attempts)
        return
    with connection.cursor() as cursor, connection.wrap_database_errors, cursor.copy(_COPY) as copy:
        for attempt in attempts:
            copy.write_row([getattr(attempt, name) for name in _NAMES])


def close_attempts(closings: Sequence[Closing], finished_at: datetime) -> None:
    """Store the outcomes of attempts that are under way, or unknown: an answer that came after the lease is the better
    evidence."""
    if connection.vendor != "postgresql":
        _close_one_by_one(closings, finished_at)
        return
    ids, outcomes, provider_ids, codes, details = zip(*map(astuple, closings), strict=True)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE triggers_attempt SET outcome = closed.outcome, provider_id = closed.provider_id,"
            " code = closed.code, detail = closed.detail, finished_at = %s"
            " FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::text[], %s::text[])"
            " AS closed (id, outcome, provider_id, code, detail)"
            " WHERE triggers_attempt.id = closed.id AND triggers_attempt.outcome IN ('pending', 'unknown')",
            [finished_at, list(ids), list(outcomes), list(provider_ids), list(codes), list(details)],
        )


def _close_one_by_one(closings: Sequence[Closing], finished_at: datetime) -> None:
    for closing in closings:
        Attempt.objects.filter(pk=closing.id, outcome__in=(Outcome.PENDING, Outcome.UNKNOWN)).update(
            outcome=closing.outcome,
            provider_id=closing.provider_id,
            code=closing.code,
            detail=closing.detail,
            finished_at=finished_at,
        )
