"""An SMTP sink that keeps a log: `python -m tests.providers.smtp --port 4025 --log sent.log [--brief] [--plain]`.

Each line has `at`, `from`, `to`, the `attempt` of the Message-ID and the `message` as it came, which `--brief` leaves
out; with `--bare`, for benchmarks, a line is the recipient alone. The recipient says how it misbehaves: `answer-550@…`
is refused at RCPT, `data-451@…` after the dot (421: and the connection closed), `drop@…` is taken and the connection
closed, `slow-1.5@…` is answered so late; or XMODE does, for a share of all messages (tests/providers/faults.py, a
number being the answer after the dot). With `--plain` there is no PIPELINING: who speaks before an answer is hung up
on.
"""

import argparse
import asyncio
import json
import re
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.providers.faults import Fault, Faults
from tests.providers.server import Log, serve

_ANSWER = re.compile(r"(answer|data)-(\d{3})@")
_SLOW = re.compile(r"slow-([\d.]+)@")
_ATTEMPT: Final = re.compile(rb"^Message-ID: <([0-9a-f]+)@", re.MULTILINE)


@dataclass(slots=True)
class Sink:
    """What all connections share: the log, and how they answer."""

    log: Log
    bare: bool = False
    brief: bool = False
    plain: bool = False
    faults: Faults = field(default_factory=Faults)


class SmtpProtocol(asyncio.Protocol):
    """RFC 5321 as far as a client that sends needs it."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._waiting = b""
        self._sender = self._recipient = ""
        self._in_data = self._ending = self._slow = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(b"220 sink\r\n")

    def data_received(self, data: bytes) -> None:
        self._waiting = self._waiting + data if self._waiting else data
        answers: list[bytes] = []
        while not (self._ending or self._slow):
            end = b"\r\n.\r\n" if self._in_data else b"\r\n"
            at = self._waiting.find(end)
            if at < 0:
                break
            piece, self._waiting = self._waiting[:at], self._waiting[at + len(end) :]
            answers.append(self._message(piece) if self._in_data else self._command(piece))
            self._ending |= answers[-1].startswith(b"421") or (self._sink.plain and bool(self._waiting))
        self._transport.write(b"".join(answers))
        if self._ending:
            self._transport.close()

    def _command(self, line: bytes) -> bytes:
        verb = line[:4].upper()
        if verb == b"EHLO":
            return b"250 sink\r\n" if self._sink.plain else b"250-sink\r\n250 PIPELINING\r\n"
        if verb == b"MAIL":
            self._sender, self._recipient = _address(line), ""
            return b"250 ok\r\n"
        if verb == b"RCPT":
            recipient = _address(line)
            fault = _ANSWER.match(recipient)
            if fault and fault[1] == "answer":
                return f"{fault[2]} simulated\r\n".encode()
            self._recipient = recipient
            return b"250 ok\r\n"
        if verb == b"DATA":
            if not self._recipient:
                return b"503 no valid recipients\r\n"
            self._in_data = True
            return b"354 go\r\n"
        if verb == b"XMOD":
            self._sink.faults = Faults.of(json.loads(line[5:]))
            return b"250 ok\r\n"
        if verb == b"QUIT":
            self._ending = True
            return b"221 bye\r\n"
        return b"250 ok\r\n" if verb in (b"HELO", b"RSET", b"NOOP") else b"502 unknown\r\n"

    def _message(self, stuffed: bytes) -> bytes:
        self._in_data = False
        refused = _ANSWER.match(self._recipient)
        if refused:
            return f"{refused[2]} simulated\r\n".encode()
        if self._sink.bare:
            self._sink.log.add(self._recipient.encode())
            return b"250 taken\r\n"
        fault = self._fault()
        if fault is not None:
            self._sink.log.add_fault(fault.kind)
        if fault is not None and fault.status:
            return f"{fault.status} simulated\r\n".encode()
        self._ending = fault is not None and fault.kind in ("drop", "reset")
        if fault is None or fault.kind != "reset":
            self._keep(stuffed)
        if fault is not None and fault.kind == "slow":
            self._slow = True
            asyncio.get_running_loop().call_later(float(fault.detail or 1), self._wake)
        return b"" if self._ending or self._slow else b"250 taken\r\n"

    def _fault(self) -> Fault | None:
        if self._recipient.startswith("drop@"):
            return Fault("drop")
        slow = _SLOW.match(self._recipient)
        return Fault("slow", slow[1]) if slow else self._sink.faults.draw()

    def _keep(self, stuffed: bytes) -> None:
        attempt = _ATTEMPT.search(stuffed)
        line = {
            "at": time.time(),
            "from": self._sender,
            "to": self._recipient,
            "attempt": attempt[1].decode() if attempt else "",
        }
        if not self._sink.brief:
            line["message"] = re.sub(rb"^\.", b"", stuffed, flags=re.MULTILINE).decode("latin-1")
        self._sink.log.add(json.dumps(line).encode())

    def _wake(self) -> None:
        self._slow = False
        self._transport.write(b"250 taken\r\n")
        self.data_received(b"")


def _address(line: bytes) -> str:
    return line[line.find(b"<") + 1 : line.rfind(b">")].decode()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--log", type=Path, required=True)
    for option in ("bare", "brief", "plain"):
        parser.add_argument(f"--{option}", action="store_true")
    given = parser.parse_args()
    sink = Sink(Log(given.log), given.bare, given.brief, given.plain)
    serve(lambda: SmtpProtocol(sink), given.port)
