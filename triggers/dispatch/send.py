"""Fourth step, after the permit's commit and outside any transaction: one call each, over several connections."""

import logging
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
# Results wait at most this long for their batch, so that a crash leaves few unknown behind a slow call.
FLUSH_SECONDS: Final = 0.5


@dataclass(frozen=True, slots=True)
class Answered:
    """A permitted draft and what came of its one call."""

    draft: Draft
    result: SendResult


class Senders:
    """A few threads, each with its own kept-alive connection a channel; they never touch the database."""

    def __init__(self, connections: int) -> None:
        self._pool = ThreadPoolExecutor(connections, thread_name_prefix="send")
        self._connections: list[dict[str, Channel]] = [{} for _ in range(connections)]

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
        workers: set[Future[None]] = {
            self._pool.submit(_work, channels, waiting, answers, permitted + BEGIN_SECONDS)
            for channels in self._connections[: len(drafts)]
        }
        while workers:
            done, workers = wait(workers, FLUSH_SECONDS, ALL_COMPLETED)
            for worker in done:
                worker.result()
            if answers:
                yield [answers.popleft() for _ in range(len(answers))]


def _work(channels: dict[str, Channel], waiting: deque[Draft], answers: deque[Answered], not_after: float) -> None:
    while True:
        try:
            draft = waiting.popleft()
        except IndexError:
            return
        answers.append(Answered(draft, _call(channels, draft, not_after)))


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
