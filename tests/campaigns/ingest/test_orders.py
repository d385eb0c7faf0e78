"""Orders: totals and tiers move with them, in the same transaction."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from campaigns.ingest.tiers import YEAR, end_lapsed_tiers
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


def yearly(**fields: Any) -> None:
    Tier.objects.create(slug="gold", name="Gold", period="year", rank=1, **{"threshold": 10_000} | fields)


def reached_when() -> list[tuple[int, datetime, str]]:
    rows = TierReach.objects.order_by("reached_at").values_list("year", "reached_at", "brought_by__external_id")
    return list(rows)


def holds(external_id: str = "c-1") -> str | None:
    return Customer.objects.values_list("tier__slug", flat=True).get(external_id=external_id)


def test_tier_of_12_months_forgets_what_was_bought_before(rows: None) -> None:
    yearly()
    post(order("o-1", placed_at="2024-12-01T10:00:00Z", total="99.99"), on(1), on(2, total="49.99"))
    assert (reached_when(), holds()) == ([], None)
    post(on(3, total="0.01"))
    assert (reached_when(), holds()) == ([(2026, day(3), "o-3")], "gold")


def test_tier_of_12_months_counts_the_whole_year_to_the_second(rows: None) -> None:
    yearly()
    post(order("o-1", placed_at="2025-02-03T10:00:00Z"), on(3), customer("c-2"))
    assert reached_when() == []
    post(order("o-2", placed_at="2025-02-03T10:00:01Z"))
    assert reached_when() == [(2025, datetime(2025, 2, 3, 10, 0, 1, tzinfo=UTC), "o-2"), (2026, day(3), "o-3")]


def test_tier_of_12_months_is_reached_once_a_year_and_only_from_below(rows: None) -> None:
    yearly()
    january, june = "2025-01-10T10:00:00Z", "2025-06-10T10:00:00Z"
    post(order("o-1", placed_at=january, total="150.00"), order("o-2", placed_at=june, total="150.00"))
    # Still above at the first order of the new year, then below, then above again, twice.
    post(order("o-3", placed_at="2026-01-05T10:00:00Z", total="10.00"))
    assert [year for year, _at, _order in reached_when()] == [2025]
    post(order("o-4", placed_at="2026-07-01T10:00:00Z", total="95.00"))
    post(order("o-5", placed_at="2026-08-01T10:00:00Z", total="95.00", refunded="0.00"))
    assert [(year, order) for year, _at, order in reached_when()] == [(2025, "o-1"), (2026, "o-4")]


def test_two_orders_of_one_instant_reach_a_tier_of_12_months_together(rows: None) -> None:
    yearly()
    post(on(1, total="60.00"), order("o-2", placed_at=day(1).isoformat(), total="60.00"))
    assert reached_when() == [(2026, day(1), "o-1")]


def test_tier_of_12_months_by_number_of_orders(rows: None) -> None:
    yearly(basis="orders", threshold=2)
    post(order("o-9", placed_at="2024-02-01T10:00:00Z"), on(1))
    assert (reached_when(), holds()) == ([], None)
    post(on(2))
    assert (reached_when(), holds()) == ([(2026, day(2), "o-2")], "gold")


def test_tier_of_12_months_ends_with_its_year_and_with_a_refund(rows: None) -> None:
    yearly()
    Tier.objects.create(slug="known", name="Known", threshold=1, rank=0)
    post(on(1, total="100.00"), order("o-2", customer="c-2", placed_at=day(9).isoformat(), total="100.00"))
    post(order("o-3", customer="c-3", placed_at=day(1).isoformat(), total="100.00"))
    post(order("o-3", customer="c-3", placed_at=day(1).isoformat(), total="100.00", refunded="1.00"))
    assert [holds("c-1"), holds("c-2"), holds("c-3")] == ["gold", "gold", "known"]
    assert end_lapsed_tiers(day(1) + YEAR - timedelta(seconds=1)) == 0
    assert end_lapsed_tiers(day(1) + YEAR) == 1
    assert [holds("c-1"), holds("c-2")] == ["known", "gold"]


def test_points_are_not_counted_over_12_months(rows: None) -> None:
    with pytest.raises(ValidationError) as refused:
        Tier(slug="star", name="Star", basis="points", period="year", threshold=1).full_clean()
    assert "period" in refused.value.message_dict


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
