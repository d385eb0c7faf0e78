"""A Twilio that keeps a log: `python -m tests.providers.twilio --port 4012 --log sent.log [--strict]`.

Each line has `at`, `id`, `attempt` (the end of the StatusCallback), `to`, `body` and the form as `request`.
"""

import json
import re
from email.utils import formatdate
from typing import Final
from urllib.parse import parse_qsl

from tests.providers.faults import Fault
from tests.providers.openapi import Contract
from tests.providers.server import HttpProtocol, Log, Provider, Request, arguments, reply, serve

PATH: Final = re.compile(r"/2010-04-01/Accounts/([^/]+)/Messages\.json")


class TwilioSimulator(Provider):
    """POST …/Messages.json, with basic authentication of any kind."""

    def __init__(self, log: Log, *, strict: bool) -> None:
        super().__init__(log, strict=strict)
        self._contract = Contract.of_twilio() if strict else None

    def refusal(self, request: Request) -> bytes | None:
        if not PATH.fullmatch(request.path):
            return _problem(404, 20404, "The requested resource was not found")
        if request.method != "POST":
            return _problem(405, 20004, "Method not allowed")
        if not request.header("authorization").startswith("Basic "):
            return _problem(401, 20003, "Authenticate")
        if self._contract is None:
            return None
        fault = self._contract.fault_in_form(request)
        return None if fault is None else _problem(400, 21000, f"{fault.path}: {fault.message}")

    def take(self, request: Request, message_id: str) -> tuple[bytes, bytes]:
        form = dict(parse_qsl(request.body.decode(), keep_blank_values=True))
        sid = f"SM{message_id}"
        attempt = form.get("StatusCallback", "").rpartition("/")[2]
        line = {"id": sid, "attempt": attempt, "to": form["To"], "body": form.get("Body", "")}
        found = PATH.fullmatch(request.path)
        assert found is not None
        message = {
            "sid": sid,
            "account_sid": found[1],
            "status": "queued",
            "to": form["To"],
            "from": form.get("From"),
            "body": form.get("Body"),
            "error_code": None,
            "error_message": None,
            "num_segments": "1",
            "num_media": "0",
            "uri": request.path,
        }
        return json.dumps(line | {"request": form}).encode(), reply(201, json.dumps(message).encode())

    def look_up(self, query: dict[str, str]) -> bytes:
        """The list of messages to one number, the newest first."""
        found = [
            {
                "sid": line["id"],
                "to": line["to"],
                "body": line["body"],
                "status": "delivered",
                "error_code": None,
                "date_created": formatdate(line["at"], usegmt=True),
            }
            for line in reversed(self.log.lines())
            if line["to"] == query["To"]
        ]
        return reply(200, json.dumps({"messages": found}).encode())

    def fault(self, fault: Fault) -> bytes:
        return _problem(fault.status, int(fault.detail or fault.status), "simulated")


def _problem(status: int, code: int, message: str) -> bytes:
    more = f"https://www.twilio.com/docs/errors/{code}"
    return reply(status, json.dumps({"code": code, "message": message, "more_info": more, "status": status}).encode())


if __name__ == "__main__":
    given = arguments()
    simulator = TwilioSimulator(Log(given.log), strict=given.strict)
    serve(lambda: HttpProtocol(simulator), given.port)
