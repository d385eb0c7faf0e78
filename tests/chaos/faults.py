"""The faults of docs/delivery.md, each with its short and its full amount."""

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Final

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.db.models import Q

from campaigns import clock
from campaigns.models import Order
from tests.chaos import calendar_days, callbacks, outages
from tests.chaos.arena import GRACE_SECONDS, Arena, Row
from tests.chaos.failpoints import POINTS, stumble
from triggers import sweeper
from triggers.channels import keepalive, smtp
from triggers.dispatch import dispatch
from triggers.dispatch.send import BEGIN_SECONDS
from triggers.models import Attempt, Circuit, Decision, Delivery, Occasion
from triggers.planner import plan


@dataclass(frozen=True)
class Fault:
    """One line of the table. `run(arena, amount)` breaks things `amount` times and returns the verdict."""

    name: str
    run: Callable[[Arena, int], Row]
    short: int
    full: int
    full_on_sqlite: int = 0
    postgresql_only: bool = False
    own_cluster: bool = False
    provider: str = "sendgrid"

    def amount(self, profile: str) -> int:
        """Return how often it happens in a profile on this database."""
        if profile == "short":
            return self.short
        return self.full_on_sqlite if self.full_on_sqlite and connection.vendor == "sqlite" else self.full


def kill_workers(arena: Arena, amount: int) -> Row:
    """Kill -9 one of two workers at random times, while customers withdraw."""
    amount = max(amount, 3)
    sends = amount * (50 if amount > 100 else 40)
    arena.orders(sends)
    plan(clock.now())
    arena.sink.misbehave({"slow:0.01": 1.0})
    workers = [arena.work(), arena.work()]
    for _kill in range(amount):
        time.sleep(arena.random.uniform(0.02, 0.2))
        arena.withdraw_some(2)
        victim = arena.random.randrange(len(workers))
        arena.kill(workers[victim])
        workers[victim] = arena.work()
    arena.settle()
    return arena.check("kill -9 a worker at random", f"{amount} over {sends} sends")


def stumble_at_points(arena: Arena, amount: int, *, number: signal.Signals, seconds: float) -> Row:
    """Stop a worker at each step's edge: for good, or until its lease is over and another has taken its place."""
    settings.DISPATCH_BATCH = 10
    missed: list[str] = []
    arena.sink.misbehave({"slow:0.01": 1.0})
    for _round in range(amount):
        for point in POINTS:
            arena.orders(24)
            plan(clock.now())
            worker = arena.fork(partial(stumble, point, arena.random.randint(1, 2), number))
            _pid, status = os.waitpid(worker, os.WUNTRACED)
            if not (os.WIFSTOPPED(status) or os.WIFSIGNALED(status)):
                missed.append(f"a worker never came to the point {point.name!r}")
            # One stopped within its own transaction holds its rows, on SQLite everything: the others can but wait.
            if point.harmless or number == signal.SIGKILL:
                arena.withdraw_some(4)
            arena.note_in_flight()
            if number == signal.SIGSTOP:
                time.sleep(seconds if point.harmless else settings.DISPATCH_LEASE_SECONDS + 0.5)
                if point.harmless:
                    sweeper.sweep()
                    dispatch(limit=30)
                    arena.note_in_flight()
                os.kill(worker, signal.SIGCONT)
                arena.reap(worker)
            else:
                arena.workers.discard(worker)
    arena.settle()
    what = "kill -9" if number == signal.SIGKILL else "SIGSTOP beyond the lease"
    row = arena.check(f"{what} at each failpoint", f"{amount} at each of {len(POINTS)}")
    row.wrong += missed
    return row


def kill_at_points(arena: Arena, amount: int) -> Row:
    """Kill -9."""
    return stumble_at_points(arena, amount, number=signal.SIGKILL, seconds=0)


def stop_at_points(arena: Arena, amount: int) -> Row:
    """SIGSTOP, until the lease is over, and so long that nothing permitted before may still be sent."""
    seconds = max(settings.DISPATCH_LEASE_SECONDS, BEGIN_SECONDS + GRACE_SECONDS) + 0.5
    return stumble_at_points(arena, amount, number=signal.SIGSTOP, seconds=seconds)


def failing_provider(arena: Arena, amount: int) -> Row:
    """Refused for now, refused or lost after it was said, no answer in time, and taken without an answer, a fifth each;
    the circuit must open within 30 s."""
    for module in (keepalive, smtp):
        arena.patch(module, "READ_SECONDS", 0.3)
    for_now, lost = ("421", "reset") if arena.provider == "smtp" else ("429", "500")
    arena.any_unknown = True
    # Of thirty, one run in ten draws too few faults to open it.
    amount = max(amount, 80)
    arena.orders(amount)
    plan(clock.now())
    wrong = {for_now: 0.2, lost: 0.2, "slow:0.8": 0.2, "drop": 0.2}
    arena.sink.misbehave(wrong, seed=arena.random.randrange(10**6))
    began, opened = time.monotonic(), 0.0
    while Delivery.objects.filter(state="planned").exists() and time.monotonic() - began < 30 + amount / 20:
        dispatch(limit=60)
        if Circuit.objects.filter(open_until__isnull=False).exists():
            opened = opened or time.monotonic() - began
            # A person who cannot wait presses "Try again now".
            Circuit.objects.update(recent="", open_until=None)
        arena.set_clock(clock.now() + timedelta(seconds=30))
    arena.settle()
    row = arena.check(f"provider: {for_now}, {lost}, time-out, taken in silence, 20 % each", f"{amount} sends")
    if not 0 < opened <= 30:
        row.wrong.append("the circuit did not open within 30 s")
    return row


