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
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

from triggers.channels import Channel, SendResult, Verdict, open_channel
from triggers.dispatch.compose import Draft

logger = logging.getLogger(__name__)

# A stop button must reach a message that was permitted before it was pressed.
BEGIN_SECONDS: Final = 2.0
# Results wait at most this long to be stored, and a batch holds what can be called in this time: a crash leaves few
# unknown, whether the provider is slow or fast.
FLUSH_SECONDS: Final = 0.5
# Threads that hardly wait for the network only fight for the interpreter: what one connection can call in this time
# gets one.
_ONE_CONNECTION_SECONDS: Final = 0.1
_FIRST_GUESS_SECONDS: Final = 0.05
# A thread that has its answer waits for the interpreter until the one that renders has had it this long: with Python's
# 5 ms a nearby provider waits for us most of the time.
_SWITCH_SECONDS: Final = 0.0005


@dataclass(frozen=True, slots=True)
class Answered:
    """A permitted draft and what came of its one call."""

    draft: Draft
    result: SendResult
    seconds: float


class Senders:
    """A few threads, each with its own kept-alive connection a channel; they never touch the database."""

    def __init__(self, connections: int) -> None:
        self._pool = ThreadPoolExecutor(connections, thread_name_prefix="send")
        self._connections: list[dict[str, Channel]] = [{} for _ in range(connections)]
        # Everything below is shared with the threads and changed under this lock alone.
        self._changed = threading.Condition()
        self._free = list(self._connections)
        self._waiting: deque[tuple[Draft, float]] = deque()
        self._answers: list[Answered] = []
        self._calling = 0
        self._stuck = False
        self._few = 0
        self._call_seconds = _FIRST_GUESS_SECONDS

    def __enter__(self) -> Self:
        sys.setswitchinterval(_SWITCH_SECONDS)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with self._changed:
            # Only where the caller broke off: what nobody would hear the answer of is not called any more.
            self._waiting.clear()
        self._pool.shutdown()
        for channels in self._connections:
            for channel in channels.values():
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
            wanted = math.ceil(len(self._waiting) * self._call_seconds / _ONE_CONNECTION_SECONDS)
            while self._free and len(self._connections) - len(self._free) < min(wanted, len(self._waiting)):
                self._pool.submit(self._work, self._free.pop())

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
            called = [one.seconds for one in come if one.result.verdict is not Verdict.NOT_BEGUN]
            if called:
                self._call_seconds = max(1e-6, (self._call_seconds + sum(called) / len(called)) / 2)
            return come

    def _idle(self) -> bool:
        return not self._calling and not self._waiting

    def _nearly_idle(self) -> bool:
        return self._idle() or (bool(self._answers) and len(self._waiting) <= self._few)

    def _work(self, channels: dict[str, Channel]) -> None:
        answer: Answered | None = None
        while True:
            with self._changed:
                if answer is not None:
                    self._answers.append(answer)
                    self._calling -= 1
                    self._stuck = False
                if not self._waiting:
                    self._free.append(channels)
                    self._changed.notify()
                    return
                draft, not_after = self._waiting.popleft()
                self._calling += 1
                if len(self._waiting) == self._few:
                    self._changed.notify()
            start = time.monotonic()
            answer = Answered(draft, _call(channels, draft, not_after), time.monotonic() - start)


def _call(channels: dict[str, Channel], draft: Draft, not_after: float) -> SendResult:
    if time.monotonic() > not_after:
        return SendResult(Verdict.NOT_BEGUN)
    name = draft.delivery.channel
    try:
        channel = channels.get(name)
        if channel is None:
            channel = channels[name] = open_channel(name)
        return channel.send(draft.message, not_after=not_after)
    except Exception as fault:
        logger.error("sending attempt %s broke off", draft.message.attempt_id, exc_info=fault)
        return SendResult(Verdict.UNKNOWN, code="fault", detail=type(fault).__name__)
