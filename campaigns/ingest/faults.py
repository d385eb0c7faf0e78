"""What is wrong with a posted item, told with the path of each fault."""

from collections.abc import Callable
from typing import Any, Final, TypedDict

from django.utils.translation import gettext as _
from pydantic import ValidationError

from campaigns.ingest.values import WITHOUT_NUL

MOST_FAULTS: Final = 50


class FaultDict(TypedDict):
    """One fault as the API tells it: `{"path": "batch.3.total", "message": "…"}`."""

    path: str
    message: str


class Refused(Exception):
    """An item that cannot be stored; `faults` says why, with paths inside the item."""

    def __init__(self, *faults: FaultDict, conflict: bool = False) -> None:
        super().__init__(faults)
        self.faults = list(faults)
        # The item is well formed but contradicts what is stored.
        self.conflict = conflict


def fault(path: str, message: str) -> FaultDict:
    """Return one fault."""
    return {"path": path, "message": message}


_MESSAGES: Final[dict[str, Callable[[dict[str, Any]], str]]] = {
    "extra_forbidden": lambda _ctx: _("is not a known field; your own data go into attributes or properties"),
    "missing": lambda _ctx: _("is required"),
    "json_invalid": lambda ctx: _("The body is not valid JSON: %(error)s") % {"error": ctx.get("error", "")},
    "string_too_long": lambda ctx: _("is longer than %(n)s characters") % {"n": ctx["max_length"]},
    "string_too_short": lambda _ctx: _("is empty"),
    "too_long": lambda ctx: _("has more than %(n)s entries") % {"n": ctx["max_length"]},
    "string_pattern_mismatch": lambda ctx: (
        _("holds a NUL character, which no database stores")
        if ctx["pattern"] == WITHOUT_NUL
        else _("does not have the form %(pattern)s") % {"pattern": ctx["pattern"]}
    ),
    "timezone_aware": lambda _ctx: _("has no offset from UTC; write it like 2025-02-01T09:30:00+01:00"),
    "union_tag_not_found": lambda _ctx: _("has no type"),
    "union_tag_invalid": lambda ctx: (
        _("has the unknown type %(tag)s; there are %(known)s") % {"tag": ctx["tag"], "known": ctx["expected_tags"]}
    ),
    "literal_error": lambda ctx: _("is none of %(known)s") % {"known": ctx["expected"]},
    "greater_than_equal": lambda ctx: _("is less than %(bound)s") % {"bound": ctx["ge"]},
    "less_than_equal": lambda ctx: _("is more than %(bound)s") % {"bound": ctx["le"]},
}


def faults_of(error: ValidationError, prefix: str = "", *, tagged: bool = False) -> list[FaultDict]:
    """Return at most 50 faults of `error`, each path below `prefix`; `tagged` drops the union's own step of the path.

    The message never repeats the value: it may be personal data and ends in logs.
    """
    faults = []
    for found in error.errors(include_url=False, include_input=False)[:MOST_FAULTS]:
        steps = found["loc"][1:] if tagged else found["loc"]
        path = ".".join(part for part in [prefix, *map(str, steps)] if part)
        explain = _MESSAGES.get(found["type"])
        message = explain(found.get("ctx", {})) if explain else found["msg"]
        faults.append(fault(path.replace("\0", "�"), message.replace("\0", "�")))
    return faults
