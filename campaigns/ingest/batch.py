"""A batch: validated, stored in a fixed order of kinds, and answered item by item."""

from collections.abc import Callable, Hashable, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Final, TypedDict

import msgspec
from django.db import transaction
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic_core import from_json, to_json

from campaigns import bell
from campaigns.bell import ANY_TIME, Fact
from campaigns.ingest.consents import store_consents
from campaigns.ingest.customers import known_ids, patch_customers, store_customers
from campaigns.ingest.facts import store_answers, store_events, store_products
from campaigns.ingest.faults import FaultDict, Refused, fault, faults_of
from campaigns.ingest.items import (
    AnswerItem,
    AnyItem,
    ConsentItem,
    CustomerItem,
    EventItem,
    Item,
    OrderItem,
    ProductItem,
    item_id,
)
from campaigns.ingest.orders import store_orders
from campaigns.ingest.quick_events import QuickEvent, read_events
from campaigns.ingest.quick_orders import QuickOrder, read_orders
from campaigns.ingest.stored import Outcome, Stored, in_one_commit

MOST_ITEMS: Final = 1000
# Where an item has the instant that it tells of; of an order, the first of several.
_TELLS_OF: Final = {"order": "placed_at", "event": "occurred_at", "answer": "answered_at"}

# The order of work: customers first, so that the facts of the same batch find them whole.
STAGES: Final[tuple[tuple[type[Item], Callable[..., Stored]], ...]] = (
    (CustomerItem, store_customers),
    (ProductItem, store_products),
    (OrderItem, store_orders),
    (EventItem, store_events),
    (AnswerItem, store_answers),
    (ConsentItem, store_consents),
)


class Batch(BaseModel):
    """Up to 1,000 items of any types."""

    model_config = ConfigDict(extra="forbid", strict=True)
    batch: list[AnyItem] = Field(max_length=MOST_ITEMS)


class ItemResult(TypedDict, total=False):
    """What became of one item; `errors` where it was rejected."""

    index: int
    type: str
    id: str
    result: str
    errors: list[FaultDict]


_item: Final[TypeAdapter[Any]] = TypeAdapter(AnyItem)


def ingest_batch(items: Sequence[dict[str, Any]], now: datetime) -> list[ItemResult]:
    """Store `items` (as JSON would carry them, any number up to 1,000) and return a result for each, in their order."""
    return ingest_json(msgspec.json.encode({"batch": items}), now)


def ingest_json(body: bytes, now: datetime) -> list[ItemResult]:
    """Store the items of a JSON text `{"batch": […]}` and return a result for each.

    Each item is stored whole or not at all, whatever becomes of the others. Raises Refused where the text as a whole is
    no batch.
    """
    items = parse_batch(body)
    outcomes = store(items, now)
    return [_result(index, item, outcome) for index, (item, outcome) in enumerate(zip(items, outcomes, strict=True))]


def parse_batch(body: bytes) -> "Sequence[Item | QuickEvent | QuickOrder | Unreadable]":
    """Return the typed items; one that is not valid stays as what is wrong with it.

    The whole text is validated in one call; only where something is wrong is each item looked at alone.
    """
    quick = read_events(body) or read_orders(body)
    if quick:
        return quick
    try:
        return Batch.model_validate_json(body).batch
    except ValidationError as error:
        if any(len(found["loc"]) < 2 for found in error.errors(include_url=False, include_input=False)):
            raise Refused(*faults_of(error)) from error
    return [_parse(index, raw) for index, raw in enumerate(from_json(body)["batch"])]


class Unreadable(Refused):
    """An item that could not be read; it still has an index, and often a type and an id, to be told by."""

    def __init__(self, raw: Any, *faults: FaultDict) -> None:
        super().__init__(*faults)
        told = raw if isinstance(raw, dict) else {}
        self.type = str(told.get("type", ""))[:40].replace("\0", "�")
        self.id = str(told.get("id", told.get("customer", "")))[:200].replace("\0", "�")


