"""Caps over all campaigns, per channel and for surveys: the same at the plan and at the permit."""

from datetime import timedelta
from typing import Any

import pytest

from campaigns.models import ChannelCap, Customer, Event, Shop
from tests import cast
from tests.triggers.world import fates, send, spoken
from triggers.claimed import Claimed
from triggers.guards import permit_findings
from triggers.models import Delivery, GuardFinding, Occasion
from triggers.planner import plan

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
MORNING = cast.at("2026-03-14 09:00", "Europe/Paris")


def decided(slug: str = "merci") -> tuple[str, str, str]:
    """Decision, reason and value of a campaign's only occasion."""
    occasion = Occasion.objects.get(campaign__slug=slug)
    return occasion.decision, occasion.reason, occasion.value


def thanks(slug: str = "merci", **fields: Any) -> Any:
    """A live campaign that thanks as soon as an order is placed, fresh for 72 hours."""
    return cast.live_campaign("post_purchase", {"anchor": "placed"}, slug=slug, **fields)


def external(who: Customer, days_ago: int, **properties: Any) -> None:
    """A message that another tool sent."""
    at = MORNING - days_ago * DAY
    Event.objects.create(
        external_id=f"x-{days_ago}-{properties}",
        customer=who,
        name="external_message",
        occurred_at=at,
        properties=properties,
        recorded_at=at,
    )


def claire_bought() -> Customer:
    """Claire, who placed an order just now."""
    claire = cast.claire()
    cast.order(claire, "A-1", MORNING)
    return claire


@pytest.mark.parametrize(
    ("days_ago", "outcome"),
    [
        ((1, 2, 5), ("due", "weekly_cap", "3/7d → 2026-03-16")),
        ((1, 2, 3), ("skipped", "weekly_cap", "3/7d → 2026-03-18")),  # fresh until the 17th
        ((1, 2, 7), ("due", "", "")),
        ((8, 9, 10, 11, 12, 28), ("due", "monthly_cap", "6/30d → 2026-03-16")),
        ((8, 9, 10, 11, 12, 30), ("due", "", "")),
    ],
)
def test_windows_of_days(days_ago: tuple[int, ...], outcome: tuple[str, str, str]) -> None:
    claire = claire_bought()
    for number in days_ago:
        spoken(claire, (MORNING - number * DAY).date())
    thanks()
    plan(MORNING)
    assert decided() == outcome


def test_capped_occasion_knows_when_it_would_be_free() -> None:
    claire = claire_bought()
    for number in (1, 2, 3):
        spoken(claire, (MORNING - number * DAY).date())
    thanks()
    plan(MORNING)
    occasion = Occasion.objects.get(campaign__slug="merci")
    # Beyond its deadline: skipped, and yet the day is kept.
    assert occasion.next_at == cast.at("2026-03-18 00:00", "Europe/Paris")


@pytest.mark.parametrize(
    ("properties", "purpose", "outcome"),
    [
        ({}, "relation", ("due", "daily_cap", "1/1d → 2026-03-15")),
        ({"purpose": "service"}, "relation", ("due", "", "")),
        ({}, "service", ("due", "", "")),
    ],
)
def test_other_tools_count_and_service_does_not(
    properties: dict[str, Any], purpose: str, outcome: tuple[str, str, str]
) -> None:
    external(claire_bought(), 0, **properties)
    thanks(gesture_fields={"purpose": purpose})
    plan(MORNING)
    assert decided() == outcome


def test_only_commercial_messages_count_for_the_commercial_cap() -> None:
    claire = claire_bought()
    external(claire, 10, channel="email")
    external(claire, 29, channel="email")
    external(claire, 20, channel="email", purpose="relation")
    thanks(gesture_fields={"purpose": "commercial"})
    thanks("bravo")
    plan(MORNING)
    assert decided() == ("due", "commercial_cap", "2/30d commercial → 2026-03-15")
    assert decided("bravo") == ("due", "", "")


def test_channel_has_its_own_caps() -> None:
    claire = claire_bought()
    cast.shop(daily_cap=9)
    ChannelCap.objects.create(shop=Shop.get(), channel="sms", daily=1, weekly=1)
    external(claire, 5, channel="sms", purpose="relation")
    thanks(channels=("email",))
    thanks("texto", channels=("sms",))
    plan(MORNING)
    assert decided() == ("due", "", "")
    assert decided("texto") == ("due", "weekly_cap", "1/7d sms → 2026-03-16")


