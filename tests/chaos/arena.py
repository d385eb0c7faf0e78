"""One shop, one provider in its own process, and workers that may be killed; the log is the truth of what was sent."""

import os
import re
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, Final
from unittest import mock

from django.conf import settings
from django.core.management import call_command
from django.db import connections
from django.test.utils import override_settings

from campaigns import clock
from campaigns.address import address_key
from campaigns.consent import withdraw
from campaigns.models import Consent, Customer, Order
from tests import cast
from tests.emptied import audit_log_emptied_too
from tests.providers.process import Running, running
from triggers import rulings, sweeper
from triggers.dispatch import circuit, dispatch
from triggers.dispatch.send import BEGIN_SECONDS
from triggers.models import Attempt, Delivery, Occasion, State
from triggers.planner import plan

# What a delivery may end as; anything else at the end is lost.
ENDS: Final = (State.ACCEPTED, State.DELIVERED, State.BOUNCED, State.FAILED, State.UNKNOWN, State.UNCONFIRMED)
# What still waits for an end.
OPEN: Final = (State.PLANNED, State.CLAIMED, State.SENDING)
# Settling ends as soon as nothing waits, or nothing less than before for so long.
SETTLE_SECONDS: Final = 120.0
LONGEST_SETTLING_SECONDS: Final = 1800.0
# How much later than it began a call may be in the provider's log on a busy machine.
GRACE_SECONDS: Final = 1.0
# The line of a traceback that names the exception.
_FAULT: Final = re.compile(r"[\w.]+(Error|Exception|Exit|Interrupt)\b")


@dataclass
class Row:
    """What one fault came to, and what was wrong with it."""

    fault: str
    amount: str
    doubles: int = 0
    lost: int = 0
    false_accepted: int = 0
    unknown: int = 0
    quarantined: int = 0
    after_withdrawal: int = 0
    wrong: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def red(self) -> bool:
        """Whether an invariant is broken."""
        return bool(self.doubles or self.lost or self.false_accepted or self.after_withdrawal or self.wrong)


