"""A SendGrid that keeps a log: `python -m tests.providers.sendgrid --port 4011 --log sent.log [--strict]`.

Each line has `at`, `id`, `attempt`, `to`, `subject` and the whole `request`.
"""

import json
import re
from typing import Final

import msgspec

from tests.providers.faults import Fault
from tests.providers.openapi import Contract
from tests.providers.server import HttpProtocol, Log, Provider, Request, arguments, reply, serve

PATH: Final = "/v3/mail/send"


class _Arguments(msgspec.Struct):
    attempt_id: str = ""


class _To(msgspec.Struct):
    email: str


class _Personalization(msgspec.Struct):
    to: list[_To]
    custom_args: _Arguments = msgspec.field(default_factory=_Arguments)


class _Mail(msgspec.Struct):
    personalizations: list[_Personalization]
    subject: str = ""


class SendGridSimulator(Provider):
    """POST /v3/mail/send, with a bearer key of any kind."""

    def __init__(self, log: Log, *, strict: bool) -> None:
        super().__init__(log, strict=strict)
        self._contract = Contract.of_sendgrid() if strict else None
        self._decode = msgspec.json.Decoder(_Mail).decode

    def refusal(self, request: Request) -> bytes | None:
        if request.path != PATH:
            return _problem(404, "not found")
        if request.method != "POST":
            return _problem(405, "method not allowed")
        if not request.header("authorization").startswith("Bearer "):
            return _problem(401, "The provided authorization grant is invalid, expired, or revoked")
        if self._contract is None:
            return None
        fault = self._contract.fault_in_json(request)
        return None if fault is None else _problem(400, fault.message, fault.path)

    def take(self, request: Request, message_id: str) -> tuple[bytes, bytes]:
        mail = self._decode(request.body)
        first = mail.personalizations[0]
        line = b'{"id":"%b","attempt":%b,"to":%b,"subject":%b,"request":%b}' % (
            message_id.encode(),
            msgspec.json.encode(first.custom_args.attempt_id),
            msgspec.json.encode(first.to[0].email),
            msgspec.json.encode(mail.subject),
            request.body,
        )
        return line, reply(202, headers=f"X-Message-Id: {message_id}\r\n")

    def look_up(self, query: dict[str, str]) -> bytes:
        """The Email Activity API, as far as one query by our own argument."""
        asked = re.fullmatch(r"unique_args\['attempt_id'\]=\"(\w+)\"", query["query"])
        assert asked is not None
        found = [
            {"msg_id": f"{line['id']}.filter0001.1.2-0", "to_email": line["to"], "status": "delivered"}
            for line in self.log.lines()
            if line["attempt"] == asked[1]
        ]
        return reply(200, json.dumps({"messages": found}).encode())

    def fault(self, fault: Fault) -> bytes:
        return _problem(fault.status, "simulated", fault.detail or None)


def _problem(status: int, message: str, field: str | None = None) -> bytes:
    return reply(status, json.dumps({"errors": [{"message": message, "field": field, "help": None}]}).encode())


if __name__ == "__main__":
    given = arguments()
    simulator = SendGridSimulator(Log(given.log), strict=given.strict)
    serve(lambda: HttpProtocol(simulator), given.port)