@pytest.mark.parametrize("purpose", ["relation", "service"])
def test_surveys_share_one_budget(purpose: str) -> None:
    external(claire_bought(), 29, purpose="service", survey=True)
    campaign = thanks(gesture_fields={"purpose": purpose})
    thanks("bravo")
    campaign.gesture.variants.update(body='<a href="{{ survey_url }}">?</a>')
    plan(MORNING)
    assert decided() == ("due", "survey_cap", "1/30d survey → 2026-03-15")
    assert decided("bravo") == ("due", "", "")


def test_more_urgent_goes_and_the_other_waits_or_is_skipped() -> None:
    claire = claire_bought()
    thanks("patient")
    cast.live_campaign("birthday", {"send_hour": 7}, slug="fete")  # its deadline is earlier
    thanks("first", priority=5)
    plan(MORNING)
    send(MORNING)
    became = {slug: (fate.state, fate.reason) for (slug, _customer, _key), fate in fates().items()}
    assert became == {"first": ("sent", ""), "fete": ("waiting", ""), "patient": ("waiting", "")}
    assert set(GuardFinding.objects.values_list("occasion__campaign__slug", "guard", "value")) == {
        ("fete", "daily_cap", "1/1d → 2026-03-15, first"),
        ("patient", "daily_cap", "1/1d → 2026-03-15, first"),
    }
    send(MORNING + DAY)
    send(MORNING + 2 * DAY)
    sent = {slug: fate.sent_on for (slug, _customer, _key), fate in fates().items()}
    assert [str(sent[slug]) for slug in ("first", "fete", "patient")] == ["2026-03-14", "2026-03-15", "2026-03-16"]
    assert claire.deliveries.count() == 3


def test_higher_priority_in_another_workers_hands_goes_first() -> None:
    claire_bought()
    thanks("minor")
    thanks("major", priority=5)
    plan(MORNING)
    minor = Claimed.read(Delivery.objects.filter(campaign__slug="minor"))
    (finding,) = permit_findings(minor, MORNING).values()
    assert (finding.guard, finding.value) == ("daily_cap", "1/1d → 2026-03-15, major")
    major = Claimed.read(Delivery.objects.filter(campaign__slug="major"))
    assert permit_findings(major, MORNING) == {}


def test_rival_that_may_not_go_does_not_hold_anybody_back() -> None:
    claire_bought()
    thanks("minor")
    thanks("major", priority=5, channels=("sms",))
    plan(MORNING)
    Customer.objects.update(sms_marketing=False)
    send(MORNING)
    became = {slug: (fate.state, fate.reason) for (slug, _customer, _key), fate in fates().items()}
    assert became == {"major": ("skipped", "no_consent"), "minor": ("sent", "")}


def test_absorbed_gesture_is_skipped_where_its_absorber_goes() -> None:
    claire_bought()
    new_tier = thanks("palier", priority=9)
    thanks("merci").absorbs.add(new_tier)
    plan(MORNING)
    assert decided("merci") == ("due", "", "")
    assert decided("palier") == ("skipped", "absorbed", "")


def test_absorbed_gesture_goes_alone_where_its_absorber_does_not() -> None:
    claire_bought()
    new_tier = thanks("palier")
    thanks("merci", holdout_share="0.9").absorbs.add(new_tier)
    thanks("merci-sms", channels=("sms",), audience={}).absorbs.add(new_tier)
    Customer.objects.update(sms_marketing=False, external_id="claire-1")
    plan(MORNING)
    assert decided("merci-sms")[:2] == ("skipped", "no_consent")
    expected = "skipped" if decided("merci")[0] == "due" else "due"
    assert decided("palier")[0] == expected


def test_promised_benefit_is_never_held_out() -> None:
    for number in range(20):
        cast.order(cast.customer(f"c{number}"), f"o{number}", MORNING)
    thanks(holdout_share="0.9", promised=True)
    plan(MORNING)
    assert set(Occasion.objects.values_list("decision", flat=True)) == {"due"}
