"""Orders: totals and tiers move with them, in the same transaction."""

from datetime import UTC, datetime
from typing import Any

import pytest

from campaigns.models import Customer, Order, Shop, Tier, TierReach
from tests.campaigns.ingest.conftest import customer, faults, order, post

pytestmark = pytest.mark.usefixtures("rows")


def day(number: int) -> datetime:
    return datetime(2026, 2, number, 10, tzinfo=UTC)


def on(number: int, **fields: Any) -> dict[str, Any]:
    return order(f"o-{number}", placed_at=day(number).isoformat(), **fields)


def totals(external_id: str = "c-1") -> tuple[int, int, datetime | None, datetime | None]:
    row = Customer.objects.get(external_id=external_id)
    return row.orders_count, row.total_spent, row.first_order_at, row.last_order_at


def tiers() -> None:
    Tier.objects.create(slug="bronze", name="Bronze", threshold=5000, rank=1)
    Tier.objects.create(slug="silver", name="Silver", threshold=10000, rank=2)
    Tier.objects.create(slug="gold", name="Gold", threshold=20000, rank=3)


def reaches() -> list[tuple[str, datetime, bool]]:
    return list(TierReach.objects.order_by("tier__rank").values_list("tier__slug", "reached_at", "highest"))


def test_totals_count_valid_orders_alone(rows: None) -> None:
    post(
        on(3), on(1, tax="8.00", shipping="2.00"), on(5, status="cancelled"), on(6, test=True), on(7, status="pending")
    )
    assert totals() == (2, 9000, day(1), day(3))


def test_cancelled_order_leaves_the_totals(rows: None) -> None:
    post(on(1), on(2))
    assert post(on(2, status="cancelled")) == ["updated"]
    assert totals() == (1, 5000, day(1), day(1))
    post(on(1, status="cancelled"))
    assert totals() == (0, 0, None, None)


def test_order_that_moves_to_another_customer_changes_both(rows: None) -> None:
    post(on(1), on(2))
    assert post(on(2, customer="c-2")) == ["updated"]
    assert (totals("c-1")[:2], totals("c-2")[:2]) == ((1, 5000), (1, 5000))


def test_older_version_changes_nothing(rows: None) -> None:
    post(on(1, status="shipped", updated_at="2026-02-03T00:00:00Z"))
    assert post(on(1, status="paid", updated_at="2026-02-02T00:00:00Z")) == ["unchanged"]
    assert Order.objects.get().status == "shipped"


def test_version_without_updated_at_is_never_older(rows: None) -> None:
    post(on(1, updated_at="2026-02-03T00:00:00Z"))
    assert post(on(1, status="shipped")) == ["updated"]
    assert post(on(1, status="shipped")) == ["unchanged"]


def test_tier_is_reached_at_the_order_that_crosses(rows: None) -> None:
    tiers()
    post(on(1), on(2), on(3))
    assert reaches() == [("bronze", day(1), True), ("silver", day(2), True)]
    assert Customer.objects.select_related("tier").get().tier == Tier.objects.get(slug="silver")


def test_several_tiers_by_one_order_mark_the_highest(rows: None) -> None:
    tiers()
    post(on(1, total="150.00"))
    assert reaches() == [("bronze", day(1), False), ("silver", day(1), True)]


def test_several_tiers_by_two_orders_of_one_instant_mark_the_highest(rows: None) -> None:
    tiers()
    post(on(1), order("o-2", placed_at=day(1).isoformat()))
    assert reaches() == [("bronze", day(1), False), ("silver", day(1), True)]


def test_reach_never_moves(rows: None) -> None:
    tiers()
    post(on(5, total="100.00"))
    before = reaches()
    post(on(1, total="100.00", status="paid"))
    assert reaches()[:2] == before
    assert reaches()[2] == ("gold", day(5), True)
    post(on(5, total="100.00", refunded="100.00"), on(1, total="100.00", status="cancelled"))
    assert len(reaches()) == 3
    assert Customer.objects.select_related("tier").get().tier == Tier.objects.get(slug="gold")


def test_tier_by_number_of_orders_and_by_points(rows: None) -> None:
    Tier.objects.create(slug="regular", name="Regular", basis="orders", threshold=2, rank=1)
    Tier.objects.create(slug="star", name="Star", basis="points", threshold=100, rank=2)
    post(on(1), on(2), on(3))
    assert reaches() == [("regular", day(2), True)]
    post(customer(points=120, updated_at="2026-02-20T00:00:00Z"))
    assert reaches()[1] == ("star", datetime(2026, 2, 20, tzinfo=UTC), True)
    assert Customer.objects.select_related("tier").get().tier == Tier.objects.get(slug="star")


def test_money_follows_the_currency(rows: None) -> None:
    shop = Shop.get()
    shop.currency = "JPY"
    shop.save()
    assert faults(order(currency="JPY", total="50.5")) == ["batch.0.total"]
    post(order(currency="JPY", total="5000"))
    assert totals()[1] == 5000


def test_largest_amounts_do_not_overflow(rows: None) -> None:
    assert post(*(on(n, total="9999999999.99") for n in range(1, 20))) == ["created"] * 19
    assert totals()[1] == 19 * 999999999999
