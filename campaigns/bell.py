"""The bell: ingest tells whoever registered which customers have new facts, without knowing who listens.

A ring is a hint: the database is the truth, and whoever misses one finds the same work at the next tick.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final


class Fact(StrEnum):
    """What kind of fact came in, named as the items of a batch are."""

    CUSTOMER = "customer"
    PRODUCT = "product"
    ORDER = "order"
    EVENT = "event"
    ANSWER = "answer"
    CONSENT = "consent"


# The kinds of new facts, each with the oldest instant (aware) that one of them tells of: what takes a week to come
# about is not brought about by an order of today.
Facts = Mapping[Fact, datetime]
# Of facts that may be about any time: a customer's, whose birth date or sign-up has just become known.
ANY_TIME: Final = datetime.min.replace(tzinfo=UTC)
ANYTHING: Final[Facts] = dict.fromkeys(Fact, ANY_TIME)

Listener = Callable[[Sequence[int], Facts], None]

_listeners: list[Listener] = []


def on_ring(listener: Listener) -> None:
    """Register `listener`, called with the database ids of customers and their new facts."""
    if listener not in _listeners:
        _listeners.append(listener)


def ring(customer_ids: Sequence[int], facts: Facts) -> None:
    """Tell every listener whose facts were committed, and which they are; never inside the transaction."""
    if customer_ids:
        for listener in _listeners:
            listener(customer_ids, facts)


@contextmanager
def silence() -> Iterator[None]:
    """Let nobody hear what is rung inside, for a load of history in which nothing can be due."""
    heard = _listeners[:]
    _listeners.clear()
    try:
        yield
    finally:
        _listeners[:] = heard
