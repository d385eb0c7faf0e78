"""Silence: the last order or visit was some days ago, and nothing came since."""

from datetime import timedelta

import pytest

from campaigns.models import Customer, Event
from tests import cast
from tests.triggers.occasions.reached import ROW, reached, sentence
from triggers.occasions import Window, occasions

pytestmark = pytest.mark.django_db

LAST = cast.at("2026-02-01 10:00")
DUE = cast.at("2026-05-02 10:00")  # 90 days later
WEEK = ("2026-05-01 00:00", "2026-05-08 00:00")


def visit(who: Customer, name: str, days: int) -> None:
    at = LAST + timedelta(days=days)
    Event.objects.create(external_id=name, customer=who, name="page_view", occurred_at=at, recorded_at=at)


def test_last_order_of_90_days_ago_is_due_then_and_fresh_for_7_days() -> None:
    claire = cast.claire()
    cast.order(claire, "A-0", LAST - timedelta(days=1))
    order = cast.order(claire, "A-1", LAST)
    rows = occasions(cast.live_campaign("silence"), Window(cast.at(WEEK[0]), cast.at(WEEK[1]))).values_list(*ROW)
    assert list(rows) == [("away:A-1", DUE, DUE + timedelta(days=7), order.pk)]


def test_who_came_back_before_the_end_of_the_window_is_not_away() -> None:
    claire = cast.claire()
    cast.order(claire, "A-1", LAST)
    campaign = cast.live_campaign("silence")
    cast.order(claire, "A-2", DUE + timedelta(days=1))
    assert reached(campaign, *WEEK) == []
    # As of the evening before they had not come back yet.
    assert reached(campaign, WEEK[0], "2026-05-02 22:00") == [("claire", "away:A-1", DUE)]


def test_cancelled_order_is_no_sign_of_life() -> None:
    claire = cast.claire()
    cast.order(claire, "A-1", LAST)
    cast.order(claire, "A-2", LAST + timedelta(days=20), status="cancelled")
    assert reached(cast.live_campaign("silence"), *WEEK) == [("claire", "away:A-1", DUE)]


def test_two_orders_at_one_instant_are_one_silence() -> None:
    claire = cast.claire()
    for name in ("A-1", "A-2"):
        cast.order(claire, name, LAST)
    assert reached(cast.live_campaign("silence"), *WEEK) == [("claire", "away:A-1", DUE)]


def test_visits_are_events_of_the_name() -> None:
    claire, malik = cast.claire(), cast.malik()
    visit(claire, "v-1", 0)
    visit(claire, "v-2", 80)
    visit(malik, "v-3", 79)
    Event.objects.create(external_id="nobody", name="page_view", occurred_at=LAST, recorded_at=LAST)
    campaign = cast.live_campaign("silence", {"lacking": "visit", "days": 11})
    due = LAST + timedelta(days=90)
    assert reached(campaign, *WEEK) == [
        ("claire", "away:v-2", due + timedelta(days=1)),
        ("malik", "away:v-3", due),
    ]


def test_sentences() -> None:
    assert sentence("silence", days=30) == "When a customer has not ordered for 30 days"
    assert sentence("silence", lacking="visit", days=1) == "When a customer has not come by for 1 day"