class Arena:
    """A fresh shop with one campaign that thanks for orders, for one fault, and a `provider` of e-mails."""

    def __init__(self, folder: Path, seed: int, provider: str) -> None:
        self.folder, self.random, self.provider = folder, Random(seed), provider
        self.withdrawn: dict[int, float] = {}
        # Deliveries that stood in `sending` when their worker died: each may be unknown.
        self.in_flight: set[int] = set()
        # Deliveries whose worker died three times before their permit: they wait for a person.
        self.quarantined: set[int] = set()
        self.any_unknown = False
        self.workers: set[int] = set()
        self._stack = ExitStack()

    def __enter__(self) -> "Arena":
        with audit_log_emptied_too():
            call_command("flush", interactive=False, verbosity=0)
        self.folder.mkdir(parents=True)
        # What a fault sets ends with it.
        self._stack.enter_context(override_settings())
        settings.CLOCK_FILE = str(self.folder / "clock")
        self.start = datetime.now(UTC)
        self.set_clock(self.start)
        options = ("--brief",) if self.provider == "smtp" else ()
        log = self.folder / f"{self.provider}.log"
        self.sink: Running = self._stack.enter_context(running(self.provider, log, *options))
        settings.EMAIL_PROVIDER = self.provider
        settings.SENDGRID_HOST, settings.SMTP_URL = self.sink.url, f"smtp://127.0.0.1:{self.sink.port}"
        self.campaign = cast.live_campaign(
            "post_purchase", {"anchor": "placed"}, slug="thanks", launched_at=self.start - timedelta(days=30)
        )
        return self

    def __exit__(self, *_error: object) -> None:
        for worker in self.workers:
            with suppress(ProcessLookupError):
                os.kill(worker, signal.SIGKILL)
                os.waitpid(worker, 0)
        self._stack.close()

    # The world -------------------------------------------------------------------------------------------------------

    def set_clock(self, now: datetime) -> None:
        """Set business time for everybody."""
        fresh = Path(f"{settings.CLOCK_FILE}.new")
        fresh.write_text(now.isoformat())
        fresh.replace(settings.CLOCK_FILE)

    def orders(self, count: int, *, last: datetime | None = None, apart: timedelta = timedelta(0)) -> None:
        """Let `count` new customers each place an order, the last a minute before `last` (now), the others `apart`."""
        placed_at = (last or clock.now()) - timedelta(minutes=1)
        made = cast_customers(Order.objects.count(), count)
        Order.objects.bulk_create(
            Order(
                external_id=f"o-{customer.external_id}",
                customer=customer,
                placed_at=placed_at - number * apart,
                total=5990,
                updated_at=placed_at,
                created_at=placed_at,
            )
            for number, customer in enumerate(made)
        )

    def withdraw_some(self, count: int) -> None:
        """Let customers withdraw whose message waits or is in a worker's hands; note when each word was committed."""
        waiting = list(Delivery.objects.filter(state__in=OPEN).values_list("customer_id", flat=True))
        for pk in self.random.sample(waiting, min(count, len(waiting))):
            withdraw(Customer.objects.get(pk=pk), "email", "chaos", clock.now())
            self.withdrawn[pk] = time.time()

    # Workers ---------------------------------------------------------------------------------------------------------

    def fork(self, job: Callable[[], Any]) -> int:
        """Run `job` in a process of its own; return its id."""
        connections.close_all()
        sys.stdout.flush()
        pid = os.fork()
        if pid:
            self.workers.add(pid)
            return pid
        try:
            os.dup2(os.open(self.folder / "workers.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND), 2)
            job()
            connections.close_all()
            os._exit(0)
        except BaseException:  # noqa: BLE001 - told by `complaints` where the fault turns red
            traceback.print_exc()
            os._exit(1)

    def work(self) -> int:
        """Start a worker that dispatches and sweeps until it is killed."""
        return self.fork(_work_for_ever)

    def kill(self, worker: int) -> None:
        """Kill -9 a worker, and note what it had in flight."""
        with suppress(ProcessLookupError):
            os.kill(worker, signal.SIGKILL)
        self.reap(worker)

    def reap(self, worker: int) -> int:
        """Wait for a worker's end; return its status. What stands in `sending` now may have been its."""
        _pid, status = os.waitpid(worker, 0)
        self.workers.discard(worker)
        self.note_in_flight()
        return status

    def complaints(self) -> list[str]:
        """Return what processes of `fork` ended with, each once."""
        log = self.folder / "workers.log"
        said = log.read_text("utf-8", "replace").splitlines() if log.exists() else []
        return list(dict.fromkeys(f"a worker ended with {line}" for line in said if _FAULT.match(line)))[-5:]

    def note_in_flight(self) -> None:
        """Remember the deliveries that are under way."""
        self.in_flight.update(Delivery.objects.filter(state=State.SENDING).values_list("pk", flat=True))

    def settle(self) -> None:
        """Stop the workers, mend the provider, put what is quarantined back as a person would, and let the clock go on
        until nothing waits any more."""
        for worker in list(self.workers):
            self.kill(worker)
        self.sink.misbehave({})
        fewest, end, last = sys.maxsize, 0.0, time.monotonic() + LONGEST_SETTLING_SECONDS
        while True:
            circuit.close(self.provider)
            plan(clock.now())
            sweeper.sweep()
            self._release()
            dispatch()
            left = Delivery.objects.filter(state__in=OPEN).count()
            if left < fewest:
                fewest, end = left, min(last, time.monotonic() + SETTLE_SECONDS)
            if not left or time.monotonic() > end:
                return
            self.set_clock(clock.now() + timedelta(minutes=2))
            time.sleep(0.2)

    def _release(self) -> None:
        held = set(Delivery.objects.filter(state=State.QUARANTINED).values_list("pk", flat=True))
        self.quarantined |= held
        rulings.release(held, by="chaos", now=clock.now())

    def patch(self, module: Any, name: str, value: Any) -> None:
        """Set what a module holds until the fault is over."""
        self._stack.enter_context(mock.patch.object(module, name, value))

    # The verdict -----------------------------------------------------------------------------------------------------

    def check(self, fault: str, amount: str) -> Row:
        """Hold the provider's log against the database."""
        row = Row(fault if self.provider == "sendgrid" else f"{fault}, by SMTP", amount)
        log = self.sink.log()
        attempts = {pk.hex: (delivery, at) for pk, delivery, at in _attempts()}
        sent = Counter(attempts[line["attempt"]][0] for line in log if line["attempt"] in attempts)
        row.wrong += [f"{line['attempt']} was sent and is not known" for line in log if line["attempt"] not in attempts]
        to = Counter(line["to"] for line in log)
        row.doubles = max(sum(max(times - 1, 0) for times in counted.values()) for counted in (sent, to))
        states = dict(Delivery.objects.values_list("pk", "state"))
        row.false_accepted = sum(state == State.ACCEPTED and not sent[pk] for pk, state in states.items())
        unknown = {pk for pk, state in states.items() if state in (State.UNKNOWN, State.UNCONFIRMED)}
        row.unknown, row.quarantined = len(unknown), len(self.quarantined)
        if not log:
            row.wrong.append("nothing was sent at all")
        if not self.any_unknown and (strange := unknown - self.in_flight):
            row.wrong.append(f"{len(strange)} unknown that were not in flight at a kill")
        if self.any_unknown and len(unknown) > (unanswered := self.sink.unanswered()):
            row.wrong.append(f"{len(unknown)} unknown, of which the provider left {unanswered} without an answer")
        open_ones = {pk for pk, state in states.items() if state not in (*ENDS, State.SKIPPED)}
        unsent = {pk for pk in self._must_send() if not sent[pk]} - unknown
        row.lost = self._without_occasion() + len(open_ones | unsent)
        known = [(line["at"], *attempts[line["attempt"]]) for line in log if line["attempt"] in attempts]
        row.after_withdrawal = sum(self._too_late(*call) for call in known)
        return row

    def _without_occasion(self) -> int:
        """How many orders have no occasion, though nobody withdrew."""
        due = Order.objects.exclude(customer__in=self.withdrawn).count()
        return due - Occasion.objects.exclude(customer__in=self.withdrawn).values("customer").distinct().count()

    def _must_send(self) -> set[int]:
        """Return the deliveries that must be in the log or listed: those of everybody who did not withdraw."""
        if not hasattr(self, "_owed"):
            rows = Delivery.objects.exclude(state=State.FAILED).exclude(customer__in=self.withdrawn)
            self._owed = set(rows.values_list("pk", flat=True))
        return self._owed

    def _too_late(self, logged_at: float, delivery: int, started_at: datetime) -> bool:
        withdrawn_at = self.withdrawn.get(_owner(delivery)) if self.withdrawn else None
        if withdrawn_at is None:
            return False
        # One permitted before the word may still begin within BEGIN_SECONDS, and be logged a moment after.
        return bool(started_at.timestamp() > withdrawn_at or logged_at > withdrawn_at + BEGIN_SECONDS + GRACE_SECONDS)


def cast_customers(first: int, count: int) -> list[Customer]:
    """Customers c-<first> … who agreed to e-mail."""
    made = Customer.objects.bulk_create(
        Customer(
            external_id=f"c-{number}",
            email=f"c-{number}@maison-the.test",
            email_key=address_key(f"c-{number}@maison-the.test"),
            first_name=f"N{number}",
            language="fr",
            created_at=cast.LONG_AGO,
            signed_up_at=cast.LONG_AGO,
            email_marketing=True,
        )
        for number in range(first, first + count)
    )
    Consent.objects.bulk_create(
        Consent(
            customer=customer,
            channel="email",
            granted=True,
            source="checkout",
            given_at=cast.LONG_AGO,
            recorded_at=cast.LONG_AGO,
        )
        for customer in made
    )
    return made


def _attempts() -> list[tuple[Any, int, datetime]]:
    return list(Attempt.objects.values_list("pk", "delivery_id", "started_at"))


def _owner(delivery: int) -> int:
    return int(Delivery.objects.values_list("customer_id", flat=True).get(pk=delivery))


def _work_for_ever() -> None:
    swept = time.monotonic()
    while True:
        calls = dispatch(seconds=5)
        if time.monotonic() - swept > 0.5:
            sweeper.sweep()
            swept = time.monotonic()
        if not calls:
            time.sleep(0.05)
