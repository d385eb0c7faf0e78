"""Visitors without a name become customers when they sign in; a shared device joins nobody."""

from datetime import timedelta
from typing import Any

import pytest

from campaigns.ingest.batch import ingest_batch
from campaigns.models import Customer, Event, Visitor
from tests import cast

pytestmark = pytest.mark.django_db
NOW = cast.at("2026-03-14 12:00")


def event(number: str, *, minutes: int = 0, **fields: Any) -> dict[str, Any]:
    at = (NOW + timedelta(minutes=minutes)).isoformat()
    return {"type": "event", "id": number, "name": "view_item", "occurred_at": at, **fields}


def post(*items: dict[str, Any]) -> list[str]:
    return [result["result"] for result in ingest_batch(list(items), NOW)]


def whose() -> dict[str, str | None]:
    return dict(Event.objects.values_list("external_id", "customer__external_id"))


def test_events_before_a_sign_in_become_the_customers() -> None:
    post(event("e1", anonymous_id="a-1"), event("e2", anonymous_id="a-2"))
    assert post(event("e3", anonymous_id="a-1", customer="claire", minutes=5)) == ["created"]
    assert whose() == {"e1": "claire", "e2": None, "e3": "claire"}


def test_events_after_a_sign_in_need_no_customer() -> None:
    post(event("e1", anonymous_id="a-1", customer="claire"))
    post(event("e2", anonymous_id="a-1", minutes=5))
    assert whose()["e2"] == "claire"


def test_sign_in_and_earlier_event_in_one_batch() -> None:
    post(event("e1", anonymous_id="a-1"), event("e2", anonymous_id="a-1", customer="claire"))
    assert set(whose().values()) == {"claire"}


def test_an_event_posted_again_after_the_sign_in_is_unchanged() -> None:
    first = event("e1", anonymous_id="a-1")
    post(first)
    post(event("e2", anonymous_id="a-1", customer="claire"))
    assert post(first) == ["unchanged"]


def test_a_shared_device_joins_nothing_more() -> None:
    post(event("e1", anonymous_id="a-1", customer="claire"), event("e2", anonymous_id="a-1", customer="malik"))
    post(event("e3", anonymous_id="a-1"))
    assert whose() == {"e1": "claire", "e2": "malik", "e3": None}
    post(event("e4", anonymous_id="b-1", customer="claire"))
    post(event("e5", anonymous_id="b-1", customer="malik"))
    post(event("e6", anonymous_id="b-1"))
    assert whose()["e6"] is None
    assert list(Visitor.objects.order_by("anonymous_id").values_list("customer", flat=True)) == [None, None]


def test_the_bell_rings_for_who_gained_events() -> None:
    from campaigns.ingest.facts import store_events
    from campaigns.ingest.items import EventItem

    post(event("e1", anonymous_id="a-1"), event("e2", anonymous_id="a-1", customer="claire"))
    item = EventItem.model_validate(event("e9", anonymous_id="a-1"))
    assert store_events([item], NOW).touched == {Customer.objects.get(external_id="claire").pk}
