"""The quick reader of events agrees with pydantic, or gives up."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from campaigns.ingest.batch import Batch
from campaigns.ingest.quick_events import read_events
from campaigns.models import Customer, Event
from tests.campaigns.ingest.conftest import customer, event, post, told_of

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=8,
)
moments = st.sampled_from(
    [
        "2026-02-01T10:00:00Z",
        "2026-02-01 10:00:00+01:00",
        "2026-02-01T10:00:00.123Z",
        "2026-02-01T10:00:00.1234567Z",
        "2026-02-01T10:00:00",
        "2026-02-01",
        "1769940000",
        "1899-12-31T23:59:59Z",
        "2200-01-01T00:00:00.001Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
    ]
)
ids = st.none() | st.text(max_size=3) | st.sampled_from(["c-1", "x" * 200, "x" * 201, "a\0b"]) | st.integers()
events = st.fixed_dictionaries(
    {"type": st.sampled_from(["event", "order", ""]), "id": ids, "name": ids, "occurred_at": moments},
    optional={"customer": ids, "anonymous_id": ids, "properties": values, "colour": ids},
)
likely = st.fixed_dictionaries(
    {"type": st.just("event"), "id": st.just("e"), "name": st.just("n"), "occurred_at": moments},
    optional={"customer": ids, "anonymous_id": ids, "properties": values},
)


@given(st.lists(events | likely, min_size=1, max_size=3))
def test_quick_reader_accepts_what_pydantic_does_and_reads_the_same(items: list[Any]) -> None:
    body = json.dumps({"batch": items}).encode()
    quick = read_events(body)
    try:
        slow = Batch.model_validate_json(body).batch
    except ValidationError:
        assert quick is None
        return
    if quick is not None:
        names = ("type", "id", "customer", "anonymous_id", "name", "occurred_at", "properties")
        assert [[getattr(i, n) for n in names] for i in quick] == [[getattr(i, n) for n in names] for i in slow]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"batch": {}}', '{"batch": [3]}', '{"batch": [], "x": 1}', "\\u0000"])
def test_quick_reader_gives_up_on_what_is_no_batch_of_events(text: str) -> None:
    assert read_events(text.encode()) is None


def test_events_alone_are_stored_like_events_among_others(rows: None) -> None:
    items = [event("e-1"), event("e-2", customer="c-2"), event("e-3", customer=None, anonymous_id="v-1"), event("e-1")]
    assert post(*items) == ["created", "created", "created", "unchanged"]
    assert post(*items, customer("c-9")) == ["unchanged"] * 4 + ["created"]
    assert post(event("e-1", name="other"), event("e-4")) == ["rejected", "created"]
    stored = Event.objects.order_by("external_id").values_list("external_id", "customer__external_id", "anonymous_id")
    assert list(stored) == [("e-1", "c-1", ""), ("e-2", "c-2", ""), ("e-3", None, "v-1"), ("e-4", "c-1", "")]
    assert Customer.objects.count() == 3


def test_conflict_of_an_event_tells_what_differs(rows: None) -> None:
    post(event())
    (told,) = told_of(event(name="other"))
    assert told["errors"][0]["path"] == "batch.0.id"
    assert "name" in told["errors"][0]["message"]
