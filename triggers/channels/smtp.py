"""E-mail by any SMTP server, over one kept connection, one round trip a message where the server allows it."""

import math
import smtplib
import time
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ClassVar, Final, Self

from django.conf import settings

from campaigns.models import ChannelName
from triggers.channels.channel import Channel
from triggers.channels.keepalive import READ_SECONDS, NotBegunError
from triggers.channels.message import Message, SendResult, Verdict
from triggers.channels.mime import ascii_address, message_id, mime_bytes
from triggers.channels.smtp_line import Line
from triggers.channels.smtp_server import RefusedError, connect, server

# A step of the way that yields the answers it comes by.
type _Answers[Returned] = Generator[tuple[Message, SendResult], None, Returned]


# What a final refusal (5xx) means by the step that met it; every 4xx is LATER: the server says that it took nothing.
_REFUSED_SENDER: Final[dict[int, Verdict]] = {552: Verdict.BAD_MESSAGE}
_REFUSED_RECIPIENT: Final[dict[int, Verdict]] = {
    501: Verdict.BAD_ADDRESS,
    510: Verdict.BAD_ADDRESS,
    511: Verdict.BAD_ADDRESS,
    550: Verdict.BAD_ADDRESS,
    551: Verdict.BAD_ADDRESS,
    553: Verdict.BAD_ADDRESS,
    530: Verdict.SETTINGS,
    535: Verdict.SETTINGS,
}
# Of MAIL, RCPT and DATA: the hundred of a good reply, the table of refusals, and what one means that is not in it.
_STEPS: Final[tuple[tuple[int, dict[int, Verdict], Verdict], ...]] = (
    (2, _REFUSED_SENDER, Verdict.SETTINGS),
    (2, _REFUSED_RECIPIENT, Verdict.BAD_MESSAGE),
    (3, {}, Verdict.BAD_MESSAGE),
)
_CLOSING: Final = 421
# How long a server may take to ask for a body whose envelope was in time: its customer may say no meanwhile.
_ENVELOPE_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class _Letter:
    """A message as it goes over the line: the three commands of its envelope, and its body with the final dot."""

    message: Message
    not_after: float
    envelope: tuple[bytes, bytes, bytes]
    body: bytes

    @classmethod
    def of(cls, message: Message, not_after: float) -> Self:
        """Raises UnicodeError for an address that no server takes."""
        sender, recipient = ascii_address(message.sender), ascii_address(message.recipient)
        # A customer's mail client sorts by this date, so it is the real one even in a simulated year. The body begins
        # with a header, so that no line before the first break needs a second dot.
        body = mime_bytes(message, datetime.now(UTC)).replace(b"\n.", b"\n..")
        envelope = f"MAIL FROM:<{sender}>\r\n".encode(), f"RCPT TO:<{recipient}>\r\n".encode(), b"DATA\r\n"
        return cls(message, not_after, envelope, body + b".\r\n")


