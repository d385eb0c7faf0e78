"""Segments: the ledger of entries, and the moment of entering."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from campaigns.models import Campaign, Customer
from campaigns.moment_kinds import parse_rule
from tests import cast
from tests.triggers.occasions.reached import ROW, reached, sentence
from triggers import entries
from triggers.entries import note_entries
from triggers.occasions import Window, occasions

pytestmark = pytest.mark.django_db

NOON = cast.at("2026-05-04 12:00")
WEEK = ("2026-05-01 00:00", "2026-05-08 00:00")
MANY_POINTS = {"field": "points", "is": "at_least", "value": 100}


def campaign(**fields: Any) -> Campaign:
    return cast.live_campaign("segment", {"audience": MANY_POINTS}, **fields)


def earn(who: Customer, points: int) -> None:
    Customer.objects.filter(pk=who.pk).update(points=points)


def test_member_at_launch_has_not_entered_and_a_later_one_has() -> None:
    claire, malik = cast.claire(points=100), cast.malik()
    watched = campaign()
    note_entries(NOON)
    earn(malik, 100)
    note_entries(NOON + timedelta(hours=1))
    entered = NOON + timedelta(hours=1)
    rows = occasions(watched, Window(cast.at(WEEK[0]), cast.at(WEEK[1]))).values_list("customer", *ROW)
    assert list(rows) == [(malik.pk, "segment:1", entered, entered + timedelta(hours=72), None)]
    assert claire.pk != malik.pk


def test_everybody_is_looked_at_once_an_hour_and_a_touched_customer_at_once() -> None:
    claire, malik = cast.claire(), cast.malik()
    watched = campaign()
    note_entries(NOON)
    earn(claire, 100)
    earn(malik, 100)
    note_entries(NOON + timedelta(minutes=59))
    assert reached(watched, *WEEK) == []
    soon = NOON + timedelta(minutes=59)
    note_entries(soon, customers=[claire.pk])
    assert reached(watched, *WEEK) == [("claire", "segment:1", soon)]
    hour = NOON + timedelta(hours=1)
    note_entries(hour)
    note_entries(hour + timedelta(minutes=1), customers=[claire.pk, malik.pk])
    assert reached(watched, *WEEK) == [("claire", "segment:1", soon), ("malik", "segment:1", hour)]


def test_touched_customer_of_a_campaign_never_looked_at_waits_for_the_first_look() -> None:
    claire = cast.claire(points=100)
    watched = campaign()
    note_entries(NOON, customers=[claire.pk])
    note_entries(NOON)
    assert reached(watched, *WEEK) == []


def test_who_left_is_reached_no_more_and_who_comes_back_enters_again() -> None:
    claire = cast.claire()
    watched = campaign()
    note_entries(NOON)
    for hours, points in ((1, 100), (2, 0)):
        earn(claire, points)
        note_entries(NOON + timedelta(hours=hours))
    assert reached(watched, *WEEK) == []
    assert [key for _who, key, _due in reached(watched, WEEK[0], "2026-05-04 13:59")] == ["segment:1"]
    earn(claire, 100)
    note_entries(NOON + timedelta(hours=3))
    assert reached(watched, *WEEK) == [("claire", "segment:2", NOON + timedelta(hours=3))]


def test_member_at_launch_who_leaves_and_comes_back_has_entered() -> None:
    claire = cast.claire(points=100)
    watched = campaign()
    for hours, points in ((0, 100), (1, 0), (2, 100)):
        earn(claire, points)
        note_entries(NOON + timedelta(hours=hours))
    assert reached(watched, *WEEK) == [("claire", "segment:1", NOON + timedelta(hours=2))]


def test_entry_during_a_pause_was_then_and_an_ended_campaign_is_not_watched() -> None:
    claire = cast.claire()
    paused, ended = campaign(), campaign(status="ended")
    note_entries(NOON)
    Campaign.objects.filter(pk=paused.pk).update(status="paused")
    earn(claire, 100)
    note_entries(NOON + timedelta(hours=1))
    assert reached(paused, *WEEK) == [("claire", "segment:1", NOON + timedelta(hours=1))]
    assert reached(ended, *WEEK) == []


def test_everybody_is_looked_at_slice_by_slice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entries, "_SLICE", 2)
    people = [cast.customer(f"c{number}") for number in range(5)]
    watched = campaign()
    note_entries(NOON)
    Customer.objects.filter(pk__in=[people[0].pk, people[4].pk]).update(points=100)
    note_entries(NOON + timedelta(hours=1))
    assert [who for who, *_ in reached(watched, *WEEK)] == ["c0", "c4"]


@pytest.mark.parametrize(
    ("audience", "fault"),
    [
        ({}, "rule.audience: Name at least one condition: everybody cannot be entered."),
        (
            {"all": [MANY_POINTS | {"value": "many"}]},
            "rule.audience: audience.all.0.value: is not a whole number from 0",
        ),
    ],
)
def test_bad_audience_is_refused(audience: dict[str, Any], fault: str) -> None:
    with pytest.raises(ValidationError) as refused:
        parse_rule("segment", {"audience": audience})
    assert refused.value.messages == [fault]


def test_sentence_says_the_audience() -> None:
    assert sentence("segment", audience=MANY_POINTS) == "As soon as a customer has at least 100 points"
