"""A first order with another customer's code is the referrer's event; a cancelled one takes it back."""

from typing import Any

import pytest

from campaigns.ingest.batch import ingest_batch
from campaigns.models import Event, ReferralCode
from tests import cast

pytestmark = pytest.mark.django_db
NOW = cast.at("2026-03-14 12:00")


@pytest.fixture(autouse=True)
def code() -> None:
    cast.shop()
    ReferralCode.objects.create(code="claire10", customer=cast.claire())


def order(number: str, customer: str, *, placed: str = "2026-03-14 10:00", **fields: Any) -> None:
    item = {
        "type": "order",
        "id": number,
        "customer": customer,
        "placed_at": cast.at(placed).isoformat(),
        "currency": "EUR",
        "total": "20.00",
        "discount_codes": ["Claire10"],
    }
    (result,) = ingest_batch([item | fields], NOW)
    assert result["result"] in ("created", "updated"), result


def referrals() -> list[tuple[str, str]]:
    return list(
        Event.objects.filter(name="referral").order_by("pk").values_list("customer__external_id", "properties__order")
    )


def test_a_first_order_with_a_code_is_a_referral() -> None:
    order("o-1", "friend")
    assert referrals() == [("claire", "o-1")]


def test_only_the_first_order_counts_and_never_ones_own() -> None:
    order("o-0", "friend", placed="2026-01-01 10:00", discount_codes=[])
    order("o-1", "friend")
    order("o-2", "claire")
    assert referrals() == []


def test_an_order_paid_later_counts_and_a_cancelled_one_no_longer() -> None:
    order("o-1", "friend", status="pending")
    assert referrals() == []
    order("o-1", "friend", status="paid")
    assert referrals() == [("claire", "o-1")]
    order("o-1", "friend", status="cancelled")
    assert referrals() == []
