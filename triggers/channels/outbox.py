"""The outbox: without a provider's key each message is kept (its Attempt) and shown in the browser."""

import math
from typing import ClassVar

from campaigns.models import ChannelName
from triggers.channels.channel import Channel
from triggers.channels.message import Message, SendResult, Verdict


class Outbox(Channel):
    """Accepts everything and carries nothing anywhere: the Attempt row, written by the permit, is the message."""

    provider: ClassVar[str] = "outbox"
    channels: ClassVar[tuple[ChannelName, ...]] = (ChannelName.EMAIL, ChannelName.SMS)
    reaches_people: ClassVar[bool] = False

    def send(self, message: Message, *, not_after: float = math.inf) -> SendResult:  # noqa: ARG002
        """Accept `message`."""
        return SendResult(Verdict.ACCEPTED, provider_id=f"outbox-{message.attempt_id.hex}")
