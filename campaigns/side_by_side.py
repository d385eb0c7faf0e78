"""Jobs that ask the database much, two at a time: the second over a connection of its own, where that can be."""

from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.db import connection


def possible() -> bool:
    """Return whether two jobs can run at once: not on SQLite, and not where an open transaction hides from another
    connection what it has written."""
    return connection.vendor == "postgresql" and not connection.in_atomic_block


def run(*jobs: Callable[[], Any]) -> list[Any]:
    """Return what each of `jobs` returns, in their order, each begun as soon as one of two hands is free; one after the
    other where that is not `possible`. Raises what a job raised, once no other runs."""
    if len(jobs) < 2 or not possible():
        return [job() for job in jobs]
    waiting = deque(enumerate(jobs))
    returned: dict[int, Any] = {}

    def work() -> None:
        while waiting:
            try:
                place, job = waiting.popleft()
            except IndexError:
                # The other hand was quicker.
                return
            try:
                returned[place] = job()
            except BaseException:
                waiting.clear()
                raise

    with ThreadPoolExecutor(1) as second_hand:
        meanwhile = second_hand.submit(_apart, work)
        work()
        meanwhile.result()
    return [returned[place] for place in range(len(jobs))]


def _apart(work: Callable[[], None]) -> None:
    """Run over this thread's own connection, which nobody else would close."""
    try:
        work()
    finally:
        connection.close()
