"""What the simulators share: a bare asyncio HTTP server, fast enough to be a benchmark's sink, and their log.

`PUT /_mode` with JSON like `{"faults": {"500": 0.2}, "seed": 3}` sets the faults while it runs.
"""

import argparse
import asyncio
import json
import os
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from tests.providers.faults import Fault, Faults

REASONS = {
    200: "OK",
    201: "Created",
    202: "Accepted",
    301: "Moved Permanently",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    413: "Payload Too Large",
    429: "Too Many Requests",
    451: "Unavailable For Legal Reasons",
    500: "Internal Server Error",
    503: "Service Unavailable",
}


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    path: str
    head: bytes
    body: bytes

    def header(self, name: str) -> str:
        """Return a header's value, '' where it is missing."""
        marker = b"\r\n" + name.lower().encode() + b":"
        start = self.head.lower().find(marker)
        if start < 0:
            return ""
        end = self.head.find(b"\r\n", start + len(marker))
        return self.head[start + len(marker) : end if end >= 0 else None].strip().decode("latin-1")


def reply(status: int, body: bytes = b"", headers: str = "", content_type: str = "application/json") -> bytes:
    """Return a whole HTTP answer."""
    kind = f"Content-Type: {content_type}\r\n" if body else ""
    head = f"HTTP/1.1 {status} {REASONS.get(status, 'Unknown')}\r\n{headers}{kind}Content-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


class Log:
    """One JSON line an accepted message, handed to the kernel before its answer is: a kill -9 loses none."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def add(self, line: bytes) -> None:
        """Append one line (without its end)."""
        os.write(self._file, line + b"\n")

    def add_fault(self, kind: str) -> None:
        """Append the kind of a fault that was drawn to a log of their own."""
        with self._path.with_suffix(".faults").open("a") as file:
            file.write(f"{kind}\n")

    def lines(self) -> list[dict[str, Any]]:
        """Return every line so far."""
        return [json.loads(line) for line in self._path.read_text(encoding="utf-8").splitlines()]


class Provider(ABC):
    """One simulated provider: judges a request, takes it, answers."""

    def __init__(self, log: Log, *, strict: bool) -> None:
        self.log = log
        # GETs find what was taken unless a test says that this account may not look.
        self.may_look = True
        self.strict = strict
        self.faults = Faults()
        self._taken = 0

    @abstractmethod
    def refusal(self, request: Request) -> bytes | None:
        """Return the answer to a request that is wrong, None to one that is right."""

    @abstractmethod
    def take(self, request: Request, message_id: str) -> tuple[bytes, bytes]:
        """Return the line of the log and the answer for a message taken."""

    @abstractmethod
    def look_up(self, query: dict[str, str]) -> bytes:
        """Return the answer to a question for messages taken."""

    @abstractmethod
    def fault(self, fault: Fault) -> bytes:
        """Return the answer of a fault with a status."""

    def new_id(self) -> str:
        """Return the next message's id."""
        self._taken += 1
        return f"{os.getpid():x}{self._taken:026x}"[:32]

    def handle(self, request: Request) -> tuple[bytes | None, float]:
        """Return the answer (None: hang up) and after how many seconds it is given."""
        if request.path == "/_mode":
            mode = json.loads(request.body)
            self.faults, self.may_look = Faults.of(mode), mode.get("may_look", True)
            return reply(200), 0.0
        if request.method == "GET":
            question = dict(parse_qsl(request.path.partition("?")[2]))
            return (self.look_up(question) if self.may_look else reply(403)), 0.0
        refused = self.refusal(request)
        if refused is not None:
            return refused, 0.0
        fault = self.faults.draw()
        if fault is not None:
            self.log.add_fault(fault.kind)
        if fault is not None and fault.status:
            return self.fault(fault), 0.0
        if fault is not None and fault.kind == "reset":
            return None, 0.0
        line, answer = self.take(request, self.new_id())
        self.log.add(b'{"at":%.6f,%b' % (time.time(), line[1:]))
        if fault is None:
            return answer, 0.0
        if fault.kind == "drop":
            return None, 0.0
        if fault.kind == "garbage":
            return reply(200, b"<html>?", content_type="text/html"), 0.0
        return answer, float(fault.detail or 1)


class HttpProtocol(asyncio.Protocol):
    """Keep-alive and pipelining, Content-Length bodies only."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self._waiting = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._waiting = self._waiting + data if self._waiting else data
        answers: list[bytes] = []
        while (request := self._next()) is not None:
            answer, delay = self._provider.handle(request)
            if answer is None:
                self._transport.write(b"".join(answers))
                self._transport.close()
                return
            if delay:
                asyncio.get_running_loop().call_later(delay, self._transport.write, answer)
            else:
                answers.append(answer)
        if answers:
            self._transport.write(b"".join(answers))

    def _next(self) -> Request | None:
        end = self._waiting.find(b"\r\n\r\n")
        if end < 0:
            return None
        head = self._waiting[:end]
        start = head.lower().find(b"\r\ncontent-length:")
        length = int(head[start + 17 : head.find(b"\r\n", start + 2) % (len(head) + 1)]) if start >= 0 else 0
        if len(self._waiting) < end + 4 + length:
            return None
        body = self._waiting[end + 4 : end + 4 + length]
        self._waiting = self._waiting[end + 4 + length :]
        method, path, _version = head[: head.find(b"\r\n")].decode("latin-1").split(" ", 2)
        return Request(method, path, head, body)


def arguments() -> argparse.Namespace:
    """Return --port (0: any, printed on the first line), --log and --strict."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--strict", action="store_true", help="hold every request against the official OpenAPI")
    return parser.parse_args()


def serve(make_protocol: type[asyncio.Protocol] | object, port: int) -> None:
    """Serve on loopback until killed, once the port has been printed."""

    async def run() -> None:
        server = await asyncio.get_running_loop().create_server(make_protocol, "127.0.0.1", port)  # type: ignore[arg-type]
        print(server.sockets[0].getsockname()[1], flush=True)
        await server.serve_forever()

    asyncio.run(run())
