"""What SMS may cost in a day of the shop: the rest waits for the next one, or is skipped where that is too late."""

from datetime import date, datetime
from typing import Any

import pytest

from campaigns.models import Shop, Variant
from tests import cast
from tests.triggers.dispatch.scene import NOON, due, states
from triggers.dispatch import dispatch
from triggers.dispatch.sms_budget import used_up
from triggers.models import Delivery, SmsDay

pytestmark = pytest.mark.django_db
TODAY = date(2026, 3, 10)
MIDNIGHT: datetime = cast.at("2026-03-11 00:00", "Europe/Paris")


def five_sms(price: int, budget: int) -> None:
    """Five SMS of one segment each are due at a price and a budget."""
    due(5, channels=("sms",))
    Shop.objects.update(sms_price=price, sms_daily_budget=budget)


def test_what_the_budget_does_not_cover_waits_for_tomorrow() -> None:
    five_sms(price=8, budget=25)
    assert dispatch(NOON) == 3
    waiting = Delivery.objects.filter(state="planned").values_list("reason", "not_before")
    assert list(waiting) == [("sms_budget", MIDNIGHT)] * 2
    assert SmsDay.objects.get().segments == 3
    assert used_up(Shop.get(), NOON)
    assert dispatch(MIDNIGHT) == 2
    assert states() == {"accepted": 5}


def test_no_budget_sets_no_limit() -> None:
    five_sms(price=8, budget=0)
    assert dispatch(NOON) == 5
    assert SmsDay.objects.get(day=TODAY).segments == 5
    assert not used_up(Shop.get(), NOON)


def test_long_texts_count_all_their_segments() -> None:
    five_sms(price=1, budget=5)
    Variant.objects.filter(channel="sms").update(body="é" * 320 + " STOP au 36111")
    assert dispatch(NOON) == 1
    assert SmsDay.objects.get().segments == 3


def test_emails_cost_nothing_here() -> None:
    due(2)
    Shop.objects.update(sms_price=8, sms_daily_budget=1)
    assert dispatch(NOON) == 2
    assert not SmsDay.objects.exists()


def test_what_was_provably_not_sent_is_taken_off_again(settings: Any) -> None:
    settings.SMS_PROVIDER = "twilio"
    settings.TWILIO_HOST = "http://127.0.0.1:1"
    settings.RECIPIENT_ALLOW_LIST = ["+"]
    five_sms(price=8, budget=100)
    dispatch(NOON)
    assert states() == {"planned": 5}
    assert SmsDay.objects.get().segments == 0