def planners_at_once(arena: Arena, amount: int) -> Row:
    """Three planners and two dispatchers at each tick, orders that become known late, one planner killed a tick."""
    for tick in range(amount):
        late = timedelta(hours=arena.random.choice((0, 0, 3, 20)))
        arena.orders(6, last=clock.now() - late)
        planners = [arena.fork(lambda: plan(clock.now())) for _planner in range(3)]
        if tick % 3 == 0:
            time.sleep(arena.random.uniform(0, 0.05))
            arena.kill(planners.pop())
        workers = [arena.fork(dispatch) for _worker in range(2)]
        for process in (*planners, *workers):
            if arena.reap(process):
                # A crowd at SQLite's one lock may be told to come again; beat does.
                plan(clock.now())
        arena.set_clock(clock.now() + timedelta(hours=24) / amount)
    # What the last orders that became known late bring about is found by the next sweep.
    arena.set_clock(clock.now() + timedelta(minutes=15))
    arena.settle()
    return arena.check("two beats, three planners, late facts", f"24 h in {amount} ticks")


def clock_jumps(arena: Arena, amount: int) -> Row:
    """The machine's clock jumps by seconds, an hour and two days, forth and back."""
    for jump in range(amount):
        arena.orders(10)
        for shift in ((5, -5), (3600, -3600), (172_800, -172_800))[jump % 3]:
            arena.set_clock(clock.now() + timedelta(seconds=shift))
            plan(clock.now())
            dispatch()
    arena.settle()
    return arena.check("clock ±5 s, ±1 h, ±2 d", f"{amount} jumps")


def downtime(arena: Arena, amount: int) -> Row:
    """Nothing runs for an hour, two days, ten days: what is still fresh goes out, the rest is listed as missed."""
    wrong = []
    for _round in range(amount):
        for stop in (timedelta(hours=1), timedelta(days=2), timedelta(days=10)):
            plan(clock.now())
            arena.set_clock(clock.now() + stop)
            now = clock.now()
            last = Order.objects.order_by("pk").last()
            arena.orders(30, last=now, apart=stop / 30)
            plan(now)
            fresh = Q(placed_at__gt=now - timedelta(hours=72))
            orders = Order.objects.filter(pk__gt=last.pk if last else 0)
            for decision, wanted in ((Decision.DUE, orders.filter(fresh)), (Decision.SKIPPED, orders.exclude(fresh))):
                told = set(Occasion.objects.filter(order__in=orders, decision=decision).values_list("order", flat=True))
                if told != set(wanted.values_list("pk", flat=True)):
                    wrong.append(f"after {stop}: {decision} differs from the freshness table")
            dispatch()
    arena.settle()
    row = arena.check("downtime 1 h, 2 d, 10 d", f"{amount} of each")
    row.wrong += wrong
    return row


def cut_connections(arena: Arena, amount: int) -> Row:
    """PostgreSQL ends every worker's connection at random times, between a call and its result included."""
    arena.orders(amount * 40)
    plan(clock.now())
    arena.sink.misbehave({"slow:0.01": 1.0})
    workers = [arena.work(), arena.work()]
    for _cut in range(amount):
        time.sleep(arena.random.uniform(0.02, 0.25))
        arena.note_in_flight()
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        time.sleep(0.05)
        arena.note_in_flight()
        for worker in list(workers):
            arena.kill(worker)
        workers = [arena.work(), arena.work()]
    arena.settle()
    return arena.check("PostgreSQL connections cut", f"{amount} over {amount * 40} sends")


def second_attempts(arena: Arena, amount: int) -> Row:
    """Faulty code tries to write a second attempt for a message that may have been sent: the database refuses."""
    arena.orders(amount)
    plan(clock.now())
    dispatch()
    arena.settle()
    row = arena.check("a second attempt written by force", f"{amount}")
    for attempt in Attempt.objects.all()[:amount]:
        again = Attempt(delivery=attempt.delivery, provider="sendgrid", recipient="x", text="x")
        again.business_at = again.started_at = clock.now()
        try:
            with transaction.atomic():
                again.save(force_insert=True)
        except IntegrityError:
            continue
        row.wrong.append("the database took a second attempt")
    return row


FAULTS: Final = (
    Fault("kills", kill_workers, 12, 1000, full_on_sqlite=200),
    Fault("points-killed", kill_at_points, 1, 50),
    Fault("points-stopped", stop_at_points, 1, 30),
    Fault("provider", failing_provider, 150, 3000),
    Fault("kills-smtp", kill_workers, 6, 1000, full_on_sqlite=200, provider="smtp"),
    Fault("points-killed-smtp", kill_at_points, 1, 50, provider="smtp"),
    Fault("points-stopped-smtp", stop_at_points, 1, 30, provider="smtp"),
    Fault("provider-smtp", failing_provider, 150, 3000, provider="smtp"),
    Fault("planners", planners_at_once, 8, 288),
    Fault("clock", clock_jumps, 3, 60),
    Fault("calendar", calendar_days.birthdays, 1, 9),
    Fault("downtime", downtime, 1, 10),
    Fault("backups", outages.backups_restored, 2, 10),
    Fault("web", outages.web_killed, 3, 200),
    Fault("cuts", cut_connections, 6, 100, postgresql_only=True),
    Fault("restarts", outages.postgresql_restarted, 3, 50, postgresql_only=True, own_cluster=True),
    Fault("callbacks", callbacks.storm, 1000, 100_000),
    Fault("by-force", second_attempts, 20, 50),
)
