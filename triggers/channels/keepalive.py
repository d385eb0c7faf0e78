"""One kept-alive HTTP connection that makes each call once and says whether a failed one can have left.

The answer is parsed by httptools (llhttp): the standard library's client took 65 µs of processor time a call where this
way takes 9, most of it for the answer's headers.
"""

import re
import select
import socket
import ssl
import time
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

import httptools

CONNECT_SECONDS: Final = 5.0
READ_SECONDS: Final = 15.0
# Providers and load balancers close idle connections at any time after this.
IDLE_SECONDS: Final = 5.0
_LONGEST_ANSWER: Final = 65_536
_NO_HEADER: Final = re.compile(r"[\r\n\x00]")


class NotSentError(Exception):
    """The request surely never left: DNS, connection refused, TLS."""


class NotBegunError(Exception):
    """It was too late to begin, so nothing was asked."""


class AmbiguousError(Exception):
    """The request may have arrived: reset, time-out or an unreadable answer after the first byte left."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back: the names of `headers` in lower case, the body cut at 64 KB."""

    status: int
    headers: dict[str, str]
    body: bytes


class KeepAlive:
    """A connection to `base_url` (http:// or https://); not for use by two threads at once."""

    def __init__(self, base_url: str) -> None:
        parts = urlsplit(base_url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"{base_url!r} is not an http address")
        self._address = parts.hostname, parts.port or {"http": 80, "https": 443}[parts.scheme]
        self._tls = ssl.create_default_context() if parts.scheme == "https" else None
        self._host = parts.netloc.rpartition("@")[2]
        self._socket: socket.socket | None = None
        self._last_used = 0.0

    def post(self, path: str, headers: dict[str, str], body: bytes, *, not_after: float) -> Reply:
        """POST once, without redirects or retries.

        Raises one of the three errors above, and ValueError for a header with a line break, of which nothing leaves.
        """
        lines = [f"POST {path} HTTP/1.1", f"Host: {self._host}", f"Content-Length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        if any(map(_NO_HEADER.search, lines)):
            raise ValueError("a header holds a line break")
        request = "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body
        connection = self._ready()
        try:
            send_in_time(connection, request, not_after)
            answer = _Answer()
            answer.read(connection)
        except (OSError, httptools.HttpParserError) as error:
            self.close()
            raise AmbiguousError(type(error).__name__) from error
        if not answer.keeps_alive:
            self.close()
        self._last_used = time.monotonic()
        return Reply(answer.status, answer.headers, bytes(answer.body[:_LONGEST_ANSWER]))

    def close(self) -> None:
        """Close the connection; the next call opens another."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _ready(self) -> socket.socket:
        if self._socket is not None:
            idle = time.monotonic() - self._last_used > IDLE_SECONDS
            if not idle and is_silent(self._socket):
                return self._socket
            self.close()
        try:
            self._socket = self._connected()
        except OSError as error:
            raise NotSentError(type(error).__name__) from error
        self._last_used = time.monotonic()
        return self._socket

    def _connected(self) -> socket.socket:
        plain = socket.create_connection(self._address, CONNECT_SECONDS)
        try:
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return self._tls.wrap_socket(plain, server_hostname=self._address[0]) if self._tls else plain
        except BaseException:
            plain.close()
            raise


def is_silent(connection: socket.socket) -> bool:
    """Return whether an idle connection was neither closed by the other side nor spoken to out of turn: the reset that
    our request would meet looks just like one that came after it was read."""
    if not select.select([connection], [], [], 0)[0]:
        return True
    if not isinstance(connection, ssl.SSLSocket):
        return False
    connection.settimeout(0)
    try:
        connection.recv(1)
    except ssl.SSLWantReadError:
        # TLS's own affairs, such as the tickets that a server hands out unasked.
        return True
    except OSError:
        return False
    return False


def send_in_time(connection: socket.socket, data: bytes, not_after: float) -> None:
    """Send `data`, of which nothing leaves where it is later than `not_after` (of time.monotonic()): NotBegunError.

    Raises OSError after a first byte may have left.
    """
    # Both this and a sendall() with a time-out let other threads run before the first byte: on a busy machine, or one
    # that stands still just then, that byte would leave any time after the look at the clock.
    connection.settimeout(0)
    if time.monotonic() > not_after:
        raise NotBegunError
    try:
        taken = connection.send(data)
    except BlockingIOError:
        # The system has no room for a byte of it, and to wait would make it late.
        raise NotBegunError from None
    except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
        # Some of it may be on its way nevertheless; the same bytes again go on from there.
        taken = 0
    if taken < len(data):
        connection.settimeout(READ_SECONDS)
        connection.sendall(memoryview(data)[taken:])


class _Answer:
    """Reads the answer to one request; httptools calls the methods that begin with `on_`."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.body = bytearray()
        self.keeps_alive = False
        self._parser = httptools.HttpResponseParser(self)
        self._headed = self._done = self._more = False

    def read(self, connection: socket.socket) -> None:
        """Read to the end of the answer, or of what we want of it. Raises OSError and HttpParserError."""
        end = time.monotonic() + READ_SECONDS
        taken = 0
        while not self._done:
            connection.settimeout(max(0.001, end - time.monotonic()))
            data = connection.recv(_LONGEST_ANSWER)
            taken += len(data)
            if not data:
                # Without a length the end of the connection is that of the body.
                if not self._headed or self.headers.keys() & {"content-length", "transfer-encoding"}:
                    raise ConnectionError("the answer broke off")
                return
            self._parser.feed_data(data)
            if len(self.body) >= _LONGEST_ANSWER and not self._done:
                return
            if taken > 2 * _LONGEST_ANSWER and not self._done:
                raise ConnectionError("the answer does not end")
        self.keeps_alive &= not self._more

    def on_message_begin(self) -> None:
        """Notice a second answer, which nobody asked for."""
        self._more = self._done

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header."""
        self.headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        """Keep the status."""
        self.status = self._parser.get_status_code()
        self._headed = self.status >= 200

    def on_body(self, data: bytes) -> None:
        """Keep a piece of the body."""
        self.body += data

    def on_message_complete(self) -> None:
        """Notice the end; 100 Continue and its like only announce the answer."""
        if self._headed:
            self._done = True
            self.keeps_alive = self._parser.should_keep_alive()
        else:
            self.headers.clear()
