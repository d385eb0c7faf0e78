"""Fourth step, after the permit's commit and outside any transaction: one call each, over several connections."""

import logging
import math
import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ALL_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

from triggers.channels import Channel, SendResult, Verdict, open_channel
from triggers.dispatch.compose import Draft

logger = logging.getLogger(__name__)

# A stop button must reach a message that was permitted before it was pressed.
BEGIN_SECONDS: Final = 2.0
# Results wait at most this long for their batch, and a batch holds what can be called in this time: a crash leaves few
# unknown, whether the provider is slow or fast.
FLUSH_SECONDS: Final = 0.5
# Threads that hardly wait for the network only fight for the interpreter: a batch that one connection can call in this
# time gets one.
_ONE_CONNECTION_SECONDS: Final = 0.1
_FIRST_GUESS_SECONDS: Final = 0.05


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
        self._call_seconds = _FIRST_GUESS_SECONDS

    def batch_size(self, most: int) -> int:
        """Return how many calls, up to `most`, can be made in FLUSH_SECONDS as things went of late."""
        connections = len(self._connections)
        return min(most, max(connections, int(connections * FLUSH_SECONDS / self._call_seconds)))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._pool.shutdown()
        for channels in self._connections:
            for channel in channels.values():
                channel.close()

    def send(self, drafts: Sequence[Draft], permitted: float) -> Iterator[list[Answered]]:
        """Call once for each draft, permitted at `permitted` (of time.monotonic()); yield answers as they come."""
        waiting = deque(drafts)
        answers: deque[Answered] = deque()
        needed = math.ceil(len(drafts) * self._call_seconds / _ONE_CONNECTION_SECONDS)
        workers: set[Future[None]] = {
            self._pool.submit(_work, channels, waiting, answers, permitted + BEGIN_SECONDS)
            for channels in self._connections[: min(needed, len(drafts))]
        }
        while workers:
            done, workers = wait(workers, FLUSH_SECONDS, ALL_COMPLETED)
            for worker in done:
                worker.result()
            if answers:
                come = [answers.popleft() for _ in range(len(answers))]
                mean = sum(one.seconds for one in come) / len(come)
                self._call_seconds = max(1e-6, (self._call_seconds + mean) / 2)
                yield come


def _work(channels: dict[str, Channel], waiting: deque[Draft], answers: deque[Answered], not_after: float) -> None:
    while True:
        try:
            draft = waiting.popleft()
        except IndexError:
            return
        start = time.monotonic()
        result = _call(channels, draft, not_after)
        answers.append(Answered(draft, result, time.monotonic() - start))


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
