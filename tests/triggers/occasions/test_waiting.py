"""Waiting: orders later than promised, requests without an answer."""

from datetime import timedelta
from typing import Any

import pytest

from campaigns.models import Customer, Event
from tests import cast
from tests.triggers.occasions.reached import ROW, reached, sentence
from triggers.occasions import Window, occasions

pytestmark = pytest.mark.django_db

PROMISED = cast.at("2026-05-04 10:00")
DUE = PROMISED + timedelta(days=2)
WEEK = ("2026-05-01 00:00", "2026-05-08 00:00")


def late_order(who: Customer, name: str, **fields: Any) -> None:
    cast.order(who, name, PROMISED - timedelta(days=5), promised_at=PROMISED, **fields)


def ticket(who: Customer, number: int, name: str, hours: int, **properties: Any) -> None:
    at = PROMISED + timedelta(hours=hours)
    Event.objects.create(
        external_id=f"t-{number}", customer=who, name=name, occurred_at=at, recorded_at=at, properties=properties
    )


def test_late_order_is_due_after_the_promised_date_and_fresh_for_24_hours() -> None:
    order = cast.order(cast.claire(), "A-1", PROMISED - timedelta(days=5), promised_at=PROMISED)
    rows = occasions(cast.live_campaign("waiting"), Window(cast.at(WEEK[0]), cast.at(WEEK[1]))).values_list(*ROW)
    assert list(rows) == [("waiting:order:A-1:2d", DUE, DUE + timedelta(hours=24), order.pk)]


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({"status": "shipped"}, 1),
        ({"status": "pending"}, 0),
        ({"status": "cancelled"}, 0),
        ({"status": "refunded"}, 0),
        ({"status": "delivered"}, 0),
        ({"status": "delivered", "delivered_at": PROMISED + timedelta(days=1)}, 0),
        ({"status": "delivered", "delivered_at": DUE + timedelta(hours=1)}, 0),
        ({"status": "delivered", "delivered_at": DUE + timedelta(days=30)}, 1),
    ],
)
def test_only_what_is_still_on_its_way_at_the_end_of_the_window(fields: dict[str, Any], found: int) -> None:
    late_order(cast.claire(), "A-1", **fields)
    assert len(reached(cast.live_campaign("waiting"), *WEEK)) == found


def test_order_without_a_promise_is_never_late() -> None:
    cast.order(cast.claire(), "A-1", PROMISED)
    assert reached(cast.live_campaign("waiting"), *WEEK) == []


def test_request_waits_for_the_answer_to_itself() -> None:
    claire, malik = cast.claire(), cast.malik()
    ticket(claire, 1, "ticket_opened", 0, ticket=7)
    ticket(claire, 2, "ticket_answered", 1, ticket=6)
    ticket(malik, 3, "ticket_opened", 0, ticket=7)
    ticket(malik, 4, "ticket_answered", 20, ticket=7)
    campaign = cast.live_campaign("waiting", {"awaits": "ticket", "delay_days": 0, "delay_hours": 24})
    assert reached(campaign, *WEEK) == [("claire", "waiting:ticket:t-1:24h", PROMISED + timedelta(hours=24))]


def test_shop_without_ticket_numbers_has_one_ticket_a_customer() -> None:
    claire = cast.claire()
    ticket(claire, 1, "ticket_opened", 0)
    campaign = cast.live_campaign("waiting", {"awaits": "ticket"})
    assert len(reached(campaign, *WEEK)) == 1
    ticket(claire, 2, "ticket_closed", 5)
    assert reached(campaign, *WEEK) == []


def test_sentences() -> None:
    assert sentence("waiting") == "When an order is 2 days late"
    assert sentence("waiting", delay_days=0) == "When an order is late"
    said = sentence("waiting", awaits="ticket", delay_days=0, delay_hours=24)
    assert said == "When a request has had no answer for 24 hours"
