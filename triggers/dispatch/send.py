"""Fourth step, after the permit's commit and outside any transaction: one call each, over several connections.

Batches follow each other without a gap: while the last of one are being called the next is made ready, and a slow
message holds its own connection alone.
"""

import logging
import math
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from types import TracebackType
from typing import Final, NamedTuple, Self

from triggers.channels import Channel, Message, SendResult, Verdict, open_channel
from triggers.dispatch.compose import Draft

logger = logging.getLogger(__name__)

# A stop button must reach a message that was permitted before it was pressed.
BEGIN_SECONDS: Final = 2.0
# Results wait at most this long to be stored, and a batch holds what can be called in this time: a crash leaves few
# unknown, whether the provider is slow or fast.
FLUSH_SECONDS: Final = 0.5
# Threads that hardly wait for the network only fight for the interpreter: what one connection can call in this time
# gets one.
_ONE_CONNECTION_SECONDS: Final = 0.25
_FIRST_GUESS_SECONDS: Final = 0.05
# One that has waited so long for an answer is no help: where it was the only one, another takes what waits.
_HANGS_SECONDS: Final = 0.25
# A thread that has its answer waits for the interpreter until the one that renders has had it this long: with Python's
# 5 ms a nearby provider waits for us most of the time.
_SWITCH_SECONDS: Final = 0.0005


class Answered(NamedTuple):
    """A permitted draft and what came of its one call."""

    draft: Draft
    result: SendResult
    seconds: float


@dataclass(slots=True, eq=False)
class _Connection:
    """What one thread works with; `taken_at` is when it took its last message, 0 while no thread does."""

    channels: dict[str, Channel] = field(default_factory=dict)
    taken_at: float = 0.0


class _Taken(NamedTuple):
    draft: Draft
    not_after: float
    at: float


