"""How long after a shop's post the provider has the message: 100 orders a second into the whole system.

`run()` makes a throw-away PostgreSQL database on the server of DATABASE_URL, starts the system under its supervisor
(web, worker, beat and its own broker) beside a SendGrid simulator, and reads the simulator's log. By itself:
`python -m bench.bell`.
"""

import json
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from bench import throwaway
from bench.figures import Figure, figure
from tests.system.journey.system import System, wait_until
from tests.system.test_kills import customer_with_order, launch

ORDERS_A_SECOND: Final = 100
POSTS_A_SECOND: Final = 10
AIM_SECONDS: Final = 2.0


def run(seconds: int = 20) -> list[Figure]:
    """Return the delay's 95th percentile over `seconds`; raises RuntimeError where DATABASE_URL is no PostgreSQL."""
    with throwaway.database("bell") as url, tempfile.TemporaryDirectory() as folder:
        system = System(Path(folder), url, "", {"CLOCK_FILE": ""})
        try:
            system.start(now=datetime.now(UTC))
            launch(system)
            delays = _delays(system, seconds)
        finally:
            system.stop()
    p95 = delays[round(len(delays) * 0.95) - 1]
    name = f"from the post to the provider, p95 at {ORDERS_A_SECOND} orders/s"
    return [figure(name, p95, "s", aim=f"≤ {AIM_SECONDS:g} s", met=p95 <= AIM_SECONDS)]


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