def _parse(index: int, raw: Any) -> Item | Unreadable:
    try:
        item: Item = _item.validate_json(to_json(raw, inf_nan_mode="constants"))
    except ValidationError as error:
        # The union puts the item's type first in the path of every fault inside it.
        inside = isinstance(raw, dict) and raw.get("type") in _TYPES
        return Unreadable(raw, *faults_of(error, f"batch.{index}", tagged=inside))
    return item


def type_of(kind: type[Item]) -> str:
    """Return the `type` that items of `kind` are posted with."""
    return str(kind.model_fields["type"].default)


_TYPES: Final = frozenset(type_of(kind) for kind, _store in STAGES)


def store(items: Sequence[Any], now: datetime) -> list[Outcome]:
    """Store `items` (typed, or Unreadable), kind by kind, and ring the bell for their customers after the commit.

    The same id twice in one batch is stored in rounds, as if posted one after the other.
    """
    outcomes: dict[int, Outcome] = {index: item for index, item in enumerate(items) if isinstance(item, Unreadable)}
    touched: set[int] = set()
    reaching_back: set[str] = set()
    by_type: dict[str, list[tuple[int, Any]]] = {}
    for index, item in enumerate(items):
        if index not in outcomes:
            by_type.setdefault(item.type, []).append((index, item))
    for kind, store_kind in STAGES:
        for indexes in _rounds(by_type.get(type_of(kind), [])):
            stored = in_one_commit(store_kind, [items[index] for index in indexes], now)
            outcomes.update(zip(indexes, stored.outcomes, strict=True))
            touched |= stored.touched
            if stored.reaches_back:
                reaching_back.add(type_of(kind))
    facts = {Fact(kind): ANY_TIME if kind in reaching_back else _oldest(found) for kind, found in by_type.items()}
    transaction.on_commit(partial(bell.ring, sorted(touched), facts))
    return [outcomes[index] for index in range(len(items))]


def patch_customer(item: CustomerItem, now: datetime) -> Outcome | None:
    """Change the given fields of a known customer; None where there is no such customer."""
    if item.id not in known_ids([item.id]):
        return None
    stored = in_one_commit(patch_customers, [item], now)
    transaction.on_commit(partial(bell.ring, sorted(stored.touched), {Fact.CUSTOMER: ANY_TIME}))
    return stored.outcomes[0]


def _oldest(items: list[tuple[int, Any]]) -> datetime:
    """Return the oldest instant that items of one kind tell of."""
    told_by = _TELLS_OF.get(items[0][1].type)
    return min(getattr(item, told_by) for _index, item in items) if told_by else ANY_TIME


def _rounds(items: list[tuple[int, Any]]) -> list[list[int]]:
    """Return the indexes in rounds without a repeated id: the k-th mention of an id belongs to round k."""
    rounds: list[list[int]] = []
    mentions: dict[Hashable, int] = {}
    for index, item in items:
        key = _identity(item)
        nth = mentions.get(key, 0)
        mentions[key] = nth + 1
        if nth == len(rounds):
            rounds.append([])
        rounds[nth].append(index)
    return rounds


def _identity(item: Any) -> Hashable:
    if isinstance(item, ConsentItem):
        return item.customer, item.channel, item.purpose, item.given_at, item.granted
    return str(item.id)


def _result(index: int, item: Any, outcome: Outcome) -> ItemResult:
    told: ItemResult = {
        "index": index,
        "type": item.type,
        "id": item.id if isinstance(item, Unreadable) else item_id(item),
        "result": "rejected" if isinstance(outcome, Refused) else outcome,
    }
    if isinstance(outcome, Unreadable):
        told["errors"] = outcome.faults
    elif isinstance(outcome, Refused):
        told["errors"] = [fault(f"batch.{index}.{found['path']}", found["message"]) for found in outcome.faults]
    return told
