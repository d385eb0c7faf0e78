"""Both ways of writing rows, and short forms of items."""

from datetime import UTC, datetime
from typing import Any, Final

import pytest

from campaigns.ingest.batch import ItemResult, ingest_batch

NOW: Final = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(params=[False, True], ids=["fast", "portable"])
def rows(request: pytest.FixtureRequest, settings: Any, db: None) -> None:
    """The database with the fast way of writing rows where it has one, and with the portable way."""
    settings.PORTABLE_ROWS = request.param


def post(*items: dict[str, Any], now: datetime = NOW) -> list[str]:
    """Return the results alone."""
    return [told["result"] for told in ingest_batch(items, now)]


def faults(*items: dict[str, Any]) -> list[str]:
    """Return the paths of the faults of every item."""
    return [error["path"] for told in told_of(*items) for error in told.get("errors", [])]


def told_of(*items: dict[str, Any]) -> list[ItemResult]:
    """Return the whole results."""
    return ingest_batch(items, NOW)


def customer(external_id: str = "c-1", **fields: Any) -> dict[str, Any]:
    return {"type": "customer", "id": external_id} | fields


def order(external_id: str = "o-1", **fields: Any) -> dict[str, Any]:
    return {
        "type": "order",
        "id": external_id,
        "customer": "c-1",
        "placed_at": "2026-02-01T10:00:00Z",
        "currency": "EUR",
        "total": "50.00",
    } | fields


def event(external_id: str = "e-1", **fields: Any) -> dict[str, Any]:
    return {
        "type": "event",
        "id": external_id,
        "customer": "c-1",
        "name": "view_item",
        "occurred_at": "2026-02-01T10:00:00Z",
    } | fields


def answer(external_id: str = "a-1", **fields: Any) -> dict[str, Any]:
    return {
        "type": "answer",
        "id": external_id,
        "customer": "c-1",
        "score": 9,
        "answered_at": "2026-02-01T10:00:00Z",
    } | fields


def consent(given_at: str, *, granted: bool, channel: str = "sms", **fields: Any) -> dict[str, Any]:
    return {
        "type": "consent",
        "customer": "c-1",
        "channel": channel,
        "granted": granted,
        "given_at": given_at,
    } | fields