class Smtp(Channel):
    """Any SMTP server. Until the final dot has left nothing is sent; after it only a reply tells."""

    provider: ClassVar[str] = "smtp"
    channels: ClassVar[tuple[ChannelName, ...]] = (ChannelName.EMAIL,)

    def __init__(self) -> None:
        self._server = server(settings.SMTP_URL)
        self._line: Line | None = None

    def send(self, message: Message, *, not_after: float = math.inf) -> SendResult:
        """Hand `message` over once and class the answer."""
        ((_message, result),) = self.send_each([(message, not_after)])
        return result

    def send_each(self, calls: Iterable[tuple[Message, float]]) -> Iterator[tuple[Message, SendResult]]:
        """Hand each message over once, and class the answers.

        Where the server allows it (RFC 2920) the envelope of the next message leaves with the body of the one before:
        one round trip a message. Its own body leaves once the server has asked for it, if it is still in time.
        """
        given = iter(calls)
        ahead: _Letter | None = None
        while letter := ahead or (yield from _next_letter(given)):
            ahead = yield from self._hand_over(letter, given, opened=letter is ahead)

    def close(self) -> None:
        """Close the connection."""
        if self._line is not None:
            self._line.close()
            self._line = None

    def _hand_over(
        self, letter: _Letter, given: Iterator[tuple[Message, float]], *, opened: bool
    ) -> _Answers[_Letter | None]:
        """Hand over one letter, whose envelope was `opened` before or is now; return the next one where its envelope
        has left as well."""
        try:
            line = self._ready(opened=opened)
            _open_envelope(line, letter, opened=opened)
        except NotBegunError:
            yield letter.message, SendResult(Verdict.NOT_BEGUN)
            return None
        except RefusedError as refused:
            self.close()
            yield letter.message, refused.result
            return None
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            yield letter.message, _not_sent(error)
            return None
        # Whose envelope left with another's body has waited for that one, the others for a slow server.
        not_after = letter.not_after if opened else letter.not_after + _ENVELOPE_SECONDS
        late = SendResult(Verdict.NOT_BEGUN) if opened else SendResult(Verdict.LATER, code="slow")
        return (yield from self._hand_over_body(line, letter, given, not_after, late))

    def _hand_over_body(
        self, line: Line, letter: _Letter, given: Iterator[tuple[Message, float]], not_after: float, late: SendResult
    ) -> _Answers[_Letter | None]:
        """Send a body, with the envelope of the next letter behind it; `late` answers one too late for that."""
        ahead = (yield from _next_letter(given)) if line.pipelining else None
        held_up = False
        try:
            line.write(letter.body, *(ahead.envelope if ahead else ()), not_after=not_after)
            end = time.monotonic() + READ_SECONDS
            try:
                code, words = line.reply(min(end, ahead.not_after) if ahead else end)
            except TimeoutError:
                if ahead is None:
                    raise
                # A slow answer holds nobody else: the server has the envelope of the next one, and never gets its body.
                yield ahead.message, SendResult(Verdict.NOT_BEGUN)
                ahead, held_up = None, True
                code, words = line.reply(end)
        except NotBegunError:
            # The server waits for a body, so this line is of no other use.
            self.close()
            yield letter.message, late
            if ahead is not None:
                yield ahead.message, SendResult(Verdict.NOT_BEGUN)
            return None
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            yield letter.message, SendResult(Verdict.UNKNOWN, code="no_answer", detail=type(error).__name__)
            if ahead is not None:
                yield ahead.message, _not_sent(error)
            return None
        yield letter.message, _judged(letter.message, code, words)
        if held_up or code // 100 not in (2, 4, 5) or code == _CLOSING:
            self.close()
            if ahead is not None:
                yield ahead.message, SendResult(Verdict.LATER, code=str(code), detail=words[:500])
            return None
        return ahead

    def _ready(self, *, opened: bool) -> Line:
        """Return a connection that was greeted, secured and logged in, a fresh one where the old one was idle."""
        if self._line is not None and not opened and not self._line.usable:
            self.close()
        if self._line is None:
            self._line = connect(self._server)
        return self._line


def _next_letter(given: Iterator[tuple[Message, float]]) -> _Answers[_Letter | None]:
    """Return the next letter, None where there is none; yield the answers of those that cannot be written."""
    for message, not_after in given:
        try:
            return _Letter.of(message, not_after)
        except UnicodeError:
            yield message, SendResult(Verdict.BAD_ADDRESS, code="not_ascii")
    return None


def _open_envelope(line: Line, letter: _Letter, *, opened: bool) -> None:
    """Have the server ask for the body; raises RefusedError where it does not, NotBegunError where it is too late."""
    together = letter.envelope if line.pipelining else letter.envelope[:1]
    if not opened:
        line.write(*together, not_after=letter.not_after)
    for command, (wanted, table, other) in zip(letter.envelope, _STEPS, strict=True):
        if command not in together:
            line.write(command)
        code, words = line.reply(time.monotonic() + READ_SECONDS)
        if code // 100 != wanted:
            verdict = table.get(code, other) if code // 100 == 5 else Verdict.LATER
            raise RefusedError(verdict, code, words)


def _judged(message: Message, code: int, words: str) -> SendResult:
    if code // 100 == 2:
        return SendResult(Verdict.ACCEPTED, provider_id=message_id(message)[:120], code=str(code))
    verdict = {4: Verdict.LATER, 5: Verdict.BAD_MESSAGE}.get(code // 100, Verdict.UNKNOWN)
    return SendResult(verdict, code=str(code), detail=words[:500])


def _not_sent(error: Exception) -> SendResult:
    return SendResult(Verdict.LATER, code="not_sent", detail=type(error).__name__)
