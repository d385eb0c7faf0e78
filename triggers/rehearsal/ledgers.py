# ruff: noqa: S608 - only names of our own tables and columns are put into SQL
"""What was planned and sent before the window, and what campaigns left out really sent within it."""

from datetime import datetime, timedelta
from typing import Final

from django.db.models import Model
from django.utils import timezone

from campaigns.models import AuditEntry, Campaign, Shop
from triggers.entries import SWEEP
from triggers.models import (
    Attempt,
    Circuit,
    Delivery,
    Epoch,
    GuardFinding,
    Heartbeat,
    Occasion,
    SegmentEntry,
    SegmentLook,
    SmsDay,
    State,
    Volume,
)
from triggers.planner import HEARTBEAT
from triggers.rehearsal.facts import instant
from triggers.rehearsal.shadow import columns, create_table, execute, know_well, real, table_of

# Whatever a dose or a rank may still look back on.
_REMEMBERED: Final = timedelta(days=400)
_COPIED: Final = (Campaign, Shop)
WRITTEN: Final = (
    Occasion,
    Delivery,
    Attempt,
    GuardFinding,
    Heartbeat,
    Circuit,
    Epoch,
    SmsDay,
    Volume,
    AuditEntry,
    SegmentEntry,
    SegmentLook,
)
Status = Campaign.Status


def make_tables() -> None:
    """Make the empty shadows of all that planning and sending write."""
    for model in (*_COPIED, *WRITTEN):
        create_table(model)


class Ledgers:
    """The campaigns that are lived through again, and the messages of all others as they were sent."""

    def __init__(self, campaign: Campaign, start: datetime) -> None:
        self._campaign, self._start = campaign, start
        # Campaigns that take no part: paused now, or never begun.
        self.left_out: list[int] = []
        # When another campaign is launched or ended, the latest first.
        self._turns: list[datetime] = []

    def remember(self) -> None:
        """Copy what was planned and sent until the start; let the campaign run from then on, and others as they did."""
        for model in _COPIED:
            names = _names(model)
            execute(f"INSERT INTO {table_of(model)} ({names}) SELECT {names} FROM {real(table_of(model))}")
        Shop.objects.update(sending_stopped=False)
        own = Campaign.objects.filter(pk=self._campaign.pk)
        launched = min(self._campaign.launched_at or self._start, self._start)
        own.update(status=Status.LIVE, launched_at=launched, ended_at=None, canary_share=None)
        others = Campaign.objects.exclude(pk=self._campaign.pk)
        # A pause is not dated: whoever is paused now, or never ran, is left out.
        left_out = others.exclude(status__in=Campaign.SENDING).exclude(status=Status.ENDED, ended_at__isnull=False)
        self.left_out = list(left_out.values_list("pk", flat=True))
        others.filter(launched_at__gt=self._start).update(status=Status.APPROVED)
        others.filter(launched_at__lte=self._start, ended_at__gt=self._start).update(status=Status.LIVE)
        left_out.update(status=Status.PAUSED)
        since, start = self._start - _REMEMBERED, instant(self._start)
        _copy(Occasion, "decided_at <= %s AND decided_at > %s", (self._start, since))
        _copy(Delivery, "created_at <= %s AND created_at > %s", (self._start, since))
        # What was sent later was still planned then.
        if self.left_out:
            ids = ", ".join(map(str, self.left_out))
            execute(f"DELETE FROM {table_of(Delivery)} WHERE permitted_at > %s AND campaign_id IN ({ids})", (start,))
        Delivery.objects.filter(permitted_at__gt=self._start).update(
            state=State.PLANNED,
            reason="",
            spoken_on=None,
            permitted_at=None,
            address_key="",
            claim=None,
            lease_until=None,
        )
        moments = others.exclude(pk__in=self.left_out).values_list("launched_at", "ended_at")
        self._turns = sorted({at for pair in moments for at in pair if at and at > self._start}, reverse=True)
        self._remember_segments()
        Heartbeat.objects.create(name=HEARTBEAT, business_at=self._start, finished_at=timezone.now())

    def _remember_segments(self) -> None:
        """Who had entered which segment, and stood in it, at the start; the others are looked at for the first time."""
        names = _names(SegmentEntry)
        execute(
            f"INSERT INTO {table_of(SegmentEntry)} ({names}) SELECT {names} FROM {real(table_of(SegmentEntry))}"
            " WHERE entered_at IS NULL OR entered_at <= %s",
            (instant(self._start),),
        )
        SegmentEntry.objects.filter(left_at__gt=self._start).update(left_at=None)
        known = SegmentEntry.objects.order_by().values_list("campaign", flat=True).distinct()
        SegmentLook.objects.bulk_create(
            SegmentLook(campaign_id=campaign, looked_at=self._start - SWEEP) for campaign in known
        )

    def know_well(self) -> None:
        """Let the database look at what has been written by now."""
        for model in (Occasion, Delivery, Attempt, GuardFinding, SegmentEntry):
            know_well(table_of(model))

    def move(self, before: datetime, now: datetime) -> None:
        """Launch and end the other campaigns as it happened, and count what those left out really sent meanwhile."""
        if self._turns and self._turns[-1] <= now:
            others = Campaign.objects.exclude(pk__in=[self._campaign.pk, *self.left_out])
            others.filter(launched_at__gt=before, launched_at__lte=now).update(status=Status.LIVE)
            others.filter(ended_at__gt=before, ended_at__lte=now).update(status=Status.ENDED)
            self._turns = [at for at in self._turns if at > now]
        if self.left_out:
            ids = ", ".join(map(str, self.left_out))
            _copy(Delivery, f"campaign_id IN ({ids}) AND permitted_at > %s AND permitted_at <= %s", (before, now))


def _names(model: type[Model]) -> str:
    return ", ".join(f'"{name}"' for name in columns(model))


def _copy(model: type[Occasion] | type[Delivery], which: str, params: tuple[datetime, ...]) -> None:
    names = _names(model)
    source = real(table_of(model))
    execute(
        f"INSERT INTO {table_of(model)} ({names}) SELECT {names} FROM {source} WHERE {which}",
        tuple(map(instant, params)),
    )
