"""Tiers: the first reach, the highest of several, the delay."""

from datetime import timedelta

import pytest

from tests import cast
from triggers.occasions import Window, occasions

pytestmark = pytest.mark.django_db

REACHED = cast.at("2026-05-04 15:30")
WEEK = Window(cast.at("2026-05-01 00:00"), cast.at("2026-05-08 00:00"))


def test_reach_is_due_at_once_and_fresh_for_72_hours() -> None:
    claire, gold = cast.claire(), cast.tier("gold")
    cast.reach(claire, gold, REACHED)
    rows = occasions(cast.live_campaign("tier"), WEEK).values_list(
        "customer_id", "key", "due_at", "fresh_until", "order_id"
    )
    assert list(rows) == [(claire.pk, "tier:gold", REACHED, REACHED + timedelta(hours=72), None)]


def test_only_the_highest_of_several_counts_and_only_the_tiers_named() -> None:
    claire, silver, gold = cast.claire(), cast.tier("silver"), cast.tier("gold", rank=2)
    cast.reach(claire, silver, REACHED, highest=False)
    cast.reach(claire, gold, REACHED)
    keys = [
        list(occasions(cast.live_campaign("tier", {"tiers": tiers}), WEEK).values_list("key", flat=True))
        for tiers in ([], ["gold"], ["silver"], ["silver", "gold"], ["unheard-of"])
    ]
    assert keys == [["tier:gold"], ["tier:gold"], [], ["tier:gold"], []]


def test_delay_moves_due_and_freshness() -> None:
    cast.reach(cast.claire(), cast.tier("gold"), REACHED)
    row = occasions(cast.live_campaign("tier", {"delay_hours": 48}), WEEK).get()
    assert (row.due_at, row.fresh_until) == (REACHED + timedelta(hours=48), REACHED + timedelta(hours=120))


def test_only_what_falls_due_after_the_launch() -> None:
    cast.reach(cast.claire(), cast.tier("gold"), REACHED)
    counts = [
        occasions(cast.live_campaign("tier", {"delay_hours": 2}, launched_at=launched), WEEK).count()
        for launched in (REACHED + timedelta(hours=1), REACHED + timedelta(hours=2))
    ]
    assert counts == [1, 0]


def test_tier_of_12_months_is_reached_anew_each_year() -> None:
    claire, gold = cast.claire(), cast.tier("gold", period="year")
    cast.reach(claire, gold, REACHED, year=2026)
    cast.reach(claire, gold, REACHED - timedelta(days=2), year=2025)
    keys = occasions(cast.live_campaign("tier"), WEEK).order_by("key").values_list("key", flat=True)
    assert list(keys) == ["tier:gold:2025", "tier:gold:2026"]


def test_after_the_delivery_waits_for_the_order_that_brought_it_and_for_its_return_window() -> None:
    claire, gold = cast.claire(), cast.tier("gold")
    delivered = REACHED - timedelta(days=1)
    order = cast.order(claire, "o1", REACHED - timedelta(days=20), delivered_at=delivered)
    cast.reach(claire, gold, REACHED - timedelta(days=20), brought_by=order)
    cast.reach(cast.malik(), gold, REACHED - timedelta(days=20))
    rule = {"after": "order_delivered", "delay_days": 2}
    campaign = cast.live_campaign("tier", rule)
    due = [(row.customer_id, row.key, row.due_at) for row in occasions(campaign, WEEK)]
    assert due == [(claire.pk, "tier:gold", delivered + timedelta(days=2))]
    type(order).objects.filter(pk=order.pk).update(status="refunded")
    assert not occasions(campaign, WEEK).exists()
