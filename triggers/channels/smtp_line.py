"""One connection to an SMTP server, beyond what smtplib reads: replies that come several at once."""

import math
import smtplib
import socket
import time
from typing import Final

from triggers.channels.keepalive import IDLE_SECONDS, is_silent, send_in_time

_LONGEST_LINE: Final = 8192


class Line:
    """A connection that was greeted, secured and logged in, read by ourselves: replies often come several at once."""

    def __init__(self, smtp: smtplib.SMTP) -> None:
        assert smtp.sock is not None
        self._smtp, self._socket = smtp, smtp.sock
        # The last piece of a mail would wait for the receipt of those before it.
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.pipelining = smtp.has_extn("pipelining")
        self._read = b""
        self._last_used = time.monotonic()

    @property
    def usable(self) -> bool:
        """False where it was idle too long, or is readable before a command: the server has said goodbye."""
        if self._read or time.monotonic() - self._last_used > IDLE_SECONDS:
            return False
        return is_silent(self._socket)

    def write(self, *pieces: bytes, not_after: float = math.inf) -> None:
        """Send the pieces as one; raises NotBegunError, and sends nothing, after `not_after` (of time.monotonic())."""
        send_in_time(self._socket, b"".join(pieces), not_after)

    def reply(self, end: float) -> tuple[int, str]:
        """Read one reply, of one line or several, until `end` at the latest (of time.monotonic()).

        Raises TimeoutError, after which it can still be read, and SMTPServerDisconnected on the end of the stream or
        nonsense.
        """
        while True:
            line = self._reply_line(end)
            if not line[:3].isdigit():
                raise smtplib.SMTPServerDisconnected("no reply")
            if line[3:4] != b"-":
                self._last_used = time.monotonic()
                return int(line[:3]), line[4:].decode("utf-8", "replace").strip()

    def _reply_line(self, end: float) -> bytes:
        while (length := self._read.find(b"\n") + 1) == 0:
            self._socket.settimeout(max(0.001, end - time.monotonic()))
            data = self._socket.recv(_LONGEST_LINE)
            if not data or len(self._read) > _LONGEST_LINE:
                raise smtplib.SMTPServerDisconnected("no reply")
            self._read += data
        line, self._read = self._read[:length], self._read[length:]
        return line

    def close(self) -> None:
        """Close it without a farewell: nothing under way depends on it."""
        self._smtp.close()
