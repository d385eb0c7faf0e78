"""How long after a shop's post the provider has the message: 100 orders a second into the whole system.

`run()` makes a throw-away PostgreSQL database on the server of DATABASE_URL, starts the system under its supervisor
(web, worker, beat and its own broker) beside a SendGrid simulator, and reads the simulator's log. By itself:
`python -m bench.bell`.
"""

import json
import os
import tempfile
import time
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

from tests.system.journey.system import System, wait_until
from tests.system.test_kills import customer_with_order, launch

ORDERS_A_SECOND: Final = 100
POSTS_A_SECOND: Final = 10
AIM_SECONDS: Final = 2.0


def run(seconds: int = 20) -> list[dict[str, Any]]:
    """Return the delay's 95th percentile over `seconds`; raises RuntimeError where DATABASE_URL is no PostgreSQL."""
    url = os.environ.get("DATABASE_URL", "")
    if not url.startswith("postgres"):
        raise RuntimeError("bench.bell needs a PostgreSQL in DATABASE_URL")
    import psycopg

    name, parts = f"bench_bell_{uuid.uuid4().hex[:8]}", urlsplit(url)
    with (
        psycopg.connect(urlunsplit(parts._replace(path="/postgres")), autocommit=True) as server,
        tempfile.TemporaryDirectory() as folder,
    ):
        server.execute(f'CREATE DATABASE "{name}"'.encode())
        system = System(Path(folder), urlunsplit(parts._replace(path=f"/{name}")), "", {"CLOCK_FILE": ""})
        try:
            system.start(now=datetime.now(UTC))
            launch(system)
            delays = _delays(system, seconds)
        finally:
            system.stop()
            server.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())
    p95 = delays[round(len(delays) * 0.95) - 1]
    return [
        {
            "name": f"from the post to the provider, p95 at {ORDERS_A_SECOND} orders/s",
            "value": round(p95, 2),
            "unit": "s",
            "baseline": None,
            "ratio": None,
            "aim": f"≤ {AIM_SECONDS:g} s",
            "met": p95 <= AIM_SECONDS,
        }
    ]


def _delays(system: System, seconds: int) -> list[float]:
    """Post at an even pace; return each order's delay in seconds, in order of size."""
    a_post = ORDERS_A_SECOND // POSTS_A_SECOND
    posted: dict[str, float] = {}
    began = time.monotonic()
    for number in range(seconds * POSTS_A_SECOND):
        time.sleep(max(0.0, began + number / POSTS_A_SECOND - time.monotonic()))
        items = [item for index in range(number * a_post, (number + 1) * a_post) for item in customer_with_order(index)]
        at = time.time()
        posted |= {item["email"]: at for item in items if item["type"] == "customer"}
        system.call("POST", "/batch", {"batch": items})
    wait_until(lambda: len(system.log("sendgrid")) == len(posted), seconds=60, what="the last message", pause=0.5)
    return sorted(line["at"] - posted[line["to"]] for line in system.log("sendgrid"))


if __name__ == "__main__":
    print(json.dumps(run(), indent=2, ensure_ascii=False))
