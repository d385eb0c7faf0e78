"""The smallest interface a provider must offer to carry messages."""

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from typing import ClassVar

from campaigns.models import ChannelName
from triggers.channels.message import Message, SendResult


class Channel(ABC):
    """One connection to one provider, used by one thread at a time."""

    provider: ClassVar[str]
    channels: ClassVar[tuple[ChannelName, ...]]
    # Outside production a provider that reaches people writes only to those on settings.RECIPIENT_ALLOW_LIST.
    reaches_people: ClassVar[bool] = True

    @abstractmethod
    def send(self, message: Message, *, not_after: float = math.inf) -> SendResult:
        """Make exactly one call for `message`; none where it cannot begin before `not_after` (of time.monotonic()).

        Never raises for what a provider or network does, never repeats.
        """

    def send_each(self, calls: Iterable[tuple[Message, float]]) -> Iterator[tuple[Message, SendResult]]:
        """Make one call for each message, with its own `not_after`; yield each with its answer as soon as it is known.

        A message is taken from `calls` only when it can be begun; all that were have an answer at the end.
        """
        for message, not_after in calls:
            yield message, self.send(message, not_after=not_after)

    def close(self) -> None:
        """Give back the connection."""
        return
