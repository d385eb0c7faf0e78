"""People who differ in everything that an audience can ask."""

from datetime import UTC, datetime, timedelta

import pytest

from campaigns.models import Answer, Customer, Event
from tests import cast

NOW = datetime(2026, 3, 1, 22, 59, 59, tzinfo=UTC)


def _event(who: Customer, name: str, at: datetime, properties: dict[str, object]) -> None:
    external_id = f"e-{Event.objects.count()}"
    Event.objects.create(
        external_id=external_id, customer=who, name=name, occurred_at=at, properties=properties, recorded_at=at
    )


def _answer(who: Customer, survey: str, at: datetime, score: int) -> None:
    external_id = f"a-{Answer.objects.count()}"
    Answer.objects.create(
        external_id=external_id, customer=who, survey=survey, answered_at=at, score=score, recorded_at=at
    )


@pytest.fixture
def crowd(db: None) -> list[Customer]:
    """Six customers with orders, events and answers on the edges of what is asked."""
    cast.shop()
    gold = cast.tier("gold")

    def ago(days: float) -> datetime:
        return NOW - timedelta(days=days)

    claire = cast.claire(
        tags=["vip", "tea"], points=3, tier=gold, total_spent=5990, orders_count=2, last_order_at=ago(1)
    )
    malik = cast.malik(language="fr-CA", points=1, attributes={"size": 38, "club": True}, sms_marketing=False)
    priya = cast.priya(attributes={"size": "38", "club": "true", "city": None, "a.b": "vip"}, tags=["é ‘quoted’"])
    lowri = cast.lowri(attributes={"size": 37.5, "club": 1, "a.b": 2}, signed_up_at=ago(30), points=2)
    cast.sina(signed_up_at=None, email_marketing=False, orders_count=1, total_spent=1999, last_order_at=ago(31))
    tea = {"sku": "TEA-1", "name": "Thé", "category": "tea", "quantity": 1, "unit_price": "10.00"}
    pot = {"sku": "POT-1", "name": "Théière", "category": "pots", "quantity": 1, "unit_price": "49.90"}
    cast.order(claire, "o-1", ago(1), lines=[tea, pot], channel="web", discount_codes=["MERCI5"], gift=True)
    cast.order(claire, "o-2", ago(30), total=2000, tax=1, lines=[tea], channel="shop", status="delivered")
    cast.order(claire, "o-3", ago(2), total=9999, status="cancelled", lines=[pot])
    cast.order(malik, "o-4", ago(5), total=1000, refunded=1000, lines=[pot], discount_codes=["vip"])
    cast.order(malik, "o-5", ago(2), total=999)
    cast.order(lowri, "o-6", ago(-1))
    for who, days, name, properties in (
        (claire, 0, "add_to_cart", {"size": 38, "city": "tea"}),
        (claire, 0.5, "add_to_cart", {"size": "38"}),
        (claire, 29, "page_view", {}),
        (malik, 1, "add_to_cart", {"club": True, "a.b": 0.5}),
        (malik, 2, "page_view", {"club": "true"}),
        (priya, -0.1, "page_view", {}),
        (priya, 400, "page_view", {"size": 2}),
    ):
        _event(who, name, ago(days), dict(properties))
    for who, days, survey, score in ((claire, 1, "nps", 9), (malik, 1, "nps", 6), (malik, 31, "ces", 2)):
        _answer(who, survey, ago(days), score)
    return list(Customer.objects.select_related("tier").prefetch_related("orders", "events", "answers"))
