"""Public holidays, blackout days, and freshness that counts permitted time."""

from datetime import date, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from campaigns.launch_problems import launch_problems
from campaigns.models import BlackoutDay, PermittedHours, Shop
from tests import cast
from triggers.models import Occasion
from triggers.planner import plan

pytestmark = pytest.mark.django_db

PARIS = ZoneInfo("Europe/Paris")


def sms_hours(**fields: Any) -> PermittedHours:
    """SMS from 8 to 20, Monday to Saturday, no public holidays."""
    values = {"opens": time(8), "closes": time(20), "weekdays": "123456"} | fields
    return PermittedHours.objects.create(shop=cast.shop(), channel="sms", **values)


def slots() -> dict[str, tuple[str, str, str]]:
    """Decision, reason and slot (in Paris) by customer."""
    rows = Occasion.objects.values_list("customer__external_id", "decision", "reason", "slot_at")
    return {
        customer: (decision, reason, f"{slot.astimezone(PARIS):%a %d %H:%M}")
        for customer, decision, reason, slot in rows
    }


def test_holidays_are_those_of_the_customers_country() -> None:
    now = cast.at("2026-04-06 10:00", "Europe/Paris")  # Easter Monday, a working day in Canada
    for who in (cast.claire(), cast.malik(timezone="Europe/Paris"), cast.priya(timezone="Europe/Paris", country="")):
        cast.order(who, f"o-{who.external_id}", now)
    sms_hours()
    cast.live_campaign("post_purchase", {"anchor": "placed"}, channels=("sms",))
    plan(now)
    assert slots() == {
        "claire": ("due", "quiet_hours", "Tue 07 08:00"),
        "malik": ("due", "", "Mon 06 10:00"),
        "priya": ("due", "quiet_hours", "Tue 07 08:00"),  # the shop's country
    }


def test_holiday_is_a_day_like_any_other_where_the_channel_says_so() -> None:
    now = cast.at("2026-04-06 10:00", "Europe/Paris")
    cast.order(cast.claire(), "A-1", now)
    sms_hours(closed_on_holidays=False)
    cast.live_campaign("post_purchase", {"anchor": "placed"}, channels=("sms",))
    plan(now)
    assert slots() == {"claire": ("due", "", "Mon 06 10:00")}


@pytest.mark.parametrize(("purpose", "slot"), [("relation", "Thu 07 00:00"), ("service", "Wed 06 10:00")])
def test_blackout_day_silences_all_but_service(purpose: str, slot: str) -> None:
    now = cast.at("2026-05-06 10:00", "Europe/Paris")
    cast.order(cast.claire(), "A-1", now)
    cast.live_campaign("post_purchase", {"anchor": "placed"}, gesture_fields={"purpose": purpose})
    BlackoutDay.objects.create(shop=Shop.get(), day=date(2026, 5, 6))
    plan(now)
    assert slots()["claire"][2] == slot


def test_freshness_counts_permitted_time() -> None:
    # Late since Saturday 19:00, fresh for 24 hours: Sunday and Easter Monday do not count.
    promised = cast.at("2026-04-04 19:00", "Europe/Paris")
    cast.order(cast.claire(), "A-1", promised - timedelta(days=3), promised_at=promised)
    sms_hours()
    cast.live_campaign("waiting", {"delay_days": 0}, channels=("sms",))
    plan(cast.at("2026-04-06 23:00", "Europe/Paris"))
    occasion = Occasion.objects.get()
    assert slots() == {"claire": ("due", "quiet_hours", "Tue 07 08:00")}
    assert occasion.fresh_until == cast.at("2026-04-07 19:00", "Europe/Paris")


def test_freshness_of_a_civil_day_does_not() -> None:
    cast.claire(birth_day=405)
    sms_hours()
    cast.live_campaign(channels=("sms",))
    plan(cast.at("2026-04-05 09:00", "Europe/Paris"))
    assert slots() == {"claire": ("skipped", "quiet_hours", "Sun 05 09:00")}


def test_freshness_of_a_surprise_ends_with_its_day() -> None:
    cast.claire()
    sms_hours()
    cast.live_campaign("surprise", {"share_percent": 100, "every_days": 7, "days": ["sun"]}, channels=("sms",))
    plan(cast.at("2026-04-05 19:00", "Europe/Paris"))
    occasion = Occasion.objects.get()
    assert (occasion.decision, occasion.reason) == ("skipped", "quiet_hours")
    assert occasion.fresh_until == cast.at("2026-04-06 00:00", "Europe/Paris")


def test_new_shop_sends_no_sms_at_night_on_sundays_or_holidays() -> None:
    (hours,) = Shop.get().permitted_hours.all()
    assert (hours.channel, str(hours), hours.closed_on_holidays) == ("sms", "SMS 08:00-20:00 (123456)", True)


def test_channel_that_never_opens_is_told_before_the_launch() -> None:
    campaign = cast.live_campaign(channels=("sms",), status="draft")
    hours = sms_hours(weekdays="")
    assert any("SMS" in problem for problem in launch_problems(campaign))
    hours.weekdays = "7"
    hours.save()
    assert launch_problems(campaign) == []


@pytest.mark.parametrize(("day", "count"), [("2026-12-06", 1), ("2026-12-07", 0), ("2026-12-25", 1)])
def test_sms_of_a_sunday_or_holiday_alone_is_told_before_the_launch(day: str, count: int) -> None:
    campaign = cast.live_campaign("calendar", {"day": day}, channels=("sms",), status="draft")
    sms_hours()
    assert len(launch_problems(campaign)) == count
