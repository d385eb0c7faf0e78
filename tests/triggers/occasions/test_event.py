"""Events: conditions on properties, the n-th time within some days, and what must not come meanwhile."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from campaigns.models import Customer, Event
from campaigns.moment_kinds import moment_kind, parse_rule
from tests import cast
from tests.triggers.occasions.reached import ROW, reached, sentence
from triggers.occasions import Window, occasions

pytestmark = pytest.mark.django_db

START = cast.at("2026-05-04 10:00")
WEEK = ("2026-05-01 00:00", "2026-05-30 00:00")
PRICES = {"field": "properties.page", "is": "is", "value": "pricing"}


def did(who: Customer | None, number: int, hours: float, name: str = "page_view", **properties: Any) -> None:
    at = START + timedelta(hours=hours)
    Event.objects.create(
        external_id=f"e-{number}", customer=who, name=name, occurred_at=at, recorded_at=at, properties=properties
    )


def keys(after: str = WEEK[0], until: str = WEEK[1], **rule: Any) -> list[str]:
    return [
        key for _who, key, _due in reached(cast.live_campaign("event", {"event": "page_view"} | rule), after, until)
    ]


def test_event_is_due_after_the_delay_and_fresh_for_72_hours() -> None:
    did(cast.claire(), 1, 0)
    did(None, 2, 0)
    did(cast.malik(), 3, 0, name="add_to_cart")
    campaign = cast.live_campaign("event", {"event": "page_view", "delay_hours": 2})
    rows = occasions(campaign, Window(cast.at(WEEK[0]), cast.at(WEEK[1]))).values_list(*ROW)
    due = START + timedelta(hours=2)
    assert list(rows) == [("event:e-1", due, due + timedelta(hours=72), None)]


def test_event_before_the_launch_or_outside_the_window_is_not_reached() -> None:
    did(cast.claire(), 1, 0)
    campaign = cast.live_campaign("event", {"event": "page_view"}, launched_at=START)
    assert reached(campaign, *WEEK) == []
    assert keys("2026-05-04 10:00") == []
    assert keys("2026-05-04 09:59", "2026-05-04 10:00") == ["event:e-1"]


def test_properties_must_all_fit_by_type_and_value() -> None:
    claire = cast.claire()
    did(claire, 1, 0, page="pricing", price=50)
    did(claire, 2, 1, page="pricing", price="50")
    did(claire, 3, 2, page="home", price=50)
    did(claire, 4, 3)
    price = {"field": "properties.price", "is": "at_least", "value": 49.5}
    assert keys(where=[PRICES]) == ["event:e-1", "event:e-2"]
    assert keys(where=[PRICES, price]) == ["event:e-1"]


def test_second_time_is_counted_among_like_events_of_one_customer() -> None:
    claire, malik = cast.claire(), cast.malik()
    for number, who, hours, page in ((1, claire, 0, "pricing"), (2, malik, 1, "pricing"), (3, claire, 2, "home")):
        did(who, number, hours, page=page)
    assert keys(times=2, where=[PRICES]) == []
    did(claire, 4, 3, page="pricing")
    did(claire, 5, 4, page="pricing")
    assert keys(times=2, where=[PRICES]) == ["event:e-4"]
    assert keys(times=1, where=[PRICES]) == ["event:e-1", "event:e-2"]


def test_second_time_within_days_comes_again_when_the_first_has_gone_by() -> None:
    claire = cast.claire()
    for number, days in enumerate((0, 1, 2, 8, 20)):
        did(claire, number, 24 * days)
    # The window of seven days is half-open: of the visit on day 1 nothing is left on day 8.
    assert keys(times=2, within_days=7) == ["event:e-1", "event:e-3"]


def test_two_at_one_instant_are_counted_in_the_order_stored() -> None:
    claire = cast.claire()
    did(claire, 1, 0)
    did(claire, 2, 0)
    assert keys(times=2) == ["event:e-2"]
    assert keys(unless=["page_view"], delay_hours=1) == ["event:e-2"]


def test_cart_is_abandoned_when_nothing_follows_the_last_addition() -> None:
    claire, malik = cast.claire(), cast.malik()
    did(claire, 1, 0, name="add_to_cart")
    did(claire, 2, 3, name="add_to_cart")
    did(malik, 3, 0, name="add_to_cart")
    cast.order(malik, "A-1", START + timedelta(hours=4))
    rule: dict[str, Any] = {"event": "add_to_cart", "delay_hours": 4, "unless": ["order", "add_to_cart"]}
    assert keys(until="2026-05-04 13:59", **rule) == []
    # An hour is left for Malik's order: as of 14:00 exactly it is there.
    assert keys(until="2026-05-04 14:00", **rule) == []
    assert keys(until="2026-05-04 17:00", **rule) == ["event:e-2"]
    # Who orders before the gesture leaves is not asked about the cart.
    cast.order(claire, "A-2", START + timedelta(hours=8))
    assert keys(until="2026-05-04 17:59", **rule) == ["event:e-2"]
    assert keys(until="2026-05-04 18:00", **rule) == []


def test_order_that_does_not_count_calls_nothing_off() -> None:
    claire = cast.claire()
    did(claire, 1, 0, name="add_to_cart")
    cast.order(claire, "A-1", START + timedelta(hours=1), status="pending")
    assert keys(event="add_to_cart", delay_hours=4, unless=["order"]) == ["event:e-1"]


@pytest.mark.parametrize(
    ("rule", "fault"),
    [
        ({}, "rule.event: Field required"),
        ({"event": "x", "within_days": 7}, "rule.: Say at which time, or leave out the number of days."),
        ({"event": "x", "unless": ["order"]}, "rule.: Say how long to wait for what should not come."),
        (
            {"event": "x", "where": [PRICES, PRICES | {"is": "at_least"}]},
            "rule.where.1.value: is not a number",
        ),
        (
            {"event": "x", "where": [PRICES | {"field": "page"}]},
            "rule.where.0.field: is not a property: write properties.<name>",
        ),
        (
            {"event": "x", "where": [PRICES | {"is": "has"}]},
            "rule.where.0.is: cannot be asked; there are is, in, at_least, at_most",
        ),
    ],
)
def test_bad_rule_is_refused_with_the_path_of_its_fault(rule: dict[str, Any], fault: str) -> None:
    with pytest.raises(ValidationError) as refused:
        parse_rule("event", rule)
    assert refused.value.messages == [fault]


def test_sentences() -> None:
    assert sentence("event", event="page_view") == "As soon as a customer does “page_view”"
    second = sentence("event", event="page_view", where=[PRICES], times=2, within_days=7)
    assert second == "As soon as a customer does “page_view” with page = pricing for the 2nd time within 7 days"
    cart, _prices = moment_kind("event").examples
    assert sentence("event", **cart.rule) == (
        "4 hours after a customer does “add_to_cart”, "
        "unless an order, “add_to_cart” or “begin_checkout” comes meanwhile"
    )
