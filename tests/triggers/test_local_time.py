"""Local hours as instants: gaps, folds, days left out, and the next permitted moment."""

from datetime import date, datetime, time
from zoneinfo import ZoneInfo, available_timezones

import pytest

from campaigns.models import PermittedHours, Shop
from tests import cast
from tests.triggers.oracle_facts import wall_reached
from triggers import local_time

PARIS = ZoneInfo("Europe/Paris")


@pytest.mark.parametrize(
    ("day", "hour", "zone", "utc"),
    [
        (date(2026, 7, 14), time(9), "Europe/Paris", "2026-07-14 07:00"),
        (date(2026, 3, 29), time(2, 30), "Europe/Paris", "2026-03-29 01:00"),  # skipped: the first instant after
        (date(2026, 10, 25), time(2, 30), "Europe/Paris", "2026-10-25 00:30"),  # twice: the first pass
        (date(2026, 10, 4), time(2, 15), "Australia/Lord_Howe", "2026-10-03 15:30"),  # a gap of half an hour
        (date(2026, 4, 5), time(1, 45), "Australia/Lord_Howe", "2026-04-04 14:45"),
        (date(2011, 12, 30), time(9), "Pacific/Apia", "2011-12-30 10:00"),  # a day that never was
        (date(2026, 11, 21), time(9), "Asia/Kolkata", "2026-11-21 03:30"),
    ],
)
def test_instant(day: date, hour: time, zone: str, utc: str) -> None:
    assert local_time.instant(day, hour, ZoneInfo(zone)) == cast.at(utc)


@pytest.mark.parametrize("day", [date(2026, 3, 29), date(2026, 4, 5), date(2026, 10, 25), date(2011, 12, 30)])
def test_instant_agrees_with_a_walk_through_the_day(day: date) -> None:
    zones = ["Europe/Paris", "America/Toronto", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Kathmandu"]
    for zone in zones:
        for quarter in range(96):
            hour = time(quarter // 4, quarter % 4 * 15)
            assert local_time.instant(day, hour, ZoneInfo(zone)) == wall_reached(day, hour, zone)


def test_instant_of_every_zone_shows_its_hour_or_the_end_of_a_gap() -> None:
    for name in sorted(available_timezones()):
        zone = ZoneInfo(name)
        wall = local_time.instant(date(2026, 11, 21), time(9), zone).astimezone(zone)
        assert (wall.date(), wall.time()) == (date(2026, 11, 21), time(9)), name


@pytest.mark.parametrize(
    ("now", "next_at"),
    [
        ("2026-11-20 07:59", "2026-11-20 08:00"),
        ("2026-11-20 08:00", "2026-11-20 08:00"),
        ("2026-11-20 19:59", "2026-11-20 19:59"),
        ("2026-11-20 20:00", "2026-11-21 08:00"),
        ("2026-11-21 21:00", "2026-11-23 08:00"),  # Saturday night to Monday
        ("2026-11-22 12:00", "2026-11-23 08:00"),
    ],
)
def test_next_permitted(now: str, next_at: str) -> None:
    hours = PermittedHours(channel="sms", opens=time(8), closes=time(20), weekdays="123456")
    assert local_time.next_permitted(cast.at(now, "Europe/Paris"), PARIS, hours) == cast.at(next_at, "Europe/Paris")


def test_next_permitted_of_a_channel_without_days_is_never() -> None:
    hours = PermittedHours(channel="sms", opens=time(8), closes=time(20), weekdays="")
    assert local_time.next_permitted(cast.at("2026-11-20 12:00"), PARIS, hours) == local_time.NEVER


def test_zone_of_a_customer_without_one_is_the_shops() -> None:
    shop = Shop(timezone="America/Toronto")
    assert [local_time.zone_of(name, shop).key for name in ("", "Mars/Olympus", "Asia/Kolkata")] == [
        "America/Toronto",
        "America/Toronto",
        "Asia/Kolkata",
    ]


@pytest.mark.django_db
def test_zones_in_use_are_distinct() -> None:
    assert local_time.zones_in_use() == []
    for number, zone in enumerate(["Europe/Paris", "", "Asia/Kolkata", "Europe/Paris", ""]):
        cast.customer(f"c{number}", timezone=zone)
    assert sorted(local_time.zones_in_use()) == ["", "Asia/Kolkata", "Europe/Paris"]


def test_civil_days_span_the_date_line() -> None:
    after, until = cast.at("2026-11-20 09:30"), cast.at("2026-11-20 11:30")
    days = [list(local_time.civil_days(after, until, ZoneInfo(zone))) for zone in ("Pacific/Apia", "Europe/Paris")]
    assert days == [[date(2026, 11, 20), date(2026, 11, 21)], [date(2026, 11, 20)]]
    assert isinstance(after, datetime)
