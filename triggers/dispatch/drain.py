"""The way through the steps, batch after batch, until nothing is due or the time is up."""

import logging
import time
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection

from campaigns import clock
from campaigns.models import Shop
from triggers import epoch
from triggers.channels import Verdict
from triggers.claimed import Claimed
from triggers.dispatch import circuit, measures, rates
from triggers.dispatch.claim import claim
from triggers.dispatch.compose import Composer
from triggers.dispatch.permit import permit
from triggers.dispatch.result import record
from triggers.dispatch.send import Answered, Senders

logger = logging.getLogger(__name__)

# A task that ran longer than the broker's visibility time-out would be handed to a second worker.
LONGEST_SECONDS: Final = 100.0
# How long a worker that cannot store its answers tries, well within its lease; what it cannot becomes `unknown`.
PATIENCE_SECONDS: Final = 20.0
_PAUSE_SECONDS: Final = 0.5
_OUT_OF_REACH: Final = (OperationalError, InterfaceError)
# How often a worker that waits for the turn of what was put off looks again.
_LULL_SECONDS: Final = 0.1


def dispatch(now: datetime | None = None, *, limit: int | None = None, seconds: float = LONGEST_SECONDS) -> int:
    """Send what is due, and return how many calls providers were asked for.

    `now` fixes the business time; without it the clock is read again for each batch, so that a long run sees the quiet
    hours begin. Ends when nothing is due, after about `limit` calls or `seconds`. Any number may run at once.
    """
    calls = 0
    end = time.monotonic() + seconds
    broken: OperationalError | InterfaceError | None = None
    with Senders(settings.DISPATCH_CONNECTIONS) as senders:
        more = True
        while more or senders.in_hand:
            room = senders.room(settings.DISPATCH_BATCH)
            if limit is not None:
                room = min(room, limit - calls - senders.in_hand)
            more = not broken and time.monotonic() < end and (limit is None or calls + senders.in_hand < limit)
            at = now or clock.now()
            if more and room > 0:
                try:
                    more = _feed(senders, at, room) or (now is None and _lull(senders, at))
                except _OUT_OF_REACH as error:
                    # What is on its way is still heard out.
                    broken, more = error, False
                    _let_go(error)
            answered = senders.answers(more=more)
            _store(answered, at)
            asked = sum(one.result.verdict is not Verdict.NOT_BEGUN for one in answered)
            calls += asked
            # Those that no connection was free for in time are back in the queue.
            more = more or asked < len(answered)
    if broken:
        raise broken
    return calls


def _feed(senders: Senders, now: datetime, room: int) -> bool:
    """Take the next batch through the permit, and what it permits to the senders; return whether there was one."""
    batch = _next_batch(now, room)
    if batch:
        composed, misfits = Composer(batch, now).compose(batch)
        drafts, early = rates.in_time(composed, now)
        rates.put_off(early, now)
        # Before the commit, not behind it: a worker that is stopped in between must not call late.
        began = time.monotonic()
        senders.hand_over(permit(drafts, misfits, now), began)
    return bool(batch)


def _lull(senders: Senders, now: datetime) -> bool:
    """Return whether the turn of one that was put off comes in a moment; wait a little where nothing else is to do."""
    soon = rates.soon(now)
    if soon and not senders.in_hand:
        time.sleep(_LULL_SECONDS)
    return soon


def _let_go(error: OperationalError | InterfaceError) -> None:
    """Forget a connection that broke, so that the next query opens another; raises within somebody's transaction."""
    if connection.in_atomic_block:
        raise error
    connection.close()


def _next_batch(now: datetime, size: int) -> list[Claimed]:
    shop = Shop.get()
    if shop.sending_stopped or epoch.on_hold(now):
        return []
    batch = claim(now, channels=set(circuit.open_channels()) - set(shop.stopped_channels), size=size)
    if not batch and (channel := circuit.take_trial()):
        batch = claim(now, channels=[channel], size=1)
    return batch


def _store(answered: Sequence[Answered], now: datetime) -> None:
    """Record answers, again while the database is out of reach: to store them twice is to store them once.

    Raises the database's error once PATIENCE_SECONDS are over; the sweeper then makes `unknown` of them.
    """
    end = time.monotonic() + PATIENCE_SECONDS
    while answered:
        try:
            record(answered, now)
        except _OUT_OF_REACH as error:
            if time.monotonic() > end:
                raise
            logger.warning("%d answers cannot be stored yet: %s", len(answered), type(error).__name__)
            _let_go(error)
            time.sleep(_PAUSE_SECONDS)
        else:
            measures.note(answered, now)
            return
