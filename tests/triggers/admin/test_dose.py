"""The dose in the studio: a customer's twelve months, and who else speaks to a campaign's customers."""

from datetime import date, timedelta

from django.test import Client

from campaigns import clock
from campaigns.models import Campaign, Customer, Event, Shop
from tests import cast
from tests.triggers.world import spoken
from triggers.models import Occasion
from triggers.overlap import overlaps
from triggers.pressure import pressure

NOW = cast.at("2026-11-21 12:00", "Europe/Paris")


def test_pressure_counts_thirty_days_behind_each_day(db: None) -> None:
    shop, claire = cast.shop(), cast.claire()
    for day in (date(2026, 11, 1), date(2026, 10, 25), date(2025, 11, 23), date(2024, 1, 1)):
        spoken(claire, day)
    at = NOW - timedelta(days=2)
    for number, purpose in enumerate(("commercial", "service")):
        Event.objects.create(
            external_id=f"x{number}",
            customer=claire,
            name="external_message",
            occurred_at=at,
            properties={"channel": "sms", "purpose": purpose},
            recorded_at=at,
        )
    told = pressure(claire, shop, NOW)
    rolling = dict(told.rolling())
    assert (told.today, len(rolling), len(told.heard)) == (date(2026, 11, 21), 365, 5)
    # The service message is shown and not counted.
    assert [rolling[date(2026, 11, day)] for day in (18, 19, 21)] == [2, 3, 3]
    assert rolling[date(2025, 12, 22)] == 1
    assert rolling[date(2025, 12, 23)] == 0


def test_customers_page_draws_the_pressure_and_teaches_where_there_is_none(marie: Client) -> None:
    cast.shop()
    claire, malik = cast.claire(), cast.malik()
    spoken(claire, clock.now().date())
    page = marie.get(f"/studio/campaigns/customer/{claire.pk}/change/").content.decode()
    assert "1 message in twelve months" in page
    assert '<svg class="pressure"' in page
    assert (
        "Each message will be a dot here"
        in marie.get(f"/studio/campaigns/customer/{malik.pk}/change/").content.decode()
    )


def _due(campaign: Campaign, name: str, days_ago: float) -> None:
    at = clock.now() - timedelta(days=days_ago)
    who = Customer.objects.get(external_id=name)
    Occasion.objects.create(
        campaign=campaign,
        customer=who,
        key=f"{days_ago}",
        due_at=at,
        fresh_until=at,
        slot_at=at,
        channel="email",
        decision="due",
        decided_at=at,
    )


def test_overlap_counts_customers_and_those_within_a_day(marie: Client) -> None:
    for who in (cast.claire, cast.malik, cast.priya):
        who()
    ours, often, once, never = (cast.live_campaign(slug=slug) for slug in ("ours", "often", "once", "never"))
    for name in ("claire", "malik", "priya"):
        _due(ours, name, 10)
    for name, ago in (("claire", 10.5), ("claire", 30), ("malik", 12), ("priya", 100)):
        _due(often, name, ago)
    _due(once, "priya", 9.5)
    _due(never, "claire", 91)
    found = overlaps(ours, clock.now())
    assert found.customers == 3
    assert [(row.campaign.slug, row.customers, row.close) for row in found.rows] == [("often", 2, 1), ("once", 1, 1)]
    page = marie.get(f"/studio/campaigns/campaign/{ours.pk}/").content.decode()
    assert "Of its 3 customers of the last 90 days:" in page


def test_shop_form_keeps_caps_and_blackout_days(marie: Client) -> None:
    cast.shop()
    page = marie.get("/studio/campaigns/shop/1/change/").content.decode()
    for name in ("weekly_cap", "monthly_cap", "commercial_cap", "survey_rest_days"):
        assert f'name="{name}"' in page
    assert "blackout_days-TOTAL_FORMS" in page
    assert (Shop.get().weekly_cap, Shop.get().monthly_cap, Shop.get().commercial_cap) == (3, 6, 2)
