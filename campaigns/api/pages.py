"""Lists in cursor pages: `?limit=` up to 500, `next` leads on."""

import base64
import binascii
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlencode

from django.db.models import Model, QuerySet
from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.api.problems import ApiProblem
from campaigns.ingest.faults import fault

DEFAULT_LIMIT: Final = 100
LARGEST_LIMIT: Final = 500


def page[M: Model](request: Request, rows: QuerySet[M], shape: Callable[[M], dict[str, Any]]) -> Response:
    """Return a page of `rows`, oldest first, each in its `shape`. Raises ApiProblem 400 for a bad limit or cursor."""
    limit = limit_of(request)
    found = list(rows.order_by("pk").filter(pk__gt=_after(request.query_params.get("cursor")))[: limit + 1])
    following = None
    if len(found) > limit:
        cursor = base64.urlsafe_b64encode(str(found[limit - 1].pk).encode()).decode().rstrip("=")
        following = request.build_absolute_uri(f"{request.path}?{urlencode({'limit': limit, 'cursor': cursor})}")
    return Response({"results": [shape(row) for row in found[:limit]], "next": following})


def limit_of(request: Request) -> int:
    """Return how many rows a page is asked for; raises ApiProblem 400."""
    text = request.query_params.get("limit")
    if text is None:
        return DEFAULT_LIMIT
    if text.isascii() and text.isdigit() and len(text) <= 4 and 1 <= int(text) <= LARGEST_LIMIT:
        return int(text)
    raise ApiProblem(400, _("The request holds faults."), [fault("limit", _("is a number from 1 to 500"))])


def _after(cursor: str | None) -> int:
    if cursor is None:
        return 0
    try:
        after = int(base64.urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4)))
        if 0 <= after < 2**63:
            return after
    except (ValueError, binascii.Error):
        pass
    raise ApiProblem(400, _("The request holds faults."), [fault("cursor", _("is not one that a page gave"))])
