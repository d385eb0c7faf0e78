"""Days of the calendar: one date for everybody in an audience, at each one's own hour."""

from datetime import timedelta
from typing import Any

import pytest

from campaigns.models import Campaign
from tests import cast
from tests.triggers.occasions.reached import ROW, reached, sentence
from tests.triggers.world import stored
from triggers.occasions import Window, occasions
from triggers.planner import plan

pytestmark = pytest.mark.django_db

WEEK = ("2026-12-03 00:00", "2026-12-10 00:00")


def campaign(**rule: Any) -> Campaign:
    return cast.live_campaign("calendar", {"day": "2026-12-06"} | rule)


def test_day_is_due_at_nine_where_each_lives_and_fresh_until_its_end() -> None:
    cast.claire()
    cast.sina()
    rows = occasions(campaign(), Window(cast.at(WEEK[0]), cast.at(WEEK[1]))).values_list("external_id", *ROW)
    key = "calendar:2026-12-06"
    zones = {"claire": "Europe/Paris", "sina": "Pacific/Apia"}
    assert sorted(rows) == [
        (who, key, cast.at("2026-12-06 09:00", zone), cast.at("2026-12-07 00:00", zone), None)
        for who, zone in zones.items()
    ]


def test_day_is_for_the_audience() -> None:
    cast.claire()
    cast.priya()
    french = cast.live_campaign(
        "calendar", {"day": "2026-12-06"}, audience={"field": "language", "is": "is", "value": "fr"}
    )
    assert [who for who, *_ in reached(french, *WEEK)] == ["claire"]


def test_day_comes_round_where_it_should() -> None:
    cast.claire()
    assert reached(campaign(day="2024-12-06"), *WEEK) == []
    found = reached(campaign(day="2024-12-06", every_year=True), *WEEK)
    assert [key for _who, key, _due in found] == ["calendar:2026-12-06"]
    assert reached(campaign(day="2027-12-06", every_year=True), *WEEK) == []


def test_tick_asks_everybody_when_a_quarter_begins_and_a_touched_customer_at_once() -> None:
    cast.claire()
    nine = cast.at("2026-12-06 09:00", "Europe/Paris")
    campaign()
    plan(nine - timedelta(minutes=1))
    plan(nine)
    assert [who for _slug, who, _key in stored()] == ["claire"]
    malik = cast.malik(timezone="Europe/Paris")
    cast.priya(timezone="Europe/Paris")
    plan(nine + timedelta(minutes=1))
    assert [who for _slug, who, _key in stored()] == ["claire"]
    plan(nine + timedelta(minutes=2), customers=[malik.pk])
    assert sorted(who for _slug, who, _key in stored()) == ["claire", "malik"]
    plan(nine + timedelta(minutes=15))
    assert sorted(who for _slug, who, _key in stored()) == ["claire", "malik", "priya"]


def test_sentences() -> None:
    assert sentence("calendar", day="2026-12-06") == "On 6 Dec 2026, at 9:00 local time"
    assert sentence("calendar", day="2026-12-06", every_year=True) == "Every year on December 6, at 9:00 local time"
