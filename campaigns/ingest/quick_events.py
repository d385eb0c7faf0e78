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
    if b"\\u0000" in body:
        return None
    try:
        events = _decoder.decode(body).batch
        for event in events:
            at = event.occurred_at
            # Below a millisecond msgspec rounds where pydantic cuts off.
            if at.microsecond % 1000 or not EARLIEST <= at <= LATEST or not (event.customer or event.anonymous_id):
                return None
            check_json(event.properties)
    except (msgspec.MsgspecError, PydanticCustomError, RecursionError):
        return None
    return events
