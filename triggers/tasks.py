"""Celery's doors: each reads the clock and calls one verb. A message lost, doubled or late changes nothing."""

from celery import shared_task
from django.db import InterfaceError, OperationalError

from campaigns import clock
from campaigns.ingest import tiers
from triggers import auto_pause, global_group, lookups, queued, sweeper
from triggers.dispatch import dispatch as dispatch_due
from triggers.entries import note_entries
from triggers.heartbeat import beat
from triggers.planner import plan as plan_due
from triggers.rehearsal import queue as rehearsals


@shared_task(name="triggers.plan")
def plan() -> None:
    """Plan what fell due for everybody, then have it sent; take up rings that were left lying."""
    plan_due(clock.now())
    queued.ask_once("ring", ring.delay)
    queued.ask_once("dispatch", dispatch.delay)


@shared_task(name="triggers.ring")
def ring() -> None:
    """Plan what new facts brought about for the customers who were rung for, then have it sent."""
    queued.begin("ring")
    customers, facts, more = queued.take_rings()
    if not customers:
        return
    now = clock.now()
    try:
        note_entries(now, customers=customers)
        plan_due(now, customers=customers, facts=facts)
    except (OperationalError, InterfaceError):
        # The database is out of reach: taken up again by the next ring, or within a minute.
        queued.keep_ring(customers, facts)
        raise
    if more:
        queued.ask_once("ring", ring.delay)
    queued.ask_once("dispatch", dispatch.delay)


@shared_task(name="triggers.entries")
def entries() -> None:
    """Note who entered which segment, where an hour has passed since everybody was looked at."""
    note_entries(clock.now())


@shared_task(name="triggers.end_lapsed_tiers")
def end_lapsed_tiers() -> None:
    """Take tiers counted over 12 months from those whose total has fallen."""
    tiers.end_lapsed_tiers(clock.now())


@shared_task(name="triggers.dispatch")
def dispatch() -> None:
    """Send what is due."""
    queued.begin("dispatch")
    dispatch_due()
    beat("dispatch", clock.now())


@shared_task(name="triggers.watch")
def watch() -> None:
    """Pause the campaigns that do harm."""
    auto_pause.watch(clock.now())
    beat("watch", clock.now())


@shared_task(name="triggers.draw_global_group")
def draw_global_group() -> None:
    """Draw the global control group anew where a new quarter has begun."""
    global_group.draw_each_quarter(clock.now())


@shared_task(name="triggers.sweep")
def sweep() -> None:
    """End the leases of workers that died, and ask after the messages whose answer was lost."""
    sweeper.sweep()
    beat("sweep", clock.now())
    lookups.look_up(clock.now())
    if rehearsals.waiting():
        rehearse.delay()


@shared_task(name="triggers.rehearse")
def rehearse() -> None:
    """Carry out the rehearsals that wait, if no other worker does."""
    rehearsals.run_waiting()
