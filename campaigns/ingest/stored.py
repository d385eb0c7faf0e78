"""What became of posted items, and the one transaction in which each group of them is stored."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal

from django.db import OperationalError, connection, transaction

from campaigns.ingest.faults import Refused

Result = Literal["created", "updated", "unchanged"]
Outcome = Result | Refused

ATTEMPTS: Final = 5


@dataclass
class Stored:
    """An outcome for each item, in the items' order, and the database ids of the customers with new facts.

    `reaches_back`: facts older than those that the items tell of count anew, by what the items changed.
    """

    outcomes: list[Outcome]
    touched: set[int] = field(default_factory=set)
    reaches_back: bool = False


class Raced(Exception):
    """Another request stored the same id between our look and our write: look again."""


def in_one_commit[T](store: Callable[[Sequence[T], datetime], Stored], items: Sequence[T], now: datetime) -> Stored:
    """Return `store(items, now)`, run in a transaction and run again after a race or a deadlock, up to five times.

    Raises what the last attempt raised. Inside a transaction of the caller there is one attempt only.
    """
    attempts = 1 if connection.in_atomic_block else ATTEMPTS
    for left in reversed(range(attempts)):
        try:
            with transaction.atomic():
                return store(items, now)
        except (Raced, OperationalError):
            if not left:
                raise
    raise AssertionError("unreachable")
