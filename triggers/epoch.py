"""Tells a database restored from a backup by its count of permit batches, which is kept outside of it as well.

Such a database has forgotten what was sent after the backup: everything waits until a person releases it.
"""

import fcntl
import json
import logging
from datetime import datetime
from pathlib import Path
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F

from triggers import redis_link
from triggers.models import Epoch

logger = logging.getLogger(__name__)

RESTORED: Final = "restored"
_KEY: Final = "epoch"
# Other databases that once used the same data folder.
_KEPT_LINEAGES: Final = 20
_RAISE: Final = """
local known = tonumber(redis.call('HGET', KEYS[1], ARGV[1]) or '0')
if tonumber(ARGV[2]) > known then redis.call('HSET', KEYS[1], ARGV[1], ARGV[2]) end
"""


class NotOnHold(Exception):
    """There is nothing to release."""


def advance() -> None:
    """Count one permit batch, as the last step of its transaction; once that is committed, outside as well.

    The row is locked until the commit, so the permits of all workers pass here one by one.
    """
    Epoch.get()
    Epoch.objects.filter(pk=1).update(number=F("number") + 1)
    lineage, number = Epoch.objects.values_list("lineage", "number").get(pk=1)
    transaction.on_commit(lambda: _witness(lineage, number))


def on_hold(now: datetime) -> bool:
    """Return whether nothing may be sent; begins the hold, at business time `now`, where the database is behind what
    was counted outside of it."""
    row = Epoch.get()
    if row.held_at is not None:
        return True
    seen = witnessed(row.lineage)
    if seen <= row.number:
        return False
    # Another worker may have gone on between the two looks; its count is in the database before it is outside.
    behind = Epoch.objects.filter(pk=1, lineage=row.lineage, number__lt=seen, held_at=None).update(held_at=now)
    if behind:
        logger.error("the database is behind what was sent (restored from a backup?): sending is on hold")
    # Begun by this worker or, a moment ago, by another one.
    return Epoch.objects.filter(pk=1, held_at__isnull=False).exists()


def release(*, by: str, skip_lost: bool, now: datetime) -> None:
    """End the hold, because the person `by` says so.

    With `skip_lost` everything that had fallen due when the hold began is skipped as "restored" once its turn comes:
    the lost database may have sent it. Without, it is sent. Raises NotOnHold.
    """
    with transaction.atomic():
        row = Epoch.objects.select_for_update().filter(pk=1, held_at__isnull=False).first()
        if row is None:
            raise NotOnHold
        row.number = max(row.number, witnessed(row.lineage))
        row.lost_until = row.held_at if skip_lost else row.lost_until
        row.held_at, row.released_by, row.released_at = None, by[:150], now
        row.save()


def witnessed(lineage: UUID) -> int:
    """Return the highest count of this database that Redis or the data folder has seen, 0 for none."""
    in_redis = redis_link.ask(lambda redis: redis.hget(redis_link.key(_KEY), lineage.hex))
    return max(int(in_redis or 0), _in_file().get(lineage.hex, 0))


def _witness(lineage: UUID, number: int) -> None:
    """Keep the count outside the database, before the first call of its batch is made."""
    redis_link.ask(lambda redis: redis.eval(_RAISE, 1, redis_link.key(_KEY), lineage.hex, str(number)))
    try:
        _into_file(lineage.hex, number)
    except OSError as error:
        logger.error("the epoch cannot be written to the data folder: %s", type(error).__name__)


def path() -> Path:
    """Return the file in the data folder."""
    return Path(settings.DATA_DIR) / "epoch.json"


def _in_file() -> dict[str, int]:
    try:
        counts: dict[str, int] = json.loads(path().read_bytes())
    except (FileNotFoundError, ValueError):
        return {}
    return counts


def _into_file(lineage: str, number: int) -> None:
    """Raise one count; a lock keeps processes apart, and readers see the old file or the new one."""
    with path().with_suffix(".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        counts = _in_file()
        if counts.get(lineage, 0) >= number:
            return
        counts.pop(lineage, None)
        kept = dict(list(counts.items())[1 - _KEPT_LINEAGES :])
        fresh = path().with_suffix(".new")
        fresh.write_text(json.dumps(kept | {lineage: number}))
        fresh.replace(path())
