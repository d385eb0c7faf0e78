"""Named places between the steps of a dispatch where a worker can be stopped: wrapped around it here, not built in."""

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from triggers.dispatch import dispatch, drain, permit, result


@dataclass(frozen=True)
class Point:
    """A place: before or after a function that a module of the dispatch calls. `harmless` ones lie outside any
    transaction."""

    name: str
    module: Any
    function: str
    after: bool
    harmless: bool = True


POINTS: Final = (
    Point("claimed", drain, "claim", after=True),
    Point("composed", drain, "permit", after=False),
    Point("permitted, not committed", permit, "insert_attempts", after=True, harmless=False),
    Point("committed, not called", drain, "permit", after=True),
    Point("called, not recorded", drain, "record", after=False),
    Point("recorded, not committed", result, "close_attempts", after=True, harmless=False),
    Point("recorded", drain, "record", after=True),
)


def stumble(point: Point, time: int, number: signal.Signals) -> None:
    """Dispatch once in this process, which sends itself the signal the `time`-th time it comes to the point."""
    passed = 0
    inner: Callable[..., Any] = getattr(point.module, point.function)

    def trip() -> None:
        nonlocal passed
        passed += 1
        if passed == time:
            os.kill(os.getpid(), number)

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        if not point.after:
            trip()
        done = inner(*args, **kwargs)
        if point.after:
            trip()
        return done

    setattr(point.module, point.function, wrapped)
    dispatch()
