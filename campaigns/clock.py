"""Business time: the one place that says what time it is for triggers, caps and reports.

Leases, time-outs and rates use real time on the database's clock instead.
"""

from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings


def now() -> datetime:
    """Return the present business instant, aware, in UTC.

    Read from the file `settings.CLOCK_FILE` (one ISO 8601 instant with offset) where it is set, so that every
    process of a simulated year agrees; from the machine's clock otherwise. Raises ValueError on a naive instant.
    """
    if not settings.CLOCK_FILE:
        return datetime.now(UTC)
    instant = datetime.fromisoformat(Path(settings.CLOCK_FILE).read_text(encoding="ascii").strip())
    if instant.tzinfo is None:
        raise ValueError(f"{settings.CLOCK_FILE} holds an instant without offset: {instant}")
    return instant.astimezone(UTC)
