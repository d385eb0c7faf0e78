"""The rehearsal itself: the clock moves by the hour, and planner, composer and fire permit do what they always do."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Final

from campaigns import clock
from campaigns.gestures.compile import Compiled, compile_text, numbered
from campaigns.models import Campaign, ChannelName, Variant
from triggers.dispatch.claim import claim
from triggers.dispatch.compose import Composer, Draft
from triggers.dispatch.permit import permit
from triggers.entries import note_entries
from triggers.models import Delivery, State
from triggers.planner import plan
from triggers.rehearsal import customers, facts
from triggers.rehearsal.ledgers import Ledgers
from triggers.rehearsal.ledgers import make_tables as make_ledgers
from triggers.rehearsal.shadow import dropping, only_shadows

TICK: Final = timedelta(hours=1)
_BATCH: Final = 500
# The ledgers grow: they are looked at anew after so many ticks.
_DAY: Final = 24

# Told of each message that would have gone out, and when.
Sent = Callable[[Draft, datetime], None]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a rehearsal is, 0 to 1; `at` is the instant lived through last, None while facts are gathered."""

    share: float
    at: datetime | None = None


# Copying the facts takes about this share of the whole.
_GATHERING: Final = 0.2


def hours(start: datetime, end: datetime) -> list[datetime]:
    """Return the full hours after `start`, up to and with `end`."""
    first = start.replace(minute=0, second=0, microsecond=0)
    ticks = [first + TICK * n for n in range((end - first) // TICK + 1)]
    return [tick for tick in ticks if tick > start]


@contextmanager
def staged(campaign: Campaign, start: datetime) -> Iterator["Play"]:
    """Hide everything later than `start` from this connection, and everything real from what is written over it."""
    with dropping():
        play = Play(campaign, start)
        make_ledgers()
        customers.make_tables()
        facts.hide_later_facts(start)
        yield play


class Play:
    """One rehearsal under way, on its connection."""

    def __init__(self, campaign: Campaign, start: datetime) -> None:
        self._start = self._now = start
        self._ledgers = Ledgers(campaign, start)
        self._compiled = cache(_compiled)

    def gather(self) -> Iterator[Progress]:
        """Copy and take back what must be; yield after each part."""
        with only_shadows():
            self._ledgers.remember()
            facts.note_steps(self._start)
        facts.index_steps()
        for share in customers.copy_customers():
            yield Progress(_GATHERING * share)
        for _batch in customers.take_back(self._start):
            yield Progress(_GATHERING)
        with clock.at(self._start), only_shadows():
            note_entries(self._start, without=self._ledgers.left_out)

    def through(self, ticks: Sequence[datetime], sent: Sent) -> Iterator[Progress]:
        """Live through `ticks` (each later than the one before); yield after each."""
        for number, now in enumerate(ticks, start=1):
            with clock.at(now), only_shadows():
                customers.move_customers(self._now, now)
                self._ledgers.move(self._now, now)
                self._now = now
                note_entries(now, without=self._ledgers.left_out)
                plan(now)
                if number % _DAY == 1:
                    self._ledgers.know_well()
                self._send(now, sent)
            yield Progress(_GATHERING + (1 - _GATHERING) * number / len(ticks), now)

    def _send(self, now: datetime, sent: Sent) -> None:
        """Do what dispatch does, up to the call; every call would have been accepted."""
        while batch := claim(now, channels=list(ChannelName), size=_BATCH):
            drafts, misfits = Composer(batch, now, compiled=self._compiled).compose(batch)
            whole = {draft.delivery.pk: draft for draft in drafts}
            permitted = permit([_lean(draft) for draft in drafts], misfits, now, counted=False)
            Delivery.objects.filter(pk__among={draft.delivery.pk for draft in permitted}).update(
                state=State.ACCEPTED, lease_until=None
            )
            for draft in permitted:
                sent(whole[draft.delivery.pk], now)


def _compiled(variant: Variant) -> Compiled:
    """Return a text compiled without registering its links, which would be written for good."""
    return compile_text(variant, register=numbered)


def _lean(draft: Draft) -> Draft:
    """Return a draft whose record takes little room, as nobody reads it again; an SMS is counted by its text."""
    text = draft.message.text if draft.delivery.channel == ChannelName.SMS else ""
    return draft._replace(message=replace(draft.message, subject="", text=text, html=""))
