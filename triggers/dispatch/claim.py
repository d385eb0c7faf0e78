"""First step: a worker takes a batch of due deliveries for itself, for as long as its lease lasts.

The same lines run on both databases. PostgreSQL skips the rows that another worker is about to claim; SQLite knows no
row locks and ignores them, because its transactions are IMMEDIATE: only one claims at a time.
"""

import uuid
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Now

from campaigns.models import Campaign
from triggers.models import Delivery, State

# A delivery claimed this often without reaching the fire permit is quarantined (triggers/sweeper.py).
MOST_CLAIMS: Final = 3


def lease_until() -> CombinedExpression:
    """Return the end of a lease that begins now, on the database's clock."""
    return Now() + timedelta(seconds=settings.DISPATCH_LEASE_SECONDS)


def claim(now: datetime, *, channels: Collection[str], size: int) -> list[Delivery]:
    """Claim up to `size` deliveries due at `now` on `channels`, the longest due first; return them with their occasion,
    order and customer, as they were at that time.

    The last permitted claim of a delivery is made alone: one that kills its worker takes nobody with it into
    quarantine. Those of a paused campaign wait, unclaimed.
    """
    if not channels:
        return []
    due = (
        Delivery.objects.filter(
            state=State.PLANNED,
            not_before__lte=now,
            channel__in=channels,
            campaign__status__in=(Campaign.Status.LIVE, Campaign.Status.ENDED),
        )
        .select_related("occasion__order", "customer")
        .order_by("not_before")
    )
    token = uuid.uuid4()
    with transaction.atomic():
        free = due.select_for_update(of=("self",), skip_locked=True)
        batch = list(free.filter(claims__lt=MOST_CLAIMS - 1)[:size]) or list(free[:1])
        Delivery.objects.filter(pk__in=[delivery.pk for delivery in batch]).update(
            state=State.CLAIMED, claim=token, claims=F("claims") + 1, lease_until=lease_until()
        )
    for delivery in batch:
        delivery.claim = token
    return batch


def give_back(batch: Collection[Delivery]) -> None:
    """Return claimed deliveries to the queue untouched; those whose lease was taken over meanwhile stay as they are."""
    for token in {delivery.claim for delivery in batch}:
        Delivery.objects.filter(
            pk__in=[delivery.pk for delivery in batch if delivery.claim == token], state=State.CLAIMED, claim=token
        ).update(state=State.PLANNED, claim=None, claims=0, lease_until=None)
