"""The bell: ingest tells whoever registered which customers have new facts, without knowing who listens.

A ring is a hint: the database is the truth, and whoever misses one finds the same work at the next tick.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum


class Fact(StrEnum):
    """What kind of fact came in, named as the items of a batch are."""

    CUSTOMER = "customer"
    PRODUCT = "product"
    ORDER = "order"
    EVENT = "event"
    ANSWER = "answer"
    CONSENT = "consent"


Listener = Callable[[Sequence[int], Collection[Fact]], None]

_listeners: list[Listener] = []


def on_ring(listener: Listener) -> None:
    """Register `listener`, called with the database ids of customers and the kinds of their new facts."""
    if listener not in _listeners:
        _listeners.append(listener)


def ring(customer_ids: Sequence[int], facts: Collection[Fact]) -> None:
    """Tell every listener whose facts were committed, and of which kinds they are; never inside the transaction."""
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
