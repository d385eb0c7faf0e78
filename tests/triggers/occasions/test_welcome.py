"""Welcome: the sign-up or the first order, once a customer."""

from datetime import timedelta

import pytest

from tests import cast
from tests.triggers.occasions.reached import ROW, reached, sentence
from triggers.occasions import Window, occasions

pytestmark = pytest.mark.django_db

SIGNED_UP = cast.at("2026-05-04 15:30")
WEEK = ("2026-05-01 00:00", "2026-05-08 00:00")


def test_sign_up_is_due_at_once_and_fresh_for_72_hours() -> None:
    cast.claire(signed_up_at=SIGNED_UP)
    cast.malik(signed_up_at=None)
    rows = occasions(cast.live_campaign("welcome"), Window(cast.at(WEEK[0]), cast.at(WEEK[1]))).values_list(*ROW)
    assert list(rows) == [("welcome", SIGNED_UP, SIGNED_UP + timedelta(hours=72), None)]


def test_first_order_is_due_after_its_delay() -> None:
    cast.claire(signed_up_at=SIGNED_UP, first_order_at=SIGNED_UP + timedelta(days=1))
    cast.malik(signed_up_at=SIGNED_UP)
    campaign = cast.live_campaign("welcome", {"begins": "first_order", "delay_hours": 2})
    assert reached(campaign, *WEEK) == [("claire", "welcome", SIGNED_UP + timedelta(hours=26))]


def test_only_after_the_launch_and_only_those_named() -> None:
    claire, malik = cast.claire(signed_up_at=SIGNED_UP), cast.malik(signed_up_at=SIGNED_UP + timedelta(hours=1))
    late = cast.live_campaign("welcome", launched_at=SIGNED_UP)
    assert [row[0] for row in reached(late, *WEEK)] == ["malik"]
    assert reached(late, *WEEK, [claire.pk]) == []
    assert len(reached(late, *WEEK, [claire.pk, malik.pk])) == 1


def test_sentences() -> None:
    assert sentence("welcome") == "As soon as a customer signs up"
    said = sentence("welcome", begins="first_order", delay_days=1, delay_hours=3)
    assert said == "1 day and 3 hours after a customer orders for the first time"
