"""What waits for the workers: customers who were rung for, and which task waits in the queue to do it.

Ten posts a second would be ten plans and ten dispatches, each with its own dozen questions. So what was rung is kept in
Redis until a worker takes it all at once, and of a task that waits in the queue already no second one is put there.
"""

import json
from collections.abc import Callable, Collection
from datetime import datetime
from typing import Final

from redis import Redis

from campaigns.bell import Fact, Facts
from triggers import redis_link

_RUNG: Final = "rung"
# Rings taken at once: of a thousand items each, these are the customers of one plan.
MOST_RINGS: Final = 20
# While no worker takes them the oldest go: the sweeps of the planner and of the segments find what they were about.
_MOST_KEPT: Final = 1_000
# A task that was lost from the queue stands in the way of the next no longer than this.
_LONGEST_SECONDS: Final = 5


def keep_ring(customer_ids: Collection[int], facts: Facts) -> bool:
    """Keep whom a bell was rung for until a worker takes it; return whether Redis could."""
    told = json.dumps([list(customer_ids), {fact: at.isoformat() for fact, at in facts.items()}])

    def push(redis: Redis) -> int:
        with redis.pipeline() as pipeline:
            pipeline.rpush(redis_link.key(_RUNG), told)
            pipeline.ltrim(redis_link.key(_RUNG), -_MOST_KEPT, -1)
            return len(pipeline.execute())

    return redis_link.ask(push) is not None


def take_rings() -> tuple[set[int], Facts, bool]:
    """Take what was rung for, the oldest first: customers, their facts together, and whether more may be waiting."""

    def pop(redis: Redis) -> list[str]:
        # Not LPOP with a count, which Redis knows only since 6.2.
        with redis.pipeline() as pipeline:
            pipeline.lrange(redis_link.key(_RUNG), 0, MOST_RINGS - 1)
            pipeline.ltrim(redis_link.key(_RUNG), MOST_RINGS, -1)
            taken: list[str] = pipeline.execute()[0]
            return taken

    taken = redis_link.ask(pop) or []
    customers: set[int] = set()
    facts: dict[Fact, datetime] = {}
    for ids, told in map(json.loads, taken):
        customers.update(ids)
        for fact, at in ((Fact(name), datetime.fromisoformat(when)) for name, when in told.items()):
            facts[fact] = min(at, facts.get(fact, at))
    return customers, facts, len(taken) == MOST_RINGS


def ask_once(name: str, enqueue: Callable[[], object]) -> None:
    """Put the task `name` into the queue by `enqueue`, unless one waits there: it will find what this one would.

    Without Redis always.
    """
    if redis_link.ask(lambda redis: bool(redis.set(_waits(name), 1, nx=True, ex=_LONGEST_SECONDS))) is False:
        return
    try:
        enqueue()
    except BaseException:
        begin(name)
        raise


def begin(name: str) -> None:
    """Say that the task `name` has left the queue, before it looks for work: what comes from now on needs another."""
    redis_link.ask(lambda redis: redis.delete(_waits(name)))


def _waits(name: str) -> str:
    return redis_link.key(f"waits:{name}")
