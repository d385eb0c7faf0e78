"""Business time: the one place that says what time it is for triggers, caps and reports.

Leases, time-outs and rates use real time on the database's clock instead.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings

_simulated: ContextVar[datetime | None] = ContextVar("simulated", default=None)


def now() -> datetime:
    """Return the present business instant, aware, in UTC.

    Read from the file `settings.CLOCK_FILE` (one ISO 8601 instant with offset) where it is set, so that every
    process of a simulated year agrees; from the machine's clock otherwise. Raises ValueError on a naive instant.
    """
    simulated = _simulated.get()
    if simulated is not None:
        return simulated
    if not settings.CLOCK_FILE:
        return datetime.now(UTC)
    instant = datetime.fromisoformat(Path(settings.CLOCK_FILE).read_text(encoding="ascii").strip())
    if instant.tzinfo is None:
        raise ValueError(f"{settings.CLOCK_FILE} holds an instant without offset: {instant}")
    return instant.astimezone(UTC)


@contextmanager
def at(instant: datetime) -> Iterator[None]:
    """Let it be `instant` (aware) for this thread inside: a rehearsal lives through days that are long over."""
    token = _simulated.set(instant.astimezone(UTC))
    try:
        yield
    finally:
        _simulated.reset(token)
