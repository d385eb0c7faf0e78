"""The facts of a batch: plain, localised, and absent where they are not known."""

from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from campaigns.gestures.context import MAX_LINES, contexts, example, variables
from campaigns.gestures.formats import long_date, money
from tests import cast

pytestmark = pytest.mark.django_db

SHOP = {"name": "Maison Thé", "website": "https://maison-the.test", "postal_address": "1 rue du Thé, 75011 Paris"}


def test_facts_of_a_customer_and_order_in_their_language_and_zone() -> None:
    gold = cast.tier("gold")
    priya = cast.priya(
        tier=gold, points=12, orders_count=2, total_spent=1_234_50, attributes={"size": 38, "note": None}
    )
    order = cast.order(
        priya,
        "o-1",
        cast.at("2025-02-28 20:00"),
        lines=[{"sku": "TEA-1", "name": "Tea", "category": "tea", "quantity": 2, "unit_price": "29.95"}],
    )
    (facts,) = contexts([(priya, order)], cast.shop())
    assert facts == {
        "customer": {
            "first_name": "Priya",
            "last_name": "Rao",
            "language": "en",
            "points": 12,
            "tier": "Gold",
            "orders_count": 2,
            "total_spent": "€1,234.50",
            "attributes": {"size": 38},
        },
        "order": {
            "id": "o-1",
            "total": "€59.90",
            "placed_on": "1 March 2025",
            "items_count": 2,
            "lines": [{"name": "Tea", "sku": "TEA-1", "category": "tea", "quantity": 2, "unit_price": "€29.95"}],
        },
        "shop": SHOP,
    }


def test_unknown_facts_are_absent_keys() -> None:
    bare = cast.customer("bare", language="")
    (facts,) = contexts([(bare, None)], cast.shop())
    assert facts == {
        "customer": {
            "language": "fr",
            "points": 0,
            "orders_count": 0,
            "total_spent": "0,00\N{NO-BREAK SPACE}€",
            "attributes": {},
        },
        "shop": SHOP,
    }


def test_money_and_dates_follow_the_text_where_its_language_is_given() -> None:
    shop, priya = cast.shop(), cast.priya(total_spent=990)
    (facts,) = contexts([(priya, None)], shop, languages=["fr"])
    assert facts["customer"]["total_spent"] == "9,90\N{NO-BREAK SPACE}€"
    (facts,) = contexts([(cast.customer("hans", language="de", total_spent=990), None)], shop)
    assert facts["customer"]["total_spent"] == "9,90\N{NO-BREAK SPACE}€"


def test_a_batch_costs_one_query(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    shop, gold = cast.shop(), cast.tier("gold")
    people = [cast.customer(f"c-{number}", tier=gold) for number in range(20)]
    with django_assert_num_queries(1):
        contexts([(one, None) for one in people], shop)


def test_a_wholesale_order_lists_its_first_lines_and_counts_all() -> None:
    claire = cast.claire()
    order = cast.order(claire, "o-1", cast.LONG_AGO, lines=[{"sku": "a", "name": "a", "quantity": 2}] * 1_114)
    (facts,) = contexts([(claire, order)], cast.shop())
    assert len(facts["order"]["lines"]) == MAX_LINES
    assert facts["order"]["items_count"] == 2_228


def test_every_variable_told_to_the_editor_exists() -> None:
    gold, shop = cast.tier("gold"), cast.shop()
    claire = cast.claire(tier=gold, first_order_at=cast.LONG_AGO)
    days = dict.fromkeys(("promised_at", "shipped_at", "delivered_at"), cast.LONG_AGO)
    order = cast.order(claire, "o-1", cast.LONG_AGO, lines=[{"sku": "a", "name": "a"}], **days)
    (facts,) = contexts([(claire, order)], shop)
    facts |= {"unsubscribe_url": "https://maison-the.test/u", "survey_url": "https://maison-the.test/s"}
    names = {variable["name"] for variable in variables()}
    assert _names(facts) == names
    assert _names(example("fr", "EUR")) | {"unsubscribe_url", "survey_url"} == names


def _names(facts: dict[str, Any]) -> set[str]:
    inner = {f"{root}.{name}" for root, value in facts.items() if isinstance(value, dict) for name in value}
    return inner | {root for root, value in facts.items() if not isinstance(value, dict)}


@pytest.mark.parametrize(
    ("minor", "currency", "french", "english"),
    [
        (1_234_567_89, "EUR", "1\u202f234\u202f567,89\u00a0€", "€1,234,567.89"),
        (5, "USD", "0,05\u00a0$", "$0.05"),
        (1_500, "JPY", "1\u202f500\u00a0¥", "¥1,500"),
        (1_234, "CHF", "12,34\u00a0CHF", "CHF\u00a012.34"),
        (-990, "EUR", "-9,90\u00a0€", "-€9.90"),
    ],
)
def test_money(minor: int, currency: str, french: str, english: str) -> None:
    assert money(minor, currency, "fr-CA") == french
    assert money(minor, currency, "en") == english


def test_dates() -> None:
    day = cast.at("2025-08-01 10:00").date()
    assert long_date(day, "fr") == "1er août 2025"
    assert long_date(day, "en-GB") == "1 August 2025"
