"""Surprises: how many, how often, on which days and at which hours, and the same whenever it is asked."""

from collections import defaultdict
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError

from campaigns.models import LOTS, Campaign, Customer
from campaigns.moment_kinds import parse_rule
from tests import cast
from tests.triggers.occasions.reached import sentence
from triggers.occasions import Window, occasions

pytestmark = pytest.mark.django_db

START = cast.at("2026-05-04 00:00")
PARIS = ZoneInfo("Europe/Paris")


@pytest.fixture
def crowd() -> list[int]:
    Customer.objects.bulk_create(
        Customer(external_id=f"c{number}", timezone="Europe/Paris", created_at=cast.LONG_AGO) for number in range(400)
    )
    return list(Customer.objects.order_by("pk").values_list("pk", flat=True))


def campaign(**rule: Any) -> Campaign:
    return cast.live_campaign("surprise", rule)


def drawn(campaign: Campaign, days: int) -> list[tuple[int, str, datetime, datetime]]:
    """Who is surprised in the days from START on, asked in windows as long as they may be."""
    whole = Window(START, START + timedelta(days=days))
    rows = [
        occasions(campaign, window).values_list("pk", "key", "due_at", "fresh_until")
        for window in whole.parts(timedelta(days=6))
    ]
    return [row for part in rows for row in part]


def test_each_is_drawn_once_a_turn_on_days_far_enough_apart(crowd: list[int]) -> None:
    found = drawn(campaign(share_percent=100, every_days=10, days=["mon", "wed", "thu"]), 70)
    days: dict[int, list[date]] = defaultdict(list)
    for customer, key, due, end in sorted(found, key=lambda row: row[2]):
        local = due.astimezone(PARIS)
        days[customer].append(local.date())
        assert key == f"surprise:{local:%Y-%m-%d}"
        assert local.weekday() in (0, 2, 3)
        assert (10 <= local.hour < 18, local.minute) == (True, 0)
        assert end == cast.at(f"{local.date() + timedelta(days=1)} 00:00", "Europe/Paris")
    assert sorted(days) == crowd
    gaps = {(after - before).days for own in days.values() for before, after in pairwise(own)}
    # Four such days on may be 8 days later; five are 10, 12 or 13.
    assert gaps == {10, 12, 13}


def test_share_is_drawn_and_every_hour_and_day_has_its_part(crowd: list[int]) -> None:
    found = drawn(campaign(share_percent=25, every_days=10), 10)
    # Binomial: 100 of 400, give or take four standard errors.
    assert 65 < len(found) < 135
    assert len({row[0] for row in found}) == len(found)
    assert {row[2].astimezone(PARIS).hour for row in found} == set(range(10, 18))
    assert len({row[1] for row in found}) >= 9


def test_draw_is_the_same_in_any_window_and_another_in_another_campaign(crowd: list[int]) -> None:
    first, second = campaign(share_percent=50), campaign(share_percent=50)
    whole = sorted(drawn(first, 30))
    hourly = [
        row
        for hour in range(24)
        for row in occasions(
            first, Window(START + timedelta(hours=hour), START + timedelta(hours=hour + 1)), crowd
        ).values_list("pk", "key", "due_at", "fresh_until")
    ]
    assert sorted(hourly) == [row for row in whole if row[2] <= START + timedelta(days=1)]
    assert {row[0] for row in whole} != {row[0] for row in drawn(second, 30)}


def test_customers_of_one_lot_are_drawn_together() -> None:
    one = cast.customer("one", timezone="Europe/Paris", pk=5)
    other = cast.customer("other", timezone="Europe/Paris", pk=5 + LOTS)
    found = drawn(campaign(share_percent=100), 30)
    assert [row[1:] for row in found if row[0] == one.pk] == [row[1:] for row in found if row[0] == other.pk] != []


def test_launch_comes_before_the_surprise(crowd: list[int]) -> None:
    late = cast.live_campaign("surprise", {"share_percent": 100}, launched_at=START + timedelta(days=3))
    found = drawn(late, 6)
    assert min(row[2] for row in found) > START + timedelta(days=3)


def test_hours_that_leave_none_are_refused() -> None:
    with pytest.raises(ValidationError, match="The last hour must come after the first"):
        parse_rule("surprise", {"from_hour": 18, "until_hour": 18})


def test_sentences() -> None:
    assert sentence("surprise") == ("For 5% of them by lot, at most every 30 days, between 10:00 and 18:00 local time")
    assert sentence("surprise", share_percent=10, days=["mon", "sat"]) == (
        "For 10% of them by lot, at most every 30 days, on Monday and Saturday, between 10:00 and 18:00 local time"
    )
