"""What waits for the workers: rings are taken together, and a task that waits is not queued again."""

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from campaigns.bell import ANY_TIME, Fact
from tests.providers.broker import broker
from triggers import queued, redis_link
from triggers.queued import MOST_RINGS, ask_once, begin, keep_ring, take_rings

__all__ = ["broker"]

NOW = datetime(2026, 3, 14, 10, 0, tzinfo=UTC)
EARLIER = NOW - timedelta(hours=3)


@pytest.mark.usefixtures("broker")
def test_rings_are_taken_once_and_together_with_the_oldest_of_each_fact() -> None:
    assert keep_ring([1, 2], {Fact.ORDER: NOW, Fact.CUSTOMER: ANY_TIME})
    assert keep_ring([2, 3], {Fact.ORDER: EARLIER, Fact.EVENT: NOW})
    assert take_rings() == ({1, 2, 3}, {Fact.ORDER: EARLIER, Fact.CUSTOMER: ANY_TIME, Fact.EVENT: NOW}, False)
    assert take_rings() == (set(), {}, False)


@pytest.mark.usefixtures("broker")
def test_many_rings_are_taken_a_part_at_a_time() -> None:
    for number in range(MOST_RINGS + 1):
        keep_ring([number], {Fact.ORDER: NOW})
    assert take_rings() == (set(range(MOST_RINGS)), {Fact.ORDER: NOW}, True)
    assert take_rings() == ({MOST_RINGS}, {Fact.ORDER: NOW}, False)


@pytest.mark.usefixtures("broker")
def test_rings_that_no_worker_takes_do_not_pile_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queued, "_MOST_KEPT", 2)
    for number in range(4):
        keep_ring([number], {Fact.ORDER: NOW})
    assert take_rings() == ({2, 3}, {Fact.ORDER: NOW}, False)


@pytest.mark.usefixtures("broker")
def test_task_waits_once_until_it_begins() -> None:
    put: list[str] = []
    for name in ("ring", "ring", "dispatch"):
        ask_once(name, partial(put.append, name))
    assert put == ["ring", "dispatch"]
    begin("ring")
    ask_once("ring", lambda: put.append("ring again"))
    ask_once("dispatch", lambda: put.append("dispatch again"))
    assert put == ["ring", "dispatch", "ring again"]


@pytest.mark.usefixtures("broker")
def test_task_that_could_not_be_queued_is_asked_for_again() -> None:
    def refused() -> None:
        raise ConnectionError

    with pytest.raises(ConnectionError):
        ask_once("ring", refused)
    put: list[str] = []
    ask_once("ring", partial(put.append, "ring"))
    assert put == ["ring"]


@pytest.mark.usefixtures("broker")
def test_task_that_was_lost_from_the_queue_is_asked_for_again() -> None:
    ask_once("ring", lambda: None)
    left = redis_link.ask(lambda redis: redis.ttl(queued._waits("ring")))
    assert isinstance(left, int)
    assert 0 < left <= 5


def test_without_redis_nothing_is_kept_and_a_task_is_always_asked_for(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    monkeypatch.setattr(redis_link, "_silent_until", 0.0)
    put: list[int] = []
    assert not keep_ring([1], {Fact.ORDER: NOW})
    assert take_rings() == (set(), {}, False)
    for number in range(2):
        ask_once("ring", partial(put.append, number))
    assert put == [0, 1]
