"""The planner: each decision once, with its reason; caps, quiet hours, stops, two at once."""

from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from campaigns.models import Campaign, JourneyMoment, PermittedHours, Shop, Suppression
from tests import cast
from tests.triggers.world import spoken, stored
from triggers.models import Delivery, Heartbeat, Occasion
from triggers.planner import plan

pytestmark = pytest.mark.django_db

MORNING = cast.at("2026-03-14 09:00", "Europe/Paris")


def decisions(now: datetime = MORNING) -> list[tuple[str, str, str]]:
    """Plan, and return (campaign, decision, reason) of what was stored by it."""
    return sorted(plan(now).counts.elements())


def sms_hours(**fields: Any) -> None:
    values = {"opens": time(8), "closes": time(20), "weekdays": "123456"} | fields
    PermittedHours.objects.create(shop=Shop.get(), channel="sms", **values)


def test_birthday_due_this_morning_gets_one_delivery() -> None:
    claire = cast.claire()
    campaign = cast.live_campaign("birthday", {"send_hour": 9}, slug="fete")
    assert decisions() == [("fete", "due", "")]
    occasion = Occasion.objects.get()
    assert (occasion.campaign, occasion.customer, occasion.key) == (campaign, claire, "birthday:2026")
    assert (occasion.due_at, occasion.slot_at, occasion.decided_at) == (MORNING, MORNING, MORNING)
    assert occasion.fresh_until == cast.at("2026-03-16 00:00", "Europe/Paris")
    delivery = Delivery.objects.get()
    assert (delivery.occasion, delivery.customer, delivery.campaign) == (occasion, claire, campaign)
    assert (delivery.channel, delivery.step, delivery.state, delivery.not_before) == ("email", 0, "planned", MORNING)


def test_planning_again_stores_nothing() -> None:
    cast.claire()
    cast.live_campaign()
    plan(MORNING)
    before = stored()
    assert [decisions(MORNING + timedelta(hours=hours)) for hours in (0, 1, 30, -3)] == [[], [], [], []]
    assert stored() == before


def test_nothing_is_planned_before_it_is_due_or_for_a_campaign_that_does_not_run() -> None:
    cast.claire()
    cast.live_campaign(status=Campaign.Status.PAUSED)
    cast.live_campaign(status=Campaign.Status.ENDED)
    cast.live_campaign(slug="live")
    assert decisions(MORNING - timedelta(seconds=1)) == []
    assert decisions() == [("live", "due", "")]


@pytest.mark.parametrize(
    ("fields", "channel", "decision", "reason"),
    [
        ({}, "email", "due", ""),
        ({"email": ""}, "sms", "due", ""),
        ({"email_marketing": False}, "sms", "due", ""),
        ({"email": "", "phone": ""}, "", "skipped", "no_address"),
        ({"email": "", "sms_marketing": False}, "", "skipped", "no_consent"),
        ({"email_marketing": False, "sms_marketing": False}, "", "skipped", "no_consent"),
    ],
)
def test_first_channel_that_may_speaks(fields: dict[str, Any], channel: str, decision: str, reason: str) -> None:
    cast.claire(**fields)
    cast.live_campaign(slug="fete", channels=("email", "sms"))
    assert decisions() == [("fete", decision, reason)]
    assert Occasion.objects.get().channel == channel


def test_suppressed_address_is_skipped() -> None:
    claire = cast.claire()
    Suppression.objects.create(
        channel="email", address_key=claire.email_key, reason="bounced", created_at=cast.LONG_AGO
    )
    cast.live_campaign(slug="fete")
    assert decisions() == [("fete", "skipped", "suppressed")]


def test_service_message_needs_no_consent() -> None:
    cast.claire(email_marketing=False)
    cast.live_campaign(slug="service", gesture_fields={"purpose": "service"}, holdout_share="0.9")
    assert decisions() == [("service", "due", "")]


def test_customer_whose_language_has_no_text_is_skipped_where_the_gesture_says_so() -> None:
    cast.claire(language="de")
    cast.live_campaign(slug="falls-back")
    cast.live_campaign(slug="skips", gesture_fields={"missing_language": "skip"})
    assert decisions() == [("falls-back", "due", ""), ("skips", "skipped", "no_text")]


def test_outside_production_a_real_provider_writes_only_to_the_list(settings: Any) -> None:
    settings.EMAIL_PROVIDER, settings.PRODUCTION = "smtp", False
    settings.RECIPIENT_ALLOW_LIST = ["malik@maison-the.test", "@staff.test"]
    cast.claire()
    cast.malik(birth_day=314)
    cast.priya(birth_day=314, email="priya@staff.test")
    cast.live_campaign(slug="fete")
    plan(cast.at("2026-03-14 20:00"))
    rows = Occasion.objects.order_by("customer__external_id").values_list("customer__external_id", "reason")
    assert list(rows) == [("claire", "not_on_list"), ("malik", ""), ("priya", "")]


def test_quiet_hours_move_the_slot_to_the_recipients_morning() -> None:
    cast.claire()
    cast.live_campaign("birthday", {"send_hour": 6}, slug="fete", channels=("sms",))
    sms_hours()
    early = cast.at("2026-03-14 06:00", "Europe/Paris")
    assert decisions(early) == [("fete", "due", "quiet_hours")]
    opening = cast.at("2026-03-14 08:00", "Europe/Paris")
    assert (Occasion.objects.get().slot_at, Delivery.objects.get().not_before) == (opening, opening)


