"""Writes Attempts a batch at a time: PostgreSQL by binary COPY and one UPDATE over arrays, SQLite by portable twins.

Per row the twins take several times as long as all other steps of a delivery together; the same tests hold both.
"""

import struct
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID

from django.db import connection
from django.utils import timezone

from campaigns.models.among import array_text
from triggers.models import Attempt, Outcome

# Those that differ from row to row stand first.
_COLUMNS: Final = (
    *("id", "delivery_id", "resend_of_id", "recipient", "subject", "text", "html"),
    *("provider", "language", "sender", "outcome", "provider_id", "code", "detail", "business_at", "started_at"),
)
_COPY: Final = f"COPY {Attempt._meta.db_table} ({', '.join(_COLUMNS)}) FROM STDIN (FORMAT BINARY)"
# The format is PostgreSQL's own (documentation of COPY): a signature, flags and the length of an extension; then rows.
_SIGNATURE: Final = b"PGCOPY\n\xff\r\n\0" + struct.pack("!ii", 0, 0)
_END: Final = struct.pack("!h", -1)
_EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
_KEYS: Final = struct.Struct("!hi16siq")
_LENGTH: Final = struct.Struct("!i")
_NULL: Final = _LENGTH.pack(-1)


class Opening(NamedTuple):
    """A call that is about to be made: for which delivery, and the words it carries."""

    id: UUID
    delivery_id: int
    provider: str
    language: str
    sender: str
    recipient: str
    subject: str
    text: str
    html: str
    resend_of_id: UUID | None = None


class Closing(NamedTuple):
    """What one attempt came to."""

    id: UUID
    outcome: str
    provider_id: str
    code: str
    detail: str


def insert_attempts(openings: Sequence[Opening], business_at: datetime) -> None:
    """Insert attempts that are under way; raises IntegrityError where a delivery already has one that was not
    refused."""
    if not openings:
        return
    if connection.vendor != "postgresql":
        Attempt.objects.bulk_create(
            Attempt(**opening._asdict(), business_at=business_at, started_at=timezone.now()) for opening in openings
        )
        return
    with connection.cursor() as cursor, connection.wrap_database_errors, cursor.copy(_COPY) as copy:
        copy.write(b"".join(_rows(openings, business_at)))


def _rows(openings: Sequence[Opening], business_at: datetime) -> Iterable[bytes]:
    times = _time(business_at) + _time(timezone.now())
    same: dict[tuple[str, str, str], bytes] = {}
    yield _SIGNATURE
    for one in openings:
        key = (one.provider, one.language, one.sender)
        if key not in same:
            same[key] = b"".join(map(_field, (*key, Outcome.PENDING.value, "", "", ""))) + times
        yield _KEYS.pack(len(_COLUMNS), 16, one.id.bytes, 8, one.delivery_id)
        yield _NULL if one.resend_of_id is None else _LENGTH.pack(16) + one.resend_of_id.bytes
        for words in (one.recipient, one.subject, one.text, one.html):
            encoded = words.encode()
            yield _LENGTH.pack(len(encoded))
            yield encoded
        yield same[key]
    yield _END


def _field(text: str) -> bytes:
    encoded = text.encode()
    return _LENGTH.pack(len(encoded)) + encoded


def _time(instant: datetime) -> bytes:
    return struct.pack("!iq", 8, (instant - _EPOCH) // timedelta(microseconds=1))


def close_attempts(closings: Sequence[Closing], finished_at: datetime) -> None:
    """Store the outcomes of attempts that are under way, or unknown: an answer that came after the lease is the better
    evidence."""
    if connection.vendor != "postgresql":
        _close_one_by_one(closings, finished_at)
    elif closings:
        ids, *words = zip(*closings, strict=True)
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE triggers_attempt SET outcome = closed.outcome, provider_id = closed.provider_id,"
                " code = closed.code, detail = closed.detail, finished_at = %s"
                " FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::text[], %s::text[])"
                " AS closed (id, outcome, provider_id, code, detail)"
                " WHERE triggers_attempt.id = closed.id AND triggers_attempt.outcome IN ('pending', 'unknown')",
                [finished_at, array_text([id.hex for id in ids]), *map(array_text, words)],
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
