"""Holds requests against the providers' official OpenAPI files, compiled once."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self
from urllib.parse import parse_qsl

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.protocols import Validator

from tests.providers.server import Request

DATA: Final = Path(__file__).resolve().parents[3] / "shared" / "data"
SENDGRID: Final = DATA / "api_sendgrid" / "tsg_mail_v3.json"
TWILIO: Final = DATA / "api_twilio" / "twilio_api_v2010.json"


@dataclass(frozen=True, slots=True)
class SchemaFault:
    path: str
    message: str


class Contract:
    """One operation's request body, as its official schema describes it. Unknown top-level fields are a fault too:
    the schemas leave them open, but a field that the provider does not know is one it would ignore."""

    def __init__(self, document: dict[str, Any], schema: dict[str, Any]) -> None:
        self._known = set(schema["properties"])
        self._types = {name: field.get("type", "string") for name, field in schema["properties"].items()}
        self._validator: Validator = Draft202012Validator(
            schema | {"components": document["components"]}, format_checker=FormatChecker()
        )

    @classmethod
    def of_sendgrid(cls) -> Self:
        document = json.loads(SENDGRID.read_text())
        body = document["components"]["requestBodies"]["PostMailSend"]
        return cls(document, _resolved(document, body["content"]["application/json"]["schema"]))

    @classmethod
    def of_twilio(cls) -> Self:
        document = json.loads(TWILIO.read_text())
        operation = document["paths"]["/2010-04-01/Accounts/{AccountSid}/Messages.json"]["post"]
        body = operation["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"]
        return cls(document, _resolved(document, body))

    def fault_in_json(self, request: Request) -> SchemaFault | None:
        """Return the first fault of a JSON request."""
        if request.header("content-type").split(";")[0] != "application/json":
            return SchemaFault("content-type", "is not application/json")
        try:
            body = json.loads(request.body)
        except ValueError as error:
            return SchemaFault("", str(error))
        return next(self._faults(body), None)

    def fault_in_form(self, request: Request) -> SchemaFault | None:
        """Return the first fault of a form request; its text values are read by the schema's types."""
        if request.header("content-type").split(";")[0] != "application/x-www-form-urlencoded":
            return SchemaFault("content-type", "is not a form")
        fields: dict[str, Any] = {}
        for name, value in parse_qsl(request.body.decode(), keep_blank_values=True, strict_parsing=True):
            kind = self._types.get(name)
            fields[name] = int(value) if kind == "integer" and value.lstrip("-").isdigit() else value
        return next(self._faults(fields), None)

    def _faults(self, body: Any) -> Iterator[SchemaFault]:
        for error in self._validator.iter_errors(body):
            yield SchemaFault(".".join(map(str, error.absolute_path)), error.message)
        for unknown in sorted(set(body) - self._known):
            yield SchemaFault(unknown, "is unknown")


def _resolved(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in schema:
        target: Any = document
        for part in schema["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        schema = target
    return schema
