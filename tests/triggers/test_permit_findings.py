"""The guards asked again just before sending."""

from collections.abc import Callable
from datetime import datetime, time, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from campaigns.models import Campaign, Customer, PermittedHours, Shop, Suppression
from tests import cast
from tests.triggers.world import spoken
from triggers.claimed import Claimed
from triggers.guards import Finding, permit_findings
from triggers.models import Delivery, State
from triggers.planner import plan

pytestmark = pytest.mark.django_db

MORNING = cast.at("2026-03-14 09:00", "Europe/Paris")
TOMORROW = cast.at("2026-03-15 00:00", "Europe/Paris")


def findings(now: datetime = MORNING) -> dict[str, Finding]:
    """What speaks against the planned deliveries, by campaign and customer."""
    waiting = Delivery.objects.filter(state=State.PLANNED).select_related("customer", "campaign")
    found = permit_findings(Claimed.read(waiting), now)
    return {f"{row.campaign.slug}/{row.customer.external_id}": found[row.pk] for row in waiting if row.pk in found}


def test_nothing_speaks_against_what_was_just_planned() -> None:
    cast.claire()
    cast.live_campaign()
    plan(MORNING)
    assert findings() == {}


def _withdraw() -> None:
    Customer.objects.update(email_marketing=False)


def _suppress() -> None:
    key = Customer.objects.get().email_key
    Suppression.objects.create(channel="email", address_key=key, reason="bounced", created_at=MORNING)


def _correct_birth_date() -> None:
    Customer.objects.update(birth_day=901)


def _erase_address() -> None:
    Customer.objects.update(email="", email_key="")


def _end() -> None:
    Campaign.objects.update(status=Campaign.Status.ENDED)


@pytest.mark.parametrize(
    ("change", "finding"),
    [
        (_withdraw, Finding("no_consent")),
        (_suppress, Finding("suppressed")),
        (_erase_address, Finding("no_address")),
        (_correct_birth_date, Finding("condition_gone", "birthday:2026")),
        (_end, Finding("campaign_ended")),
    ],
)
def test_what_changed_for_good_skips(change: Callable[[], None], finding: Finding) -> None:
    cast.claire()
    cast.live_campaign(slug="fete")
    plan(MORNING)
    change()
    assert findings() == {"fete/claire": finding}


def test_stale_is_found_first() -> None:
    cast.claire()
    cast.live_campaign(slug="fete")
    plan(MORNING)
    assert findings(cast.at("2026-03-16 00:00", "Europe/Paris"))["fete/claire"].guard == "stale"


def test_stop_buttons_hold_for_a_minute() -> None:
    cast.claire()
    campaign = cast.live_campaign(slug="fete")
    plan(MORNING)
    soon = MORNING + timedelta(minutes=1)
    Campaign.objects.filter(pk=campaign.pk).update(status=Campaign.Status.PAUSED)
    assert findings() == {"fete/claire": Finding("campaign_paused", "", soon)}
    cast.shop(sending_stopped=True)
    assert findings() == {"fete/claire": Finding("all_stop", "", soon)}


def test_cancelled_order_is_no_longer_spoken_of() -> None:
    order = cast.order(cast.claire(), "A-1", MORNING)
    cast.live_campaign("post_purchase", {"anchor": "placed"}, slug="merci")
    plan(MORNING)
    order.status = "cancelled"
    order.save()
    assert findings() == {"merci/claire": Finding("condition_gone", "order:A-1")}


def test_customer_who_moved_zones_is_still_greeted() -> None:
    claire = cast.claire()
    cast.live_campaign(slug="fete")
    plan(MORNING)
    claire.timezone = "America/Toronto"
    claire.save()
    assert findings() == {}


def test_quiet_hours_wait_for_the_opening_or_skip() -> None:
    cast.claire()
    cast.live_campaign(slug="fete", channels=("sms",))
    plan(MORNING)
    hours = PermittedHours.objects.create(shop=Shop.get(), channel="sms", opens=time(8), closes=time(20))
    night = cast.at("2026-03-14 22:10", "Europe/Paris")
    opening = cast.at("2026-03-15 08:00", "Europe/Paris")
    assert findings(night) == {"fete/claire": Finding("quiet_hours", "2026-03-14 22:10", opening)}
    hours.weekdays = "12345"
    hours.save()
    assert findings(night) == {"fete/claire": Finding("quiet_hours", "2026-03-14 22:10", None)}


def test_daily_cap_waits_for_tomorrow() -> None:
    claire = cast.claire()
    cast.live_campaign(slug="fete")
    plan(MORNING)
    spoken(claire, MORNING.date())
    assert findings() == {"fete/claire": Finding("daily_cap", "1/1d → 2026-03-15", TOMORROW)}


def test_two_messages_of_one_customer_in_one_batch_keep_the_cap() -> None:
    cast.claire()
    cast.live_campaign(slug="minor")
    cast.live_campaign(slug="major", priority=5)
    plan(MORNING)
    assert findings() == {"minor/claire": Finding("daily_cap", "1/1d → 2026-03-15, major", TOMORROW)}
    cast.shop(daily_cap=2)
    assert findings() == {}


def _permit(delivery: Delivery) -> None:
    delivery.state, delivery.spoken_on, delivery.address_key = (
        State.ACCEPTED,
        MORNING.date(),
        delivery.customer.email_key,
    )
    delivery.save()


@pytest.mark.parametrize("same_batch", [True, False])
def test_one_mailbox_on_two_profiles_is_written_to_once(same_batch: bool) -> None:
    cast.claire()
    cast.claire(external_id="claire-again", email="Claire@maison-the.test ")
    cast.live_campaign(slug="fete")
    plan(MORNING)
    if not same_batch:
        _permit(Delivery.objects.select_related("customer").get(customer__external_id="claire"))
    assert findings() == {"fete/claire-again": Finding("duplicate_address", "birthday:2026")}


def test_one_mailbox_may_hear_of_two_orders_on_two_days() -> None:
    claire, again = cast.claire(), cast.claire(external_id="claire-again", email="claire@maison-the.test")
    cast.live_campaign("post_purchase", {"anchor": "placed"}, slug="merci")
    cast.order(claire, "A-1", MORNING - timedelta(days=1))
    cast.order(again, "A-2", MORNING)
    plan(MORNING)
    assert findings() == {}
    cast.order(again, "A-3", MORNING - timedelta(days=1))
    plan(MORNING, [again.pk])
    assert findings() == {"merci/claire-again": Finding("duplicate_address", "2026-03-13")}


def test_batch_costs_few_queries() -> None:
    def queries(size: int, prefix: str) -> int:
        for number in range(size):
            cast.customer(f"{prefix}{number}", birth_day=314, timezone="Europe/Paris")
        plan(MORNING)
        batch = Claimed.read(Delivery.objects.filter(customer__external_id__startswith=prefix))
        with CaptureQueriesContext(connection) as captured:
            assert permit_findings(batch, MORNING) == {}
        return len(captured)

    cast.live_campaign()
    assert queries(2, "few") == queries(50, "many") <= 16
