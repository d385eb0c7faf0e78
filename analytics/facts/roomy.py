"""Gives the few large sorts and hashes of a report room in memory, on PostgreSQL; SQLite needs nothing."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, Final

from django.db import connection, transaction

from campaigns import side_by_side

# The default of 4 MB makes PostgreSQL keep a million contacts on disk; a smaller shop never fills so much.
WORK_MEM: Final = "256MB"


@contextmanager
def roomy(*, helpers: bool = True) -> Iterator[None]:
    """Run the queries inside with more working memory, for this transaction only (a pooled connection keeps nothing).

    For `helpers` see `ask`. On SQLite there is no transaction either: it would take the only write lock for as long as
    the report lasts.
    """
    if connection.vendor != "postgresql":
        yield
        return
    with transaction.atomic():
        with connection.cursor() as cursor:
            # Compiling them to machine code takes up to a tenth of their time, and saves none that was seen.
            cursor.execute(f"SET LOCAL work_mem = '{WORK_MEM}'; SET LOCAL jit = off")
            if not helpers:
                cursor.execute("SET LOCAL max_parallel_workers_per_gather = 0")
        yield


def ask(*questions: Callable[[], Any], helpers: bool = True) -> list[Any]:
    """Return the answers to large questions, asked with room and side by side: PostgreSQL uses one core for each.

    Without `helpers` it brings in no further processes for any of them: two questions that take as long as each other
    keep two cores busy, and where a query makes a row a contact, a helper hands over a million of them one by one.
    """
    return side_by_side.run(*(partial(_with_room, question, helpers=helpers) for question in questions))


def _with_room(question: Callable[[], Any], *, helpers: bool) -> Any:
    with roomy(helpers=helpers):
        return question()
