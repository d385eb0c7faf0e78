"""Idempotency-Key: the same POST sent twice has one effect and one answer."""

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any, Final

from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.api.authentication import key_of
from campaigns.api.body import json_body
from campaigns.api.problems import ApiProblem
from campaigns.api.rendering import JsonRenderer
from campaigns.ingest.faults import fault
from campaigns.models import IdempotentRequest

_KEPT: Final = timedelta(hours=24)
# A request whose process died is taken over after this; every effect of ours is idempotent by itself.
_LEASE: Final = timedelta(seconds=60)

Handler = Callable[..., Response]


def idempotent(handler: Handler) -> Handler:
    """Wrap a view's `post(self, request, body, …)`, giving it the body's bytes.

    With the header, the first answer of 2xx is kept for 24 hours and replayed; 409 while the first request runs, 422
    when the key came with another body or address before. A refused request leaves no trace and may be corrected.
    """

    @wraps(handler)
    def post(view: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
        body = json_body(request)
        key = request.headers.get("Idempotency-Key")
        if key is None:
            return handler(view, request, body, *args, **kwargs)
        if not 0 < len(key) <= 200 or not key.isprintable():
            raise ApiProblem(
                400, _("The request holds faults."), [fault("Idempotency-Key", _("has 1 to 200 characters"))]
            )
        body_hash = hashlib.sha256(f"{request.method} {request.path}\n".encode() + body).hexdigest()
        row, replay = _begin(request, key, body_hash)
        if replay is not None:
            return replay
        try:
            response = handler(view, request, body, *args, **kwargs)
        except BaseException:
            row.delete()
            raise
        if 200 <= response.status_code < 300:
            IdempotentRequest.objects.filter(pk=row.pk).update(
                status=response.status_code, body=JsonRenderer().render(response.data)
            )
        else:
            row.delete()
        return response

    return post


def _begin(request: Request, key: str, body_hash: str) -> tuple[IdempotentRequest, Response | None]:
    """Return the request's row, and the answer to replay where there is one. Raises ApiProblem 409 and 422."""
    now = timezone.now()
    IdempotentRequest.objects.filter(created_at__lt=now - _KEPT).delete()
    row, created = IdempotentRequest.objects.get_or_create(
        api_key=key_of(request), key=key, defaults={"body_hash": body_hash}
    )
    if created:
        return row, None
    if row.body_hash != body_hash:
        raise ApiProblem(422, _("This Idempotency-Key was used for another request: take a new one."))
    if row.status:
        replay = Response(json.loads(bytes(row.body)), status=row.status, headers={"Idempotency-Replayed": "true"})
        return row, replay
    dead = IdempotentRequest.objects.filter(pk=row.pk, status=0, created_at__lt=now - _LEASE)
    if not dead.update(created_at=now):
        raise ApiProblem(409, _("The first request with this key is still running."), headers={"Retry-After": "1"})
    return row, None
