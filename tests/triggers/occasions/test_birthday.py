"""Birthdays: civil dates in the customer's zone, leap days, launches, changed birth dates."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from campaigns.models import Campaign, Shop
from tests import cast
from triggers.occasions import Window, occasions

pytestmark = pytest.mark.django_db


def reached(campaign: Campaign, day: str, days: int = 1) -> list[tuple[str, str, datetime]]:
    """Who is reached in the UTC days that begin with `day`."""
    start = cast.at(f"{day} 00:00")
    rows = occasions(campaign, Window(start, start + timedelta(days=days)))
    return sorted(rows.values_list("external_id", "key", "due_at"))


def campaign(**rule: Any) -> Campaign:
    return cast.live_campaign("birthday", {"send_hour": 9} | rule)


def test_each_zone_has_its_own_nine_o_clock() -> None:
    zones = ("Europe/Paris", "America/Toronto", "Asia/Kolkata", "Pacific/Apia", "")
    for number, zone in enumerate(zones):
        cast.customer(f"c{number}", timezone=zone, birth_day=314)
    assert reached(campaign(), "2026-03-13", days=2) == [
        (f"c{number}", "birthday:2026", cast.at("2026-03-14 09:00", zone or "Europe/Paris"))
        for number, zone in enumerate(zones)
    ]


@pytest.mark.parametrize(
    ("leap_day", "year", "celebrated"),
    [("02-28", 2027, "2027-02-28"), ("03-01", 2027, "2027-03-01"), ("02-28", 2028, "2028-02-29")],
)
def test_leap_day_is_celebrated_once_a_year(leap_day: str, year: int, celebrated: str) -> None:
    cast.shop(leap_day=Shop.LeapDay(leap_day))
    cast.malik()
    due = cast.at(f"{celebrated} 09:00", "America/Toronto")
    assert reached(campaign(), f"{year}-02-27", days=4) == [("malik", f"birthday:{year}", due)]


def test_neighbours_of_a_leap_day_keep_their_own() -> None:
    cast.malik()
    cast.customer("february-28", birth_day=228)
    cast.customer("march-1", birth_day=301)
    names = [name for name, *_ in reached(campaign(), "2028-02-28", days=4)]
    assert names == ["february-28", "malik", "march-1"]


def test_offset_counts_days_of_the_calendar_over_the_new_year() -> None:
    cast.customer("sylvester", birth_day=101)
    key = "birthday:2027"
    assert reached(campaign(offset_days=-2), "2026-12-30") == [
        ("sylvester", key, cast.at("2026-12-30 09:00", "Europe/Paris"))
    ]


def test_fresh_until_the_end_of_the_next_local_day() -> None:
    cast.claire()
    row = occasions(campaign(), Window(cast.at("2026-03-14 00:00"), cast.at("2026-03-15 00:00"))).get()
    assert (row.customer_id, row.order_id, row.fresh_until) == (
        row.pk,
        None,
        cast.at("2026-03-16 00:00", "Europe/Paris"),
    )


def test_window_is_open_before_and_closed_after() -> None:
    cast.claire()
    live, due = campaign(), cast.at("2026-03-14 09:00", "Europe/Paris")
    second = timedelta(seconds=1)
    found = [occasions(live, window).count() for window in (Window(due - second, due), Window(due, due + second))]
    assert found == [1, 0]


@pytest.mark.parametrize(
    ("launched", "found"),
    [("2026-03-14 17:00", 1), ("2026-03-14 23:59", 1), ("2026-03-15 00:00", 0), ("2026-03-01 00:00", 1)],
)
def test_launch_owes_the_birthdays_of_its_own_day(launched: str, found: int) -> None:
    cast.claire()
    late = cast.live_campaign("birthday", launched_at=cast.at(launched, "Europe/Paris"))
    assert len(reached(late, "2026-03-14")) == found


@pytest.mark.parametrize(
    ("changed_on", "found"),
    [(None, 1), (date(2026, 2, 12), 1), (date(2026, 2, 13), 0), (date(2026, 3, 14), 0), (date(2026, 3, 15), 0)],
)
def test_birth_date_changed_within_30_days_earns_nothing(changed_on: date | None, found: int) -> None:
    cast.claire(birth_date_changed_on=changed_on)
    assert len(reached(campaign(), "2026-03-14")) == found


def test_customer_without_birth_date_has_no_birthday() -> None:
    cast.customer("nobody")
    assert reached(campaign(), "2026-01-01", days=200) == []


def test_audience_and_customers_restrict() -> None:
    claire, twin = cast.claire(points=10), cast.claire(external_id="twin", points=0)
    window = Window(cast.at("2026-03-14 00:00"), cast.at("2026-03-15 00:00"))
    rich = cast.live_campaign(audience={"field": "points", "is": "at_least", "value": 5})
    assert [row.pk for row in occasions(rich, window)] == [claire.pk]
    assert list(occasions(rich, window, [twin.pk])) == []


def test_more_than_300_days_at_once_are_refused() -> None:
    with pytest.raises(ValueError, match="300 days"):
        reached(campaign(), "2026-01-01", days=301)
