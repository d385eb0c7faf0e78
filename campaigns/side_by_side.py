"""Jobs that ask the database much, at the same time: each over a connection of its own, where that can be."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.db import connection


def possible() -> bool:
    """Return whether jobs can run at once: not on SQLite, and not where an open transaction hides from another
    connection what it has written."""
    return connection.vendor == "postgresql" and not connection.in_atomic_block


def run(*jobs: Callable[[], Any]) -> list[Any]:
    """Return what each of `jobs` returns, in their order; raises what the first that failed raised, once all are over.

    The first runs here, the others meanwhile in threads; one after the other where that is not `possible`.
    """
    first, *others = jobs
    if not others or not possible():
        return [job() for job in jobs]
    with ThreadPoolExecutor(len(others)) as threads:
        meanwhile = [threads.submit(_apart, job) for job in others]
        return [first(), *(job.result() for job in meanwhile)]


def _apart[Returned](job: Callable[[], Returned]) -> Returned:
    """Run over this thread's own connection, which nobody else would close."""
    try:
        return job()
    finally:
        connection.close()
