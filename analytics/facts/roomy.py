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
def roomy() -> Iterator[None]:
    """Run the queries inside with more working memory, for this transaction only (a pooled connection keeps nothing).

    On SQLite there is no transaction either: it would take the only write lock for as long as the report lasts.
    """
    if connection.vendor != "postgresql":
        yield
        return
    with transaction.atomic():
        with connection.cursor() as cursor:
            # Compiling them to machine code takes up to a tenth of their time, and saves none that was seen.
            cursor.execute(f"SET LOCAL work_mem = '{WORK_MEM}'; SET LOCAL jit = off")
        yield


def ask(*questions: Callable[[], Any]) -> list[Any]:
    """Return the answers to large questions, asked with room and side by side: PostgreSQL uses one core for each."""
    return side_by_side.run(*(partial(_with_room, question) for question in questions))


def _with_room(question: Callable[[], Any]) -> Any:
    with roomy():
        return question()