class Senders:
    """A few threads, each with its own kept-alive connection a channel; they never touch the database."""

    def __init__(self, connections: int) -> None:
        self._pool = ThreadPoolExecutor(connections, thread_name_prefix="send")
        self._connections = [_Connection() for _ in range(connections)]
        # Everything below is shared with the threads and changed under this lock alone.
        self._changed = threading.Condition()
        self._free = list(self._connections)
        self._waiting: deque[tuple[Draft, float]] = deque()
        self._answers: list[Answered] = []
        self._calling = 0
        self._stuck = False
        self._few = 0
        self._busy, self._heard = 0.0, 0
        self._call_seconds = _FIRST_GUESS_SECONDS

    def __enter__(self) -> Self:
        sys.setswitchinterval(_SWITCH_SECONDS)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with self._changed:
            # Only where the caller broke off: what nobody would hear the answer of is not called any more.
            self._waiting.clear()
        self._pool.shutdown()
        for connection in self._connections:
            for channel in connection.channels.values():
                channel.close()

    @property
    def in_hand(self) -> int:
        """How many were handed over and are not taken back as answers yet."""
        with self._changed:
            return len(self._waiting) + self._calling + len(self._answers)

    def room(self, most: int) -> int:
        """Return how many more may be handed over now: what can be called in FLUSH_SECONDS as things went of late, up
        to `most`; 0 while enough are waiting, or every connection hangs."""
        with self._changed:
            count = len(self._connections)
            size = min(most, max(count, int(count * FLUSH_SECONDS / self._call_seconds)))
            self._few = size // 2
            hangs = self._stuck and not self._free
            return 0 if hangs or len(self._waiting) > self._few else size

    def hand_over(self, drafts: Sequence[Draft], permitted: float) -> None:
        """Have each of `drafts`, permitted at `permitted` (of time.monotonic()), called once, in their order."""
        not_after = permitted + BEGIN_SECONDS
        with self._changed:
            self._waiting.extend((draft, not_after) for draft in drafts)
            self._start()

    def _start(self) -> None:
        """Have as many connections at work as what waits needs; one that hangs does not count."""
        wanted = math.ceil(len(self._waiting) * self._call_seconds / _ONE_CONNECTION_SECONDS)
        since = time.monotonic() - _HANGS_SECONDS
        at_work = sum(connection.taken_at > since for connection in self._connections)
        while self._free and at_work < min(wanted, len(self._waiting)):
            connection = self._free.pop()
            connection.taken_at = time.monotonic()
            at_work += 1
            self._pool.submit(self._work, connection)

    def answers(self, *, more: bool) -> list[Answered]:
        """Return what was answered, once all are or after FLUSH_SECONDS; with `more` to hand over, once few wait.

        What waited too long for a connection is among it, as NOT_BEGUN.
        """
        with self._changed:
            self._changed.wait_for(self._nearly_idle if more else self._idle, FLUSH_SECONDS)
            now = time.monotonic()
            while self._waiting and self._waiting[0][1] < now:
                self._stuck = True
                self._answers.append(Answered(self._waiting.popleft()[0], SendResult(Verdict.NOT_BEGUN), 0.0))
            come, self._answers = self._answers, []
            self._start()
            if self._heard:
                self._call_seconds = max(1e-6, (self._call_seconds + self._busy / self._heard) / 2)
                self._busy, self._heard = 0.0, 0
            return come

    def _idle(self) -> bool:
        return not self._calling and not self._waiting

    def _nearly_idle(self) -> bool:
        return self._idle() or (bool(self._answers) and len(self._waiting) <= self._few)

    def _work(self, connection: _Connection) -> None:
        while (first := self._take(connection)) is not None:
            self._carry(first, connection)

    def _take(self, connection: _Connection, *, name: str = "") -> _Taken | None:
        """Return the next of those that wait, where `name` is given only one of that channel; without one that waits
        the thread ends."""
        with self._changed:
            if not self._waiting:
                if not name:
                    connection.taken_at = 0.0
                    self._free.append(connection)
                    self._changed.notify()
                return None
            if name and self._waiting[0][0].delivery.channel != name:
                return None
            draft, not_after = self._waiting.popleft()
            self._calling += 1
            connection.taken_at = time.monotonic()
            if len(self._waiting) == self._few:
                self._changed.notify()
        return _Taken(draft, not_after, connection.taken_at)

    def _carry(self, first: _Taken, connection: _Connection) -> None:
        """Have `first`, and what waits behind it for the same channel, called over this thread's own connection."""
        name, channels = first.draft.delivery.channel, connection.channels
        under_way = {first.draft.message.attempt_id: first}

        def calls() -> Iterator[tuple[Message, float]]:
            taken: _Taken | None = first
            while taken is not None:
                message = taken.draft.message
                under_way[message.attempt_id] = taken
                if taken.at > taken.not_after:
                    self._hear(under_way.pop(message.attempt_id), SendResult(Verdict.NOT_BEGUN))
                else:
                    yield message, taken.not_after
                taken = self._take(connection, name=name)

        heard_at = 0.0
        try:
            if name not in channels:
                channels[name] = open_channel(name)
            for message, result in channels[name].send_each(calls()):
                heard_at = self._hear(under_way.pop(message.attempt_id), result, heard_at)
        except Exception as fault:
            attempts = ", ".join(map(str, under_way)) or "none"
            logger.error("sending by %s broke off; attempts under way: %s", name, attempts, exc_info=fault)
            for taken in under_way.values():
                self._hear(taken, SendResult(Verdict.UNKNOWN, code="fault", detail=type(fault).__name__))
            # What its connection is in the middle of, nobody knows.
            if name in channels:
                channels.pop(name).close()

    def _hear(self, taken: _Taken, result: SendResult, before: float = 0.0) -> float:
        """Keep an answer, the one after that of the instant `before`; return when it came."""
        now = time.monotonic()
        with self._changed:
            self._answers.append(Answered(taken.draft, result, now - taken.at))
            self._calling -= 1
            self._stuck = False
            if result.verdict is not Verdict.NOT_BEGUN:
                # Two that are under way on one connection are not counted twice.
                self._busy += now - max(taken.at, before)
                self._heard += 1
        return now
