"""The way through the steps, batch after batch, until nothing is due or the time is up."""

import time
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from django.conf import settings

from campaigns import clock
from campaigns.models import Shop
from triggers.channels import Verdict
from triggers.claimed import Claimed
from triggers.dispatch import circuit
from triggers.dispatch.claim import claim
from triggers.dispatch.compose import Composer
from triggers.dispatch.permit import permit
from triggers.dispatch.result import record
from triggers.dispatch.send import Senders

# A task that ran longer than the broker's visibility time-out would be handed to a second worker.
LONGEST_SECONDS: Final = 100.0


def dispatch(now: datetime | None = None, *, limit: int | None = None, seconds: float = LONGEST_SECONDS) -> int:
    """Send what is due, and return how many calls providers were asked for.

    `now` fixes the business time; without it the clock is read again for each batch, so that a long run sees the quiet
    hours begin. Ends when nothing is due, after about `limit` calls or `seconds`. Any number may run at once.
    """
    calls = 0
    end = time.monotonic() + seconds
    with Senders(settings.DISPATCH_CONNECTIONS) as senders:
        while time.monotonic() < end and (limit is None or calls < limit):
            at = now or clock.now()
            size = senders.batch_size(settings.DISPATCH_BATCH)
            batch = _next_batch(at, size if limit is None else min(size, limit - calls))
            if not batch:
                break
            calls += _send(batch, at, senders)
    return calls


def _next_batch(now: datetime, size: int) -> list[Claimed]:
    if Shop.get().sending_stopped:
        return []
    batch = claim(now, channels=circuit.open_channels(), size=size)
    if not batch and (channel := circuit.take_trial()):
        batch = claim(now, channels=[channel], size=1)
    return batch


def _send(batch: Sequence[Claimed], now: datetime, senders: Senders) -> int:
    """Take one claimed batch to its results; return how many calls were made."""
    drafts, misfits = Composer(batch, now).compose(batch)
    # Before the commit, not behind it: a worker that is stopped in between must not call late.
    began = time.monotonic()
    permitted = permit(drafts, misfits, now)
    calls = 0
    for answered in senders.send(permitted, began):
        record(answered, now)
        calls += sum(one.result.verdict is not Verdict.NOT_BEGUN for one in answered)
    return calls
