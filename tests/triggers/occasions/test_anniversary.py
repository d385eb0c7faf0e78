"""Anniversaries: months and years after a beginning, ends of months, leap days, zones, launches."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from campaigns.models import Shop
from campaigns.moment_kinds import parse_rule
from tests import cast
from tests.triggers.occasions.reached import ROW, reached, sentence
from triggers.occasions import Window, occasions

pytestmark = pytest.mark.django_db


def keys(day: str, days: int = 1, **rule: Any) -> list[tuple[str, str]]:
    """Who is reached from the UTC midnight of `day` on."""
    until = date.fromisoformat(day) + timedelta(days=days)
    campaign = cast.live_campaign("anniversary", rule)
    return [(who, key) for who, key, _due in reached(campaign, f"{day} 00:00", f"{until} 00:00")]


def test_a_year_after_the_sign_up_at_nine_where_the_customer_lives() -> None:
    cast.claire(signed_up_at=cast.at("2025-03-14 23:30", "Europe/Paris"))
    # On the same evening it was the 15th in Kolkata already.
    cast.priya(signed_up_at=cast.at("2025-03-14 23:30", "Europe/Paris"))
    rows = occasions(
        cast.live_campaign("anniversary"), Window(cast.at("2026-03-13 00:00"), cast.at("2026-03-17 00:00"))
    )
    first = cast.at("2026-03-14 09:00", "Europe/Paris")
    second = cast.at("2026-03-15 09:00", "Asia/Kolkata")
    assert sorted(rows.values_list("external_id", *ROW)) == [
        ("claire", "anniversary:1y", first, cast.at("2026-03-16 00:00", "Europe/Paris"), None),
        ("priya", "anniversary:1y", second, cast.at("2026-03-17 00:00", "Asia/Kolkata"), None),
    ]


def test_months_and_years_are_counted_on_the_calendar() -> None:
    cast.claire(signed_up_at=cast.at("2025-11-30 12:00"), first_order_at=cast.at("2020-02-28 12:00"))
    marks: dict[str, Any] = {"months": [1, 3, 6], "every_year": False}
    assert keys("2025-12-30", **marks) == [("claire", "anniversary:1m")]
    assert keys("2026-02-28", **marks) == [("claire", "anniversary:3m")]
    assert keys("2026-05-30", **marks) == [("claire", "anniversary:6m")]
    assert keys("2026-05-30", months=[1, 3]) == []
    assert keys("2026-02-28", begins="first_order") == [("claire", "anniversary:6y")]
    assert keys("2026-02-28", begins="first_order", every_year=False, years=[1, 6]) == [("claire", "anniversary:6y")]
    assert keys("2026-02-28", begins="first_order", every_year=False, years=[1, 5]) == []


def test_month_without_such_a_day_ends_on_its_last() -> None:
    for day in (28, 29, 30, 31):
        cast.customer(f"c{day}", signed_up_at=cast.at(f"2026-01-{day} 12:00"))
    month: dict[str, Any] = {"months": [1], "every_year": False}
    assert keys("2026-02-27", days=4, **month) == [(f"c{day}", "anniversary:1m") for day in (28, 29, 30, 31)]
    assert keys("2026-02-28", **month) == [(f"c{day}", "anniversary:1m") for day in (28, 29, 30, 31)]


@pytest.mark.parametrize(
    ("leap_day", "kept"),
    [("02-28", ["2025-02-28", "2026-02-28", "2028-02-29"]), ("03-01", ["2025-03-01", "2026-03-01", "2028-02-29"])],
)
def test_leap_day_is_kept_once_a_year(leap_day: str, kept: list[str]) -> None:
    cast.shop(leap_day=Shop.LeapDay(leap_day))
    cast.claire(signed_up_at=cast.at("2024-02-29 12:00"))
    cast.malik(signed_up_at=cast.at("2024-02-28 20:00"))
    cast.priya(signed_up_at=cast.at("2024-03-01 12:00"))
    for day, years in zip(kept, (1, 2, 4), strict=True):
        found = keys(f"{day[:4]}-02-27", days=5)
        assert sorted(found) == [(who, f"anniversary:{years}y") for who in ("claire", "malik", "priya")]
        assert ("claire", f"anniversary:{years}y") in keys(day)


def test_launch_at_noon_still_owes_this_mornings() -> None:
    cast.claire(signed_up_at=cast.at("2025-03-14 12:00"))
    cast.malik(signed_up_at=cast.at("2025-03-13 12:00"))
    campaign = cast.live_campaign("anniversary", launched_at=cast.at("2026-03-14 12:00", "Europe/Paris"))
    assert [who for who, *_ in reached(campaign, "2026-03-12 00:00", "2026-03-16 00:00")] == ["claire"]


def test_window_in_which_somebody_might_have_two_is_refused() -> None:
    campaign = cast.live_campaign("anniversary")
    with pytest.raises(ValueError, match="at most 57 days"):
        occasions(campaign, Window(cast.at("2026-01-01 00:00"), cast.at("2026-03-01 00:00")))


def test_rule_without_any_anniversary_is_refused() -> None:
    with pytest.raises(ValidationError, match=r"every year, some years or some months"):
        parse_rule("anniversary", {"every_year": False})


def test_sentences() -> None:
    assert sentence("anniversary") == "Each year after the sign-up, at 9:00 local time"
    assert sentence("anniversary", begins="first_order", every_year=False, years=[1, 10], months=[1]) == (
        "1 month, 1 year and 10 years after the first order, at 9:00 local time"
    )
