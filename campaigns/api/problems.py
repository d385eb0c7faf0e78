"""Faults of the REST API, all as `application/problem+json` (RFC 9457) with the path of each."""

import logging
from collections.abc import Callable, Sequence
from typing import Any, Final

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import OperationalError
from django.http import Http404
from django.utils.translation import gettext as _
from pydantic import BaseModel
from pydantic import ValidationError as ParseFault
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from campaigns.ingest.faults import FaultDict, Refused, fault, faults_of
from campaigns.launch import LaunchRefused

logger = logging.getLogger(__name__)

PROBLEM_TYPE: Final = "application/problem+json"
_TITLES: Final = {
    400: "Bad request",
    401: "Not authenticated",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    406: "Not acceptable",
    409: "Conflict",
    413: "Too large",
    415: "Unsupported media type",
    422: "Idempotency key used for something else",
    429: "Too many requests",
    503: "Busy",
}


class Fault(BaseModel):
    """One fault and where it stands."""

    path: str
    message: str


class Problem(BaseModel):
    """What went wrong with a request (RFC 9457)."""

    title: str
    status: int
    detail: str
    errors: list[Fault] = []


class ApiProblem(Exception):
    """A refusal with a status, to be raised from a view."""

    def __init__(
        self, status: int, detail: str, errors: Sequence[FaultDict] = (), headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.errors = list(errors)
        self.headers = headers or {}


def problem_body(status: int, detail: str, errors: Sequence[FaultDict] = ()) -> dict[str, Any]:
    """Return the members of a problem."""
    return {"title": _TITLES.get(status, "Error"), "status": status, "detail": detail, "errors": list(errors)}


def problem(
    status: int, detail: str, errors: Sequence[FaultDict] = (), headers: dict[str, str] | None = None
) -> Response:
    """Return the response of a fault."""
    return Response(problem_body(status, detail, errors), status=status, headers=headers, content_type=PROBLEM_TYPE)


def problem_response(exc: Exception, context: dict[str, Any]) -> Response | None:
    """Return the problem that `exc` is, or None for an error of ours, which must surface as one."""
    set_rollback()
    for known, answer in _ANSWERS:
        if isinstance(exc, known):
            return answer(exc)
    return None


def _invalid(exc: ValidationError) -> Response:
    if hasattr(exc, "error_dict"):
        faults = [
            fault("" if name == "__all__" else name, message)
            for name, messages in exc.message_dict.items()
            for message in messages
        ]
    else:
        faults = [fault("", message) for message in exc.messages]
    return problem(400, _("The request holds faults."), faults)


def _refused(exc: Refused) -> Response:
    if exc.conflict:
        return problem(409, _("The item contradicts what is stored."), exc.faults)
    return problem(400, _("The request holds faults."), exc.faults)


def _from_drf(exc: exceptions.APIException) -> Response:
    headers = {}
    if header := getattr(exc, "auth_header", None):
        headers["WWW-Authenticate"] = header
    if (wait := getattr(exc, "wait", None)) is not None:
        headers["Retry-After"] = str(int(wait) + 1)
    return problem(exc.status_code, str(exc.detail), headers=headers)


def _busy(exc: OperationalError) -> Response:
    """The database is locked, a deadlock outlived its retries, or it is away: nothing was stored."""
    logger.warning("the database did not take a request", exc_info=exc)
    return problem(503, _("The database is busy; send it again."), headers={"Retry-After": "1"})


_ANSWERS: Final[tuple[tuple[type[Exception], Callable[[Any], Response]], ...]] = (
    (ApiProblem, lambda exc: problem(exc.status, exc.detail, exc.errors, exc.headers)),
    (Refused, _refused),
    (ParseFault, lambda exc: problem(400, _("The request holds faults."), faults_of(exc))),
    (ValidationError, _invalid),
    (LaunchRefused, lambda exc: problem(409, str(exc), [fault("", message) for message in exc.problems])),
    (Http404, lambda _exc: problem(404, _("There is nothing under this address."))),
    (PermissionDenied, lambda _exc: problem(403, _("This key may not do that."))),
    (exceptions.APIException, _from_drf),
    (OperationalError, _busy),
)
