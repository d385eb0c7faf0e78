"""E-mail by any SMTP server, over one kept connection, two round trips a message where the server allows it."""

import math
import re
import select
import smtplib
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ClassVar, Final
from urllib.parse import parse_qs, unquote, urlsplit

from django.conf import settings

from campaigns.models import ChannelName
from triggers.channels.channel import Channel
from triggers.channels.keepalive import CONNECT_SECONDS, IDLE_SECONDS, READ_SECONDS
from triggers.channels.message import Message, SendResult, Verdict
from triggers.channels.mime import ascii_address, message_id, mime_bytes

_LONGEST_LINE: Final = 8192
_LEADING_DOT: Final = re.compile(rb"^\.", re.MULTILINE)

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


@dataclass(frozen=True, slots=True)
class Server:
    """settings.SMTP_URL, taken apart: smtp://user:password@host:port?tls=starttls (or implicit, or none)."""

    host: str
    port: int
    user: str
    password: str
    tls: str


def server(url: str) -> Server:
    """Return the parts of `url`; raises ValueError where it is no SMTP address. smtps:// is implicit TLS."""
    parts = urlsplit(url)
    tls = parse_qs(parts.query).get("tls", ["implicit" if parts.scheme == "smtps" else "none"])[0]
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname or tls not in ("none", "starttls", "implicit"):
        raise ValueError("SMTP_URL must look like smtp://user:password@host:587?tls=starttls")
    port = parts.port or {"implicit": 465, "starttls": 587, "none": 25}[tls]
    return Server(parts.hostname, port, unquote(parts.username or ""), unquote(parts.password or ""), tls)


class _RefusedError(Exception):
    """The server said no, at a step where that proves that nothing was sent."""

    def __init__(self, verdict: Verdict, code: int | str, words: str) -> None:
        super().__init__(words)
        self.result = SendResult(verdict, code=str(code), detail=words[:500])


class Smtp(Channel):
    """Any SMTP server. Until the final dot has left nothing is sent; after it only a reply tells."""

    provider: ClassVar[str] = "smtp"
    channels: ClassVar[tuple[ChannelName, ...]] = (ChannelName.EMAIL,)

    def __init__(self) -> None:
        self._server = server(settings.SMTP_URL)
        self._smtp: smtplib.SMTP | None = None
        self._last_used = 0.0

    def send(self, message: Message, *, not_after: float = math.inf) -> SendResult:
        """Hand `message` over once and class the answer."""
        try:
            sender, recipient = ascii_address(message.sender), ascii_address(message.recipient)
            # A customer's mail client sorts by this date, so it is the real one even in a simulated year.
            body = mime_bytes(message, datetime.now(UTC))
        except UnicodeError:
            return SendResult(Verdict.BAD_ADDRESS, code="not_ascii")
        try:
            smtp = self._ready()
            if time.monotonic() > not_after:
                return SendResult(Verdict.NOT_BEGUN)
            self._open_envelope(smtp, sender, recipient)
        except _RefusedError as refused:
            self.close()
            return refused.result
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            return SendResult(Verdict.LATER, code="not_sent", detail=type(error).__name__)
        try:
            code, words = _hand_over(smtp, body)
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            return SendResult(Verdict.UNKNOWN, code="no_answer", detail=type(error).__name__)
        self._last_used = time.monotonic()
        if code // 100 == 2:
            return SendResult(Verdict.ACCEPTED, provider_id=message_id(message)[:120], code=str(code))
        self.close()
        verdict = {4: Verdict.LATER, 5: Verdict.BAD_MESSAGE}.get(code // 100, Verdict.UNKNOWN)
        return SendResult(verdict, code=str(code), detail=words[:500])

    def close(self) -> None:
        """Close the connection without a farewell: nothing under way depends on it."""
        if self._smtp is not None:
            self._smtp.close()
            self._smtp = None

    def _ready(self) -> smtplib.SMTP:
        """Return a connection that was greeted, secured and logged in, a fresh one where the old one was idle."""
        if self._smtp is not None:
            # Readable before a command: the server has said goodbye.
            idle = time.monotonic() - self._last_used > IDLE_SECONDS
            if idle or self._smtp.sock is None or select.select([self._smtp.sock], [], [], 0)[0]:
                self.close()
        if self._smtp is None:
            with _settings_faults():
                self._smtp = self._connect()
        return self._smtp

    def _connect(self) -> smtplib.SMTP:
        where = self._server
        if where.tls == "implicit":
            context = ssl.create_default_context()
            smtp: smtplib.SMTP = smtplib.SMTP_SSL(where.host, where.port, timeout=CONNECT_SECONDS, context=context)
        else:
            smtp = smtplib.SMTP(where.host, where.port, timeout=CONNECT_SECONDS)
        try:
            smtp.ehlo_or_helo_if_needed()
            if where.tls == "starttls":
                smtp.starttls(context=ssl.create_default_context())
                smtp.ehlo()
            if where.user:
                smtp.login(where.user, where.password)
        except (OSError, smtplib.SMTPException):
            smtp.close()
            raise
        assert smtp.sock is not None
        smtp.sock.settimeout(READ_SECONDS)
        return smtp

    def _open_envelope(self, smtp: smtplib.SMTP, sender: str, recipient: str) -> None:
        commands = (f"MAIL FROM:<{sender}>\r\n", f"RCPT TO:<{recipient}>\r\n", "DATA\r\n")
        steps: tuple[tuple[int, dict[int, Verdict], Verdict], ...] = (
            (2, _REFUSED_SENDER, Verdict.SETTINGS),
            (2, _REFUSED_RECIPIENT, Verdict.BAD_MESSAGE),
            (3, {}, Verdict.BAD_MESSAGE),
        )
        assert smtp.sock is not None
        pipelined = smtp.has_extn("pipelining")
        if pipelined:
            smtp.sock.sendall("".join(commands).encode("ascii"))
        for command, (wanted, table, other) in zip(commands, steps, strict=True):
            if not pipelined:
                smtp.sock.sendall(command.encode("ascii"))
            code, words = _reply(smtp)
            if code // 100 != wanted:
                verdict = table.get(code, other) if code // 100 == 5 else Verdict.LATER
                raise _RefusedError(verdict, code, words)


def _hand_over(smtp: smtplib.SMTP, body: bytes) -> tuple[int, str]:
    assert smtp.sock is not None
    stuffed = _LEADING_DOT.sub(b"..", body) if b"\n." in body else body
    smtp.sock.sendall(stuffed + b".\r\n")
    return _reply(smtp)


def _reply(smtp: smtplib.SMTP) -> tuple[int, str]:
    """Read one reply, of one line or several. Raises SMTPServerDisconnected on the end of the stream or nonsense."""
    assert smtp.file is not None
    while True:
        line = smtp.file.readline(_LONGEST_LINE)
        if not line.endswith(b"\n") or not line[:3].isdigit():
            raise smtplib.SMTPServerDisconnected("no reply")
        if line[3:4] != b"-":
            return int(line[:3]), line[4:].decode("utf-8", "replace").strip()


@contextmanager
def _settings_faults() -> Iterator[None]:
    """Turn what only the operator can mend into its own refusal; an unreachable server stays an OSError."""
    try:
        yield
    except (smtplib.SMTPAuthenticationError, smtplib.SMTPNotSupportedError, ssl.SSLCertVerificationError) as error:
        code = getattr(error, "smtp_code", "tls")
        verdict = Verdict.LATER if isinstance(code, int) and code // 100 == 4 else Verdict.SETTINGS
        raise _RefusedError(verdict, code, type(error).__name__) from error
