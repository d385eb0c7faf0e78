"""The simulated shop: a real client of the REST API that never sleeps, so that the demo's screen is alive.

Every few seconds somebody looks around, buys, signs up or answers; orders are shipped and delivered on a clock that
runs a thousand times faster than a carrier. Knows nothing of the database: only the address and a key.
"""

import json
import random
import time
import urllib.error
import urllib.request
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from microattentions.demo.house import PRODUCTS
from microattentions.demo.people import Person, people
from microattentions.demo.purchases import Item, answer, event, order, score, steps_before

LONGEST_PAUSE_SECONDS: Final = 30.0
# An order is shipped, then delivered, after so many rounds.
_ROUNDS_TO_SHIP: Final = 6
_NPS: Final = 42.0


class SimulatedShop:
    """Posts batches to `address` with `api_key`, and keeps what was not accepted for the next time."""

    def __init__(self, address: str, api_key: str, *, customers: int, chance: random.Random | None = None) -> None:
        self._url = f"{address.rstrip('/')}/api/v1/batch"
        self._key = api_key
        self._known = customers
        self._chance = chance or random.Random()  # noqa: S311 - whims, not secrets
        # Ids of one run are never those of another: a restarted shop has forgotten its numbers.
        self._run = f"{int(time.time()):x}"
        self._count = 0
        self._under_way: deque[tuple[int, Item]] = deque()
        self._unsent: list[Item] = []
        self._round = 0

    def run(self, *, every_seconds: float, sleep: Callable[[float], None] = time.sleep) -> None:
        """Live for ever, slower and slower while nobody answers."""
        pause = every_seconds
        while True:
            accepted = self.play_round()
            pause = every_seconds if accepted else min(2 * pause, LONGEST_PAUSE_SECONDS)
            sleep(pause * self._chance.uniform(0.6, 1.4))

    def play_round(self) -> bool:
        """Let something happen and post it, with what is still unsent; tell whether it was accepted."""
        self._round += 1
        now = datetime.now(UTC).replace(microsecond=0)
        # While nobody answers, the shop sells on and remembers, but not without end.
        self._unsent = [*self._unsent, *self._what_happens(now)][-900:]
        if self._post(self._unsent):
            self._unsent = []
            return True
        return False

    def _what_happens(self, now: datetime) -> list[Item]:
        whim = self._chance.random()
        if whim < 0.08:
            newcomer = self._newcomer(now)
            items = [newcomer.item, *newcomer.consents, *self._purchase(str(newcomer.item["id"]), now)]
        elif whim < 0.45:
            items = self._purchase(self._somebody(), now)
        elif whim < 0.55:
            items = [answer(self._number(), self._somebody(), now, score(_NPS, self._chance))]
        else:
            sku = self._chance.choice(PRODUCTS)[0]
            name = self._chance.choice(("view_item", "view_item", "add_to_cart", "guide_read"))
            items = [event(self._number(), self._somebody(), name, now, sku)]
        return items + self._carried_on(now)

    def _newcomer(self, now: datetime) -> Person:
        """Return somebody who signs up now, half of them on their birthday."""
        seed = self._chance.randrange(1 << 30)
        person = next(people(1, since=now, until=now, seed=seed))
        number = self._number()
        instant = {"signed_up_at": now.isoformat(), "updated_at": now.isoformat()}
        item = person.item | instant | {"id": number, "email": f"{number}@example.test"}
        if self._chance.random() < 0.5:
            # Without a year, 29 February is a date like any other.
            item["birth_date"] = f"--{now:%m-%d}"
        item.pop("phone", None)
        consent = {
            "type": "consent",
            "customer": number,
            "channel": "email",
            "granted": True,
            "source": "sign-up",
            "given_at": now.isoformat(),
        }
        return Person(item=item, consents=(consent,), signed_up_at=now, rate=person.rate, chance=self._chance)

    def _purchase(self, customer: str, now: datetime) -> list[Item]:
        bought = order(self._number(), customer, now, now=now, chance=self._chance, cancelled=0.01)
        if bought["status"] == "paid":
            self._under_way.append((self._round, bought))
        return [bought, *steps_before(bought, self._chance)]

    def _carried_on(self, now: datetime) -> list[Item]:
        """Return the orders that were shipped or delivered since the last round."""
        told = []
        while self._under_way and self._round - self._under_way[0][0] >= _ROUNDS_TO_SHIP:
            _since, parcel = self._under_way.popleft()
            step = "delivered" if parcel["status"] == "shipped" else "shipped"
            # A second later than the last word at least: an equal version would be a contradiction.
            at = max(now, datetime.fromisoformat(parcel["updated_at"]) + timedelta(seconds=1)).isoformat()
            parcel = parcel | {"status": step, f"{step}_at": at, "updated_at": at}
            told.append(parcel)
            if step == "shipped":
                self._under_way.append((self._round, parcel))
        return told

    def _somebody(self) -> str:
        return f"c-{1 + self._chance.randrange(self._known)}"

    def _number(self) -> str:
        self._count += 1
        return f"s-{self._run}-{self._count}"

    def _post(self, items: list[Item]) -> bool:
        """Post one batch; False where nobody answers or the answer is a fault of the server's, to be tried again."""
        request = urllib.request.Request(  # noqa: S310 - the address of our own installation
            self._url,
            data=json.dumps({"batch": items}).encode(),
            headers={"Authorization": f"Bearer {self._key}", "Content-Type": "application/json"},
            method="POST",
        )
        try:
            with urllib.request.urlopen(request, timeout=20) as answer_:  # noqa: S310
                results: list[dict[str, Any]] = json.load(answer_)["results"]
        except urllib.error.HTTPError as error:
            if error.code in (401, 403):
                raise RefusedKeyError(f"the API refuses the demo's key ({error.code})") from error
            return False
        except (OSError, ValueError):
            return False
        refused = [result for result in results if result["result"] == "rejected"]
        if refused:
            print(f"refused: {refused[0]}", flush=True)  # noqa: T201 - the shop's own log, invented data
        return True


class RefusedKeyError(Exception):
    """The key does not work any more: there is nothing left to do."""