def test_quiet_hours_that_outlast_freshness_skip() -> None:
    cast.claire()
    cast.live_campaign(slug="fete", channels=("sms",))
    sms_hours(weekdays="123")  # 14 March 2026 is a Saturday
    assert decisions() == [("fete", "skipped", "quiet_hours")]
    assert not Delivery.objects.exists()


def test_daily_cap_moves_to_tomorrow_and_counts_every_campaign() -> None:
    claire = cast.claire()
    spoken(claire, MORNING.date())
    cast.live_campaign(slug="fete")
    assert decisions() == [("fete", "due", "daily_cap")]
    assert stored()["fete", "claire", "birthday:2026"].slot == cast.at("2026-03-15 00:00", "Europe/Paris")


def test_daily_cap_counts_the_recipients_own_day() -> None:
    malik = cast.malik(birth_day=314)
    late = cast.at("2026-03-14 23:30", "America/Toronto")  # already the 15th in Paris
    spoken(malik, date(2026, 3, 13))
    cast.live_campaign("birthday", {"send_hour": 23}, slug="fete")
    assert decisions(late) == [("fete", "due", "")]


def test_cap_of_two_allows_a_second() -> None:
    claire = cast.claire()
    spoken(claire, MORNING.date())
    cast.shop(daily_cap=2)
    cast.live_campaign(slug="fete")
    assert decisions() == [("fete", "due", "")]


def test_what_expired_during_a_stop_is_missed_and_never_sent() -> None:
    cast.claire()
    cast.live_campaign(slug="fete")
    plan(cast.at("2026-03-10 09:00"))
    assert decisions(cast.at("2026-03-20 09:00")) == [("fete", "skipped", "missed")]
    assert not Delivery.objects.exists()


def test_what_expired_during_a_long_stop_is_listed_with_its_closed_days() -> None:
    claire, saturday = cast.claire(), MORNING
    cast.live_campaign("post_purchase", {"anchor": "placed", "delay_days": 0}, slug="merci", channels=("sms",))
    sms_hours(weekdays="12345")
    plan(saturday - timedelta(days=1))
    cast.order(claire, "o1", saturday)
    assert decisions(saturday + timedelta(days=28)) == [("merci", "skipped", "missed")]
    assert Occasion.objects.get().fresh_until == saturday + timedelta(hours=72) + timedelta(days=2)


def test_what_is_still_fresh_after_a_stop_is_sent() -> None:
    cast.claire()
    cast.live_campaign(slug="fete")
    plan(cast.at("2026-03-10 09:00"))
    assert decisions(cast.at("2026-03-15 21:00")) == [("fete", "due", "")]


def test_imported_past_fires_nothing() -> None:
    claire = cast.claire()
    cast.live_campaign("post_purchase", {"anchor": "placed"})
    now = cast.at("2026-05-01 12:00")
    plan(now - timedelta(minutes=1))
    cast.order(claire, "old", now - timedelta(days=30), created_at=now)
    assert (decisions(now), decisions(now + timedelta(days=20))) == ([], [])


def test_late_entrant_of_the_same_day_is_greeted() -> None:
    cast.live_campaign(slug="fete")
    plan(MORNING)
    cast.claire()
    assert decisions(MORNING + timedelta(hours=5)) == [("fete", "due", "")]


def test_ring_plans_only_its_customers_and_does_not_beat() -> None:
    claire, _malik = cast.claire(), cast.malik(birth_day=314)
    cast.live_campaign(slug="fete")
    evening = cast.at("2026-03-14 20:00")
    assert sorted(plan(evening, [claire.pk]).counts.elements()) == [("fete", "due", "")]
    assert (list(stored()), Heartbeat.objects.count()) == ([("fete", "claire", "birthday:2026")], 0)
    assert plan(evening, []).counts.total() == 0


def test_heart_beats_forward_when_the_clock_is_set_back() -> None:
    cast.claire()
    plan(MORNING)
    plan(MORNING - timedelta(days=2))
    assert Heartbeat.objects.get(name="plan").business_at == MORNING


@pytest.mark.parametrize("fields", [{"kind": "unheard-of"}, {"kind": "anniversary", "rule": {"months": [13]}}])
def test_campaign_with_an_unreadable_rule_does_not_stop_the_others(fields: dict[str, Any]) -> None:
    cast.claire()
    broken = cast.live_campaign(slug="broken", priority=9)
    JourneyMoment.objects.filter(pk=broken.moment_id).update(**fields)
    cast.live_campaign(slug="fete")
    assert decisions() == [("fete", "due", "")]


def test_held_out_customer_has_a_slot_and_a_channel_but_no_delivery() -> None:
    for number in range(40):
        cast.customer(f"c{number}", birth_day=314, timezone="Europe/Paris")
    cast.live_campaign(slug="fete", holdout_share="0.5")
    plan(MORNING)
    arms = Occasion.objects.values_list("decision", "slot_at", "channel").distinct().order_by("decision")
    assert list(arms) == [("due", MORNING, "email"), ("held_out", MORNING, "email")]
    assert Delivery.objects.count() == Occasion.objects.filter(decision="due").count()


def test_quiet_tick_asks_few_questions() -> None:
    for number in range(30):
        cast.customer(f"c{number}", birth_day=314, timezone="Europe/Paris")
    cast.live_campaign()
    plan(MORNING)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        plan(MORNING + timedelta(minutes=1))
    assert len(queries) <= 17  # one of them asks for the global control group in force
