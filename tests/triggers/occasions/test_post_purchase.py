"""After a purchase: anchors, delays, and the orders that earn nothing."""

from datetime import timedelta
from typing import Any

import pytest

from tests import cast
from triggers.occasions import Window, occasions

pytestmark = pytest.mark.django_db

PLACED = cast.at("2026-05-01 10:00")
MONTH = Window(cast.at("2026-05-01 00:00"), cast.at("2026-06-01 00:00"))


def test_order_is_due_after_its_delay() -> None:
    claire = cast.claire()
    order = cast.order(claire, "A-1", PLACED)
    row = occasions(
        cast.live_campaign("post_purchase", {"anchor": "placed", "delay_days": 3, "delay_hours": 2}), MONTH
    ).get()
    assert (row.customer_id, row.order_id, row.key) == (claire.pk, order.pk, "order:A-1")
    assert (row.due_at, row.fresh_until) == (PLACED + timedelta(hours=74), PLACED + timedelta(hours=146))


def test_anchor_chooses_the_step_of_the_order() -> None:
    shipped, delivered = PLACED + timedelta(days=1), PLACED + timedelta(days=4)
    cast.order(cast.claire(), "A-1", PLACED, shipped_at=shipped, delivered_at=delivered)
    cast.order(cast.malik(), "B-1", PLACED)
    due = {
        anchor: list(
            occasions(cast.live_campaign("post_purchase", {"anchor": anchor}), MONTH)
            .order_by("key")
            .values_list("key", "due_at")
        )
        for anchor in ("placed", "shipped", "delivered")
    }
    assert due == {
        "placed": [("order:A-1", PLACED), ("order:B-1", PLACED)],
        "shipped": [("order:A-1", shipped)],
        "delivered": [("order:A-1", delivered)],
    }


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({}, 1),
        ({"status": "cancelled"}, 0),
        ({"status": "pending"}, 0),
        ({"test": True}, 0),
        ({"status": "refunded"}, 0),
        ({"refunded": 5990}, 0),
        ({"refunded": 990}, 1),
        ({"total": 0}, 1),
    ],
)
def test_cancelled_and_fully_refunded_orders_earn_nothing(fields: dict[str, Any], found: int) -> None:
    cast.order(cast.claire(), "A-1", PLACED, **fields)
    assert occasions(cast.live_campaign("post_purchase", {"anchor": "placed"}), MONTH).count() == found


def test_sentences_are_for_people() -> None:
    from campaigns.moment_kinds import moment_kind, parse_rule

    rules: list[tuple[str, dict[str, Any]]] = [
        ("birthday", {}),
        ("birthday", {"offset_days": -7, "send_hour": 18}),
        ("tier", {"tiers": ["gold", "silver"], "delay_hours": 1}),
        ("post_purchase", {"anchor": "delivered", "delay_days": 3, "delay_hours": 12}),
        ("post_purchase", {"anchor": "shipped"}),
    ]
    assert [moment_kind(kind).sentence(parse_rule(kind, rule)) for kind, rule in rules] == [
        "On the birthday, at 9:00 local time",
        "7 days before the birthday, at 18:00 local time",
        "1 hour after a customer first reaches gold or silver",
        "3 days and 12 hours after an order is delivered",
        "As soon as an order is shipped",
    ]
