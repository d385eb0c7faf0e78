"""The quick way to read a batch of nothing but good orders, as quick_events reads one of events."""

from datetime import datetime
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from campaigns.ingest.quick_events import is_plain, read_quickly

_Id = Annotated[str, Meta(min_length=1, max_length=200)]
_Instant = Annotated[datetime, Meta(tz=True)]
# [0-9] and \Z, because \d also matches other scripts' digits and $ also matches before a last newline.
_Money = Annotated[str, Meta(pattern=r"^[0-9]{1,10}(\.[0-9]{1,3})?\Z")]


class QuickLine(msgspec.Struct, forbid_unknown_fields=True):
    """The fields of an OrderLine."""

    sku: Annotated[str, Meta(min_length=1, max_length=100)]
    name: Annotated[str, Meta(max_length=300)] = ""
    category: Annotated[str, Meta(max_length=120)] = ""
    quantity: Annotated[int, Meta(ge=0, le=1_000_000)] = 1
    unit_price: _Money = "0"


class QuickOrder(msgspec.Struct, forbid_unknown_fields=True):
    """The fields of an OrderItem."""

    type: Literal["order"]
    id: _Id
    customer: _Id
    placed_at: _Instant
    currency: Annotated[str, Meta(pattern=r"^[A-Z]{3}\Z")]
    total: _Money
    tax: _Money = "0"
    shipping: _Money = "0"
    discount: _Money = "0"
    discount_codes: Annotated[list[Annotated[str, Meta(min_length=1, max_length=100)]], Meta(max_length=50)] = []
    refunded: _Money = "0"
    status: Literal["pending", "paid", "packed", "shipped", "delivered", "returning", "refunded", "cancelled"] = "paid"
    channel: Annotated[str, Meta(max_length=40)] = ""
    gift: bool = False
    test: bool = False
    promised_at: _Instant | None = None
    shipped_at: _Instant | None = None
    delivered_at: _Instant | None = None
    lines: Annotated[list[QuickLine], Meta(max_length=5000)] = []
    updated_at: _Instant | None = None


class _QuickBatch(msgspec.Struct, forbid_unknown_fields=True):
    batch: Annotated[list[QuickOrder], Meta(max_length=1000)]


_decoder: Final = msgspec.json.Decoder(_QuickBatch)


def read_orders(body: bytes) -> list[QuickOrder] | None:
    """Return the orders of a batch, or None where it holds anything else, or anything to doubt."""
    found = read_quickly(_decoder, body)
    if found is None:
        return None
    for order in found.batch:
        for at in (order.placed_at, order.promised_at, order.shipped_at, order.delivered_at, order.updated_at):
            if at is not None and not is_plain(at):
                return None
    return found.batch
