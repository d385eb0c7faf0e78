"""The planner: each decision, once."""

import pytest

from tests import cast
from triggers.models import Delivery, Occasion
from triggers.planner import plan

pytestmark = pytest.mark.django_db


def test_birthday_due_this_morning_gets_one_delivery() -> None:
    claire = cast.claire()
    campaign = cast.live_campaign("birthday", {"send_hour": 9}, slug="fete")
    now = cast.at("2026-03-14 09:00", "Europe/Paris")
    assert dict(plan(now).counts) == {("fete", "due", ""): 1}
    occasion = Occasion.objects.get()
    assert (occasion.campaign, occasion.customer, occasion.key) == (campaign, claire, "birthday:2026")
    assert (occasion.due_at, occasion.slot_at) == (now, now)
    assert occasion.fresh_until == cast.at("2026-03-16 00:00", "Europe/Paris")
    delivery = Delivery.objects.get()
    assert (delivery.occasion, delivery.channel, delivery.state, delivery.not_before) == (
        occasion,
        "email",
        "planned",
        now,
    )
    assert dict(plan(now).counts) == {}
