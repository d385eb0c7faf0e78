"""Asking for a rehearsal, taking it up, watching it and cancelling it.

The rows are the queue. One rehearsal runs at a time, so that planning and sending always find a worker; one whose
worker died is begun anew by the next that looks.
"""

import logging
import random
import time
from datetime import datetime, timedelta
from itertools import chain
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from campaigns import clock
from campaigns.approval import content_hash
from campaigns.models import Campaign
from triggers.dispatch.compose import Draft
from triggers.models import Rehearsal, RehearsedMessage
from triggers.rehearsal.outcome import outcome
from triggers.rehearsal.play import Progress, hours, staged
from triggers.rehearsal.shadow import FIRST_ID

logger = logging.getLogger(__name__)

DEFAULT_DAYS: Final = 90
LONGEST_DAYS: Final = 400
SHOWN: Final = 20
# A worker that has said nothing for this long is dead; it speaks at least every few seconds.
_DEAD: Final = timedelta(minutes=3)
_SPEAKS_EVERY: Final = 1.0
Status = Rehearsal.Status


def ask(campaign: Campaign, *, days: int = DEFAULT_DAYS, by: str, now: datetime) -> Rehearsal:
    """Return a rehearsal of the last `days` before `now`, to be taken up by a worker; the one that still waits or runs
    where there is one."""
    pending = Rehearsal.objects.filter(campaign=campaign, status__in=(Status.QUEUED, Status.RUNNING))
    until = now.replace(minute=0, second=0, microsecond=0)
    try:
        with transaction.atomic():
            return pending.first() or Rehearsal.objects.create(
                campaign=campaign,
                after=until - timedelta(days=days),
                until=until,
                content=content_hash(campaign),
                requested_by=by[:150],
                requested_at=now,
                touched_at=timezone.now(),
            )
    except IntegrityError:
        # Two people pressed at once.
        return pending.get()


def cancel(rehearsal: Rehearsal) -> bool:
    """Stop a rehearsal that waits or runs; return whether there was anything to stop. Its worker notices soon."""
    stopped = _still_pending(rehearsal.pk).update(status=Status.CANCELLED, finished_at=clock.now())
    rehearsal.refresh_from_db()
    return bool(stopped)


def waiting() -> bool:
    """Return whether some rehearsal could be taken up now."""
    return _free() and Rehearsal.objects.filter(status__in=(Status.QUEUED, Status.RUNNING)).exists()


def run_waiting() -> int:
    """Take up and finish one rehearsal after the other until none waits; return how many."""
    done = 0
    while (rehearsal := _take()) is not None:
        run(rehearsal)
        done += 1
    return done


def _free() -> bool:
    alive = timezone.now() - _DEAD
    return not Rehearsal.objects.filter(status=Status.RUNNING, touched_at__gt=alive).exists()


def _take() -> Rehearsal | None:
    if not _free():
        return None
    dead = Q(status=Status.RUNNING, touched_at__lte=timezone.now() - _DEAD)
    for rehearsal in Rehearsal.objects.filter(Q(status=Status.QUEUED) | dead).order_by("pk"):
        same = Rehearsal.objects.filter(pk=rehearsal.pk, status=rehearsal.status, touched_at=rehearsal.touched_at)
        if same.update(status=Status.RUNNING, touched_at=timezone.now(), share=0, reached=None):
            rehearsal.refresh_from_db()
            return rehearsal
    return None


def _still_pending(pk: int) -> QuerySet[Rehearsal]:
    return Rehearsal.objects.filter(pk=pk, status__in=(Status.QUEUED, Status.RUNNING))


def run(rehearsal: Rehearsal) -> None:
    """Carry out a rehearsal that was taken up; whatever goes wrong is kept with it."""
    sample = _Sample(rehearsal)
    try:
        result = _play(rehearsal, sample)
    except Exception as fault:
        logger.exception("rehearsal %s broke off", rehearsal.pk)
        _still_pending(rehearsal.pk).update(
            status=Status.FAILED, fault=type(fault).__name__, finished_at=clock.now(), touched_at=timezone.now()
        )
        raise
    if result is None:
        return
    with transaction.atomic():
        finished = _still_pending(rehearsal.pk).update(
            status=Status.DONE, result=result, share=1, finished_at=clock.now(), touched_at=timezone.now()
        )
        if finished:
            RehearsedMessage.objects.bulk_create(sample.messages)


def _play(rehearsal: Rehearsal, sample: "_Sample") -> dict[str, Any] | None:
    """Return the result, or None where the rehearsal was cancelled on the way."""
    campaign = Campaign.objects.select_related("moment", "gesture").get(pk=rehearsal.campaign_id)
    speak = _Speaker(rehearsal.pk)
    with staged(campaign, rehearsal.after) as play:
        ticks = hours(rehearsal.after, rehearsal.until)
        for progress in chain(play.gather(), play.through(ticks, sample.note)):
            if not speak(progress):
                return None
        return outcome(campaign, rehearsal.after, rehearsal.until)


class _Speaker:
    """Tells how far a rehearsal is, now and then, and hears that it was cancelled."""

    def __init__(self, pk: int) -> None:
        self._pk = pk
        self._next = 0.0

    def __call__(self, progress: Progress) -> bool:
        """Return whether to go on."""
        if time.monotonic() < self._next:
            return True
        self._next = time.monotonic() + _SPEAKS_EVERY
        told = _still_pending(self._pk).update(
            share=progress.share, reached=progress.at, touched_at=timezone.now(), status=Status.RUNNING
        )
        return bool(told)


class _Sample:
    """A random few of the messages, each equally likely, held one by one as they come (Vitter's algorithm R)."""

    def __init__(self, rehearsal: Rehearsal) -> None:
        self._rehearsal = rehearsal
        self._seen = 0
        # The same rehearsal shows the same messages when it is begun anew.
        self._random = random.Random(rehearsal.pk)  # noqa: S311 - not a secret
        self.messages: list[RehearsedMessage] = []

    def note(self, draft: Draft, now: datetime) -> None:
        """Take in one message that would have gone out; those planned before the window carry their real links."""
        if draft.delivery.campaign_id != self._rehearsal.campaign_id or draft.delivery.pk < FIRST_ID:
            return
        self._seen += 1
        place = len(self.messages) if self._seen <= SHOWN else self._random.randrange(self._seen)
        if place < SHOWN:
            self.messages[place : place + 1] = [self._kept(draft, now)]

    def _kept(self, draft: Draft, now: datetime) -> RehearsedMessage:
        message = draft.message
        return RehearsedMessage(
            rehearsal=self._rehearsal,
            customer_id=draft.delivery.customer_id,
            channel=draft.delivery.channel,
            language=draft.language,
            sent_at=now,
            subject=message.subject,
            text=message.text,
            html=message.html,
        )
