"""The quick way to read a batch of nothing but good events: msgspec, six times as fast as pydantic.

It accepts only what pydantic would, and gives up at the first doubt; pydantic then reads the text anew and explains.
"""

from datetime import datetime
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta
from pydantic_core import PydanticCustomError

from campaigns.ingest.values import EARLIEST, LATEST, check_json

_Id = Annotated[str, Meta(min_length=1, max_length=200)]


class QuickEvent(msgspec.Struct, forbid_unknown_fields=True):
    """The fields of an EventItem."""

    type: Literal["event"]
    id: _Id
    name: Annotated[str, Meta(min_length=1, max_length=100)]
    occurred_at: Annotated[datetime, Meta(tz=True)]
    customer: _Id | None = None
    anonymous_id: Annotated[str, Meta(max_length=200)] = ""
    properties: dict[str, Any] = {}


class _QuickBatch(msgspec.Struct, forbid_unknown_fields=True):
    batch: Annotated[list[QuickEvent], Meta(max_length=1000)]


_decoder: Final = msgspec.json.Decoder(_QuickBatch)


def read_events(body: bytes) -> list[QuickEvent] | None:
    """Return the events of a batch, or None where it holds anything else, or anything to doubt."""
    found = read_quickly(_decoder, body)
    if found is None:
        return None
    try:
        for event in found.batch:
            if not is_plain(event.occurred_at) or not (event.customer or event.anonymous_id):
                return None
            check_json(event.properties)
    except (PydanticCustomError, RecursionError):
        return None
    return found.batch


def read_quickly[T](decoder: msgspec.json.Decoder[T], body: bytes) -> T | None:
    """Return what `decoder` reads in `body`, or None where that is not its form or holds a NUL character."""
    if b"\\u0000" in body:
        return None
    try:
        return decoder.decode(body)
    except (msgspec.MsgspecError, RecursionError):
        return None


def is_plain(at: datetime) -> bool:
    """Whether msgspec and pydantic agree on an instant: below a millisecond one rounds where the other cuts off."""
    return not at.microsecond % 1000 and EARLIEST <= at <= LATEST
