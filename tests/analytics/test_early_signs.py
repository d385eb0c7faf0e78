"""Early signs: what a gesture moved before purchases tell, beside the control group, and not more than that."""

from datetime import timedelta

import pytest
from django.test import Client

from analytics.early_signs import add_speed, early_signs
from campaigns.models import Customer, Event, KeyEvent
from tests.analytics.arms import LATER, arms, campaign, fill
from triggers.models import Decision, Occasion

pytestmark = pytest.mark.django_db


@pytest.fixture
def moved() -> None:
    """Of 1,000 contacts an arm, 300 treated and 200 held out put something into the cart; as many read the guide."""
    row = campaign()
    fill(row, arms(treated=1000, buyers_t=120, control=1000, buyers_c=100))
    KeyEvent.objects.create(name="add_to_cart", label="Added to the cart")
    KeyEvent.objects.create(name="guide_read", kind="secondary")
    KeyEvent.objects.create(name="video", kind="secondary")
    events: list[Event] = []
    for decision, carts in ((Decision.DUE, 300), (Decision.HELD_OUT, 200)):
        contacts = Occasion.objects.filter(campaign=row, decision=decision).order_by("pk")
        for place, contact in enumerate(contacts):
            names = [name for name, count in (("add_to_cart", carts), ("guide_read", 150)) if place < count]
            for name in names:
                for twice in range(2):
                    at = contact.slot_at + timedelta(days=1 + twice)
                    number = f"{contact.pk}-{name}-{twice}"
                    events.append(
                        Event(
                            external_id=number,
                            customer_id=contact.customer_id,
                            name=name,
                            occurred_at=at,
                            recorded_at=at,
                        )
                    )
            # Before the gesture: no sign of it.
            at = contact.slot_at - timedelta(hours=1)
            events.append(
                Event(
                    external_id=f"{contact.pk}-early",
                    customer_id=contact.customer_id,
                    name="video",
                    occurred_at=at,
                    recorded_at=at,
                )
            )
    Event.objects.bulk_create(events)


@pytest.mark.usefixtures("moved")
def test_only_what_moved_is_an_early_sign() -> None:
    from campaigns.models import Campaign

    told = add_speed(early_signs(Campaign.objects.get(), LATER), 0.1)
    rows = {row["name"]: row for row in told["signs"]}
    assert {name: row["moved"] for name, row in rows.items()} == {
        "add_to_cart": True,
        "guide_read": False,
        "video": False,
    }
    assert (rows["add_to_cart"]["treated"], rows["add_to_cart"]["control"]) == (0.3, 0.2)
    assert rows["add_to_cart"]["diff_ci"][0] > 0
    assert rows["add_to_cart"]["faster"] == pytest.approx((0.9 / 0.1) / (0.8 / 0.2))
    assert "early sign, not a purchase" in told["sentence"]


def test_without_a_control_group_nothing_is_compared() -> None:
    row = campaign(holdout_share="0")
    KeyEvent.objects.create(name="add_to_cart")
    assert early_signs(row, LATER)["refused"] == "no_draw"
    KeyEvent.objects.all().delete()
    assert early_signs(row, LATER)["refused"] == "no_key_events"


@pytest.mark.usefixtures("moved")
def test_page_and_json(marie: Client) -> None:
    page = marie.get("/studio/reports/birthday/signs").content.decode()
    assert "Added to the cart" in page
    assert "style=" not in page
    assert len(marie.get("/studio/reports/birthday/signs.json").json()["signs"]) == 3
    assert Customer.objects.count() == 2000
