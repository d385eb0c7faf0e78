"""What a person may decide about a delivery: send it again, put it back in the queue, leave it as it is."""

import time
import uuid
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from triggers.channels import SendResult, open_channel
from triggers.claimed import Claimed
from triggers.dispatch import circuit
from triggers.dispatch.claim import lease_until
from triggers.dispatch.compose import Composer, Draft
from triggers.dispatch.permit import permit
from triggers.dispatch.result import record
from triggers.dispatch.send import BEGIN_SECONDS, Answered
from triggers.models import Attempt, Delivery, Outcome, Ruling, State

# Who sends again by hand has looked at the date: the moment is taken as fresh for one day more.
_FRESH_AGAIN: Final = timedelta(days=1)
# Both wait for nobody but a person.
_RESTING: Final = (State.UNCONFIRMED, State.QUARANTINED)


class RulingRefused(Exception):
    """The decision cannot be carried out; `reason` is a guard's name, or what the delivery's state says."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def resend(delivery_id: int, *, by: str, now: datetime) -> SendResult:
    """Call the provider once more for an unconfirmed delivery, because the person `by` confirmed it.

    The fire permit is asked as for any message, freshness alone excepted: consent, suppression, caps, hours and stop
    buttons hold. The new Attempt names the one that it repeats; each can be repeated once. Whatever the provider
    refuses leaves the delivery unconfirmed. Raises RulingRefused, and then nothing has changed.
    """
    before = Delivery.objects.get(pk=delivery_id)
    spoken = {name: getattr(before, name) for name in ("spoken_on", "permitted_at", "address_key")}
    draft = _repeat(before, now)
    channel = open_channel(before.channel)
    start = time.monotonic()
    with transaction.atomic():
        _take(draft.delivery)
        if not permit([draft], [], now):
            raise RulingRefused(_why_not(delivery_id))
        Ruling.objects.create(
            delivery_id=delivery_id,
            kind=Ruling.Kind.RESEND,
            ruled_by=by,
            ruled_at=now,
            attempt_id=draft.message.attempt_id,
        )
    try:
        result = channel.send(draft.message, not_after=start + BEGIN_SECONDS)
    finally:
        channel.close()
    with transaction.atomic():
        record([Answered(draft, result, time.monotonic() - start)], now)
        # Refused or not, the first call may have reached the customer: the queue must never see this one again.
        Delivery.objects.filter(pk=delivery_id, state__in=(State.PLANNED, State.SKIPPED, State.FAILED)).update(
            state=State.UNCONFIRMED, reason="", claim=None, **spoken
        )
    return result


def _repeat(delivery: Delivery, now: datetime) -> Draft:
    """Return the draft of a message that repeats the delivery's latest attempt."""
    if delivery.state != State.UNCONFIRMED:
        raise RulingRefused(delivery.state)
    if delivery.channel not in circuit.open_channels():
        raise RulingRefused("provider_paused")
    # The first call, or the resend of it that came last; one that was refused before it is no part of this.
    chain = Attempt.objects.filter(delivery=delivery).exclude(outcome=Outcome.REFUSED, resend_of=None)
    latest = chain.get(resend__isnull=True)
    (read,) = Claimed.read(Delivery.objects.filter(pk=delivery.pk))
    # In memory alone: what was decided of the occasion stays as it is.
    taken = read._replace(fresh_until=max(read.fresh_until, now + _FRESH_AGAIN), claim=uuid.uuid4())
    drafts, misfits = Composer([taken], now).compose([taken])
    if misfits:
        raise RulingRefused(misfits[0].reason)
    return drafts[0]._replace(resend_of=latest.pk)


def _take(delivery: Claimed) -> None:
    """Claim the unconfirmed delivery: of two people who press at once, one is told."""
    taken = Delivery.objects.filter(pk=delivery.pk, state=State.UNCONFIRMED).update(
        state=State.CLAIMED, claim=delivery.claim, lease_until=lease_until()
    )
    if not taken:
        raise RulingRefused(Delivery.objects.values_list("state", flat=True).get(pk=delivery.pk))


def _why_not(delivery_id: int) -> str:
    reason: str = Delivery.objects.values_list("reason", flat=True).get(pk=delivery_id)
    return reason or "address_changed"


def release(delivery_ids: Collection[int], *, by: str, now: datetime) -> int:
    """Put quarantined deliveries back in the queue; return how many. The fire permit looks at each again."""
    return _rule(delivery_ids, Ruling.Kind.RELEASE, (State.QUARANTINED,), by=by, now=now)


def leave(delivery_ids: Collection[int], *, by: str, now: datetime) -> int:
    """Note that unconfirmed or quarantined deliveries stay as they are; return how many. They are listed no more."""
    return _rule(delivery_ids, Ruling.Kind.LEAVE, _RESTING, by=by, now=now)


def _rule(
    delivery_ids: Collection[int], kind: Ruling.Kind, states: Collection[State], *, by: str, now: datetime
) -> int:
    with transaction.atomic():
        rows = Delivery.objects.select_for_update().filter(pk__in=delivery_ids, state__in=states).order_by("pk")
        ruled = list(rows.values_list("pk", flat=True))
        if kind is Ruling.Kind.RELEASE:
            Delivery.objects.filter(pk__in=ruled).update(state=State.PLANNED, reason="", claims=0)
        Ruling.objects.bulk_create(Ruling(delivery_id=pk, kind=kind, ruled_by=by, ruled_at=now) for pk in ruled)
    return len(ruled)
