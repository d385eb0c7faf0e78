"""One kept-alive HTTP connection that makes each call once and says whether a failed one can have left."""

import http.client
import select
import time
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

CONNECT_SECONDS: Final = 5.0
READ_SECONDS: Final = 15.0
# Providers and load balancers close idle connections at any time after this.
IDLE_SECONDS: Final = 5.0
_LONGEST_ANSWER: Final = 65_536


class NotSentError(Exception):
    """The request surely never left: DNS, connection refused, TLS."""


class NotBegunError(Exception):
    """It was too late to begin, so nothing was asked."""


class AmbiguousError(Exception):
    """The request may have arrived: reset, time-out or an unreadable answer after the first byte left."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back, the body cut at 64 KB; the names of `headers` are found in any case."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes


class KeepAlive:
    """A connection to `base_url` (http:// or https://); not for use by two threads at once."""

    def __init__(self, base_url: str) -> None:
        parts = urlsplit(base_url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"{base_url!r} is not an http address")
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._connection = kind(parts.hostname, parts.port, timeout=CONNECT_SECONDS)
        # http.client would otherwise reconnect by itself between two halves of a call.
        self._connection.auto_open = 0
        self._last_used = 0.0

    def post(self, path: str, headers: dict[str, str], body: bytes, *, not_after: float) -> Reply:
        """POST once, without redirects or retries. Raises one of the three errors above, never anything else."""
        self._make_ready()
        if time.monotonic() > not_after:
            raise NotBegunError
        try:
            self._connection.request("POST", path, body, headers)
            with self._connection.getresponse() as response:
                reply = Reply(response.status, response.headers, response.read(_LONGEST_ANSWER))
                if not response.isclosed():
                    self.close()
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise AmbiguousError(type(error).__name__) from error
        self._last_used = time.monotonic()
        return reply

    def close(self) -> None:
        """Close the connection; the next call opens another."""
        self._connection.close()

    def _make_ready(self) -> None:
        sock = self._connection.sock
        if sock is not None:
            # A readable idle connection was closed by the other side (or speaks out of turn): the reset that our
            # request would meet looks just like one that came after it was read.
            idle = time.monotonic() - self._last_used > IDLE_SECONDS
            if not idle and not select.select([sock], [], [], 0)[0]:
                return
            self.close()
        try:
            self._connection.connect()
        except OSError as error:
            self.close()
            raise NotSentError(type(error).__name__) from error
        self._connection.sock.settimeout(READ_SECONDS)
