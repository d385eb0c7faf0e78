"""Ends the leases of workers that died: what had not spoken goes back, what may have is never sent again by itself."""

from typing import Final

from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from triggers.dispatch.claim import MOST_CLAIMS
from triggers.dispatch.result import EVIDENCE
from triggers.models import Attempt, Delivery, Outcome, State

POISONOUS: Final = "three_claims"


def sweep() -> int:
    """End every lease that is over on the database's clock; return how many there were. Safe beside running workers:
    each of their steps compares the state and their token first."""
    with transaction.atomic():
        over = Delivery.objects.filter(lease_until__lte=Now())
        claimed = over.filter(state=State.CLAIMED)
        ended = claimed.filter(claims__gte=MOST_CLAIMS).update(
            state=State.QUARANTINED, reason=POISONOUS, claim=None, lease_until=None
        )
        ended += claimed.update(state=State.PLANNED, claim=None, lease_until=None)
        ended += over.filter(state=State.UNKNOWN).update(state=State.UNCONFIRMED, lease_until=None)
        sending = list(
            over.filter(state=State.SENDING).select_for_update(skip_locked=True).values_list("pk", flat=True)
        )
        ended += len(sending)
        # The token stays: should its worker still be alive and bring an answer, that is evidence.
        Delivery.objects.filter(pk__in=sending).update(state=State.UNKNOWN, lease_until=Now() + EVIDENCE)
        Attempt.objects.filter(delivery__in=sending, outcome=Outcome.PENDING).update(
            outcome=Outcome.UNKNOWN, code="no_result", finished_at=timezone.now()
        )
    return ended
