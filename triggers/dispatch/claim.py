"""First step: a worker takes a batch of due deliveries for itself, for as long as its lease lasts.

The same lines run on both databases. PostgreSQL skips the rows that another worker is about to claim; SQLite knows no
row locks and ignores them, because its transactions are IMMEDIATE: only one claims at a time.
"""

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Now

from campaigns.models import Campaign
from triggers.claimed import Claimed
from triggers.models import Delivery, State

# A delivery claimed this often without reaching the fire permit is quarantined (triggers/sweeper.py).
MOST_CLAIMS: Final = 3
# By how much smaller the batch of those is whose worker died once: most died of something else, and need not all go
# one by one.
_FEWER: Final = 10


def lease_until() -> CombinedExpression:
    """Return the end of a lease that begins now, on the database's clock."""
    return Now() + timedelta(seconds=settings.DISPATCH_LEASE_SECONDS)


def claim(now: datetime, *, channels: Collection[str], size: int) -> list[Claimed]:
    """Claim up to `size` deliveries due at `now` on `channels`, the longest due first; return them as they are now.

    Those whose worker ended before their permit are claimed in smaller batches, and the second time each alone, after
    all others: one that kills its worker takes nobody with it into quarantine. Those of a paused campaign wait.
    """
    if not channels:
        return []
    free = (
        Delivery.objects.filter(
            state=State.PLANNED,
            not_before__lte=now,
            channel__in=channels,
            campaign__in=Campaign.objects.filter(status__in=(*Campaign.SENDING, Campaign.Status.ENDED)),
        )
        .order_by("not_before")
        .values_list("pk", "claims")
        .select_for_update(skip_locked=True)
    )
    with transaction.atomic():
        due = list(free.filter(claims__lt=MOST_CLAIMS - 1)[:size]) or list(free[:1])
        ids = _together(due, size)
        batch = Delivery.objects.filter(pk__among=ids)
        batch.update(state=State.CLAIMED, claim=uuid.uuid4(), claims=F("claims") + 1, lease_until=lease_until())
        return Claimed.read(batch.order_by("not_before", "pk")) if ids else []


def _together(due: Sequence[tuple[int, int]], size: int) -> set[int]:
    """Return which of those that are due, as (id, claims), may be in one batch: as often claimed as the longest due."""
    claims = due[0][1] if due else 0
    same = [pk for pk, claimed in due if claimed == claims]
    return set(same[: max(1, size // _FEWER)] if claims else same)


def give_back(batch: Collection[Claimed]) -> None:
    """Return claimed deliveries to the queue untouched; those whose lease was taken over meanwhile stay as they are."""
    for token in {delivery.claim for delivery in batch}:
        Delivery.objects.filter(
            pk__among={delivery.pk for delivery in batch if delivery.claim == token}, state=State.CLAIMED, claim=token
        ).update(state=State.PLANNED, claim=None, claims=0, lease_until=None)
