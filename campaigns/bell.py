"""The bell: ingest tells whoever registered which customers have new facts, without knowing who listens.

A ring is a hint: the database is the truth, and whoever misses one finds the same work at the next tick.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

Listener = Callable[[Sequence[int]], None]

_listeners: list[Listener] = []


def on_ring(listener: Listener) -> None:
    """Register `listener`, called with the database ids of customers whose facts were just committed."""
    if listener not in _listeners:
        _listeners.append(listener)


def ring(customer_ids: Sequence[int]) -> None:
    """Tell every listener; call it after the commit, never inside the transaction."""
    if customer_ids:
        for listener in _listeners:
            listener(customer_ids)


@contextmanager
def silence() -> Iterator[None]:
    """Let nobody hear what is rung inside, for a load of history in which nothing can be due."""
    heard = _listeners[:]
    _listeners.clear()
    try:
        yield
    finally:
        _listeners[:] = heard
