"""Worker, beat, web and Valkey killed at random, and the broker emptied, while 5,000 customers are written to.

Nobody twice, nobody lost.

KILLS_SEED repeats a run; its seed is printed. KILLS and SENDS make it longer.
"""

import os
import random
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import kombu.exceptions
import pytest
import redis
import requests

from tests.system.journey.live import SHOP
from tests.system.journey.system import System, wait_until

SENDS: Final = int(os.environ.get("SENDS", "5000"))
KILLS: Final = int(os.environ.get("KILLS", "20"))
VICTIMS: Final = ("worker", "worker", "worker", "broker", "flush", "web", "beat")
LEASE_SECONDS: Final = 4

pytestmark = pytest.mark.system


class Kills:
    """Kills one process of the system at a time, and counts the permits that were in flight when a worker died."""

    def __init__(self, system: System, seed: int) -> None:
        self.system = system
        self.random = random.Random(seed)
        self.in_flight: set[int] = set()
        self.done: Counter[str] = Counter()

    def one(self) -> None:
        """Kill -9 a whole child of the supervisor, or one process of it, or empty the broker."""
        name, processes = self._victim()
        if name == "flush":
            with suppress(redis.RedisError), redis.Redis.from_url(self.system.state()["redis_url"]) as broker:
                broker.flushall()
        for process in processes if not processes or self.random.random() < 0.5 else [self.random.choice(processes)]:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        self.done[name] += 1
        if name == "worker":
            sending = self.system.rows("SELECT id FROM triggers_delivery WHERE state = 'sending'")
            self.in_flight.update(delivery for (delivery,) in sending)

    def _victim(self) -> tuple[str, list[int]]:
        """One of those that live just now: what was killed a moment ago may not be back yet."""
        while True:
            name = self.random.choice(VICTIMS)
            if name == "flush":
                return name, []
            group = self.system.state()["children"].get(name)
            if group and (processes := members(group)):
                return name, processes


def members(group: int) -> list[int]:
    """The living processes of a process group."""
    listing = subprocess.run(["ps", "-eo", "pid=,pgid=,stat="], capture_output=True, text=True, check=True).stdout
    rows = (line.split() for line in listing.splitlines())
    return [int(pid) for pid, its_group, stat in rows if int(its_group) == group and not stat.startswith("Z")]


@pytest.fixture
def system(tmp_path: Path, journey_database: tuple[str, str]) -> Iterator[System]:
    """A system on a database of its own, with the embedded broker, which can be killed like the others."""
    short = {"DISPATCH_LEASE_SECONDS": str(LEASE_SECONDS), "DISPATCH_CONNECTIONS": "4"}
    running = System(tmp_path, journey_database[0], "", short)
    try:
        yield running
    finally:
        running.stop()


def test_kills_write_to_nobody_twice_and_lose_nobody(system: System) -> None:
    seed = int(os.environ.get("KILLS_SEED", random.randrange(10**6)))
    print(f"\nKILLS_SEED={seed}")
    system.start(now=datetime.now(UTC))
    launch(system)
    # A real provider's latency, so that the kills find messages under way.
    requests.put(f"http://127.0.0.1:{system.sendgrid_port}/_mode", json={"faults": {"slow:0.02": 1.0}}, timeout=5)
    kills = Kills(system, seed)
    began = time.monotonic()
    for number in range(KILLS):
        post(system, [order for index in range(number, SENDS, KILLS) for order in customer_with_order(index)])
        time.sleep(kills.random.uniform(0.05, 0.8))
        kills.one()
    finish(system)
    took = time.monotonic() - began
    check(system, kills.in_flight)
    states = dict(system.rows("SELECT state, count(*) FROM triggers_delivery GROUP BY state"))
    print(f"{dict(kills.done)} killed, {len(kills.in_flight)} permits in flight at the kills, {states}, {took:.0f} s")


def launch(system: System) -> None:
    """One live campaign that thanks for an order at once."""
    system.manage("shell", "-c", SHOP.format(timezone="Europe/Paris", currency="EUR"))
    named = {"slug": "thanks", "name": "Thanks"}
    system.call("POST", "/moments", {**named, "kind": "post_purchase", "rule": {"anchor": "placed"}})
    text = {
        "channel": "email",
        "language": "en",
        "subject": "Thanks {{ customer.first_name }}",
        "body": "<p>Thanks</p>",
    }
    system.call("POST", "/gestures", {**named, "purpose": "relation", "variants": [text]})
    campaign = {**named, "moment": "thanks", "gesture": "thanks", "channels": ["email"], "holdout_share": "0.000"}
    system.call("POST", "/campaigns", campaign)
    system.call("POST", "/campaigns/thanks/approve")
    system.call("POST", "/campaigns/thanks/launch")


def customer_with_order(index: int) -> list[dict[str, Any]]:
    """A customer who agreed to e-mail, and an order placed just now."""
    now = datetime.now(UTC).isoformat()
    name = f"c-{index}"
    return [
        {"type": "customer", "id": name, "email": f"{name}@journey.test", "first_name": f"N{index}", "language": "en"},
        {"type": "consent", "customer": name, "channel": "email", "granted": True, "given_at": "2025-01-01T00:00:00Z"},
        {
            "type": "order",
            "id": f"o-{index}",
            "customer": name,
            "placed_at": now,
            "currency": "EUR",
            "total": "59.90",
            "status": "paid",
            "updated_at": now,
        },
    ]


def post(system: System, items: list[dict[str, Any]]) -> None:
    """Post items as a shop does: again and again until every batch was acknowledged."""
    system.set_clock(datetime.now(UTC))
    for start in range(0, len(items), 600):
        body = {"batch": items[start : start + 600]}

        def acknowledged(body: dict[str, Any] = body) -> bool:
            with suppress(requests.RequestException, RuntimeError):
                results = system.call("POST", "/batch", body)["results"]
                return all(result["result"] != "rejected" for result in results)
            return False

        wait_until(acknowledged, seconds=40, what="a post", pause=0.2)


def finish(system: System) -> None:
    """Let the clock and the bells go on, as beat would, until nothing waits any more."""

    def nothing_waits() -> bool:
        system.set_clock(datetime.now(UTC) + timedelta(minutes=1))
        for task in ("triggers.plan", "triggers.sweep"):
            with suppress(kombu.exceptions.OperationalError, OSError):
                system._ask(task)
        waiting = "SELECT count(*) FROM triggers_delivery WHERE state IN ('planned', 'claimed', 'sending')"
        return system.rows("SELECT count(*) FROM triggers_occasion") == [(SENDS,)] and system.rows(waiting) == [(0,)]

    wait_until(nothing_waits, seconds=150, what="the last message", pause=1)


def check(system: System, in_flight: set[int]) -> None:
    """The simulator's log is the truth: hold the database's word against it."""
    logged = Counter(line["to"] for line in system.log("sendgrid"))
    assert [address for address, times in logged.items() if times > 1] == []
    rows = system.rows(
        "SELECT d.id, c.email, d.state FROM triggers_delivery d JOIN campaigns_customer c ON c.id = d.customer_id"
    )
    assert len(rows) == len({address for _delivery, address, _state in rows}) == SENDS
    # In a long run the provider is asked after what is unknown, and tells what it delivered.
    taken = {"accepted", "delivered"}
    assert {state for _delivery, _address, state in rows} <= taken | {"unknown"}
    assert [address for _delivery, address, state in rows if state in taken and address not in logged] == []
    unknown = {delivery for delivery, _address, state in rows if state == "unknown"}
    assert unknown <= in_flight
    assert SENDS - len(logged) <= len(unknown)
