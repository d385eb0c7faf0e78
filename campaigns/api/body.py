"""The body of a request as bytes, within limits, gzip unpacked; what is in it is for pydantic to say."""

import zlib
from typing import Final

from django.http.request import RawPostDataException
from django.utils.translation import gettext as _
from rest_framework.request import Request

from campaigns.api.problems import ApiProblem

LARGEST_BODY: Final = 1024 * 1024
# What a gzip body of 1 MB may become; more is a bomb.
LARGEST_UNPACKED: Final = 8 * 1024 * 1024


def json_body(request: Request) -> bytes:
    """Return the body's bytes. Raises ApiProblem 413 beyond the limits, 415 for what is not JSON, 400 for bad gzip."""
    media_type = (request.content_type or "").split(";")[0].strip().lower()
    if not media_type and request.headers.get("Content-Length", "0") in ("", "0"):
        return b""
    if media_type != "application/json":
        raise ApiProblem(415, _("Send application/json."))
    try:
        body = request._request.read(LARGEST_BODY + 1)
    except RawPostDataException:
        body = request._request.body
    if len(body) > LARGEST_BODY:
        raise ApiProblem(413, _("The body is larger than 1 MB: send fewer items, or compress them with gzip."))
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding == "gzip":
        return _unpacked(body)
    if encoding != "identity":
        raise ApiProblem(415, _("The only content encoding accepted is gzip."))
    return bytes(body)


def _unpacked(body: bytes) -> bytes:
    unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        unpacked = unpacker.decompress(body, LARGEST_UNPACKED)
    except zlib.error:
        raise ApiProblem(400, _("The body is not gzip.")) from None
    if unpacker.unconsumed_tail:
        raise ApiProblem(413, _("The body is larger than 8 MB once unpacked: send fewer items."))
    if not unpacker.eof:
        raise ApiProblem(400, _("The gzip body is cut off."))
    return unpacked
