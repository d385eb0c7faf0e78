"""The quick reader of orders agrees with pydantic, or gives up."""

import json
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from campaigns.ingest.batch import Batch
from campaigns.ingest.items import OrderItem, OrderLine
from campaigns.ingest.quick_orders import QuickLine, QuickOrder, read_orders
from campaigns.models import Customer, Order
from campaigns.models.fields import minor_units, minor_units_of
from tests.campaigns.ingest.conftest import customer, order, post, told_of
from tests.campaigns.ingest.test_quick_events import moments

texts = st.text(max_size=3) | st.sampled_from(["o-1", "x" * 200, "x" * 201, "a\0b", "é\n"])
odd = st.none() | st.booleans() | st.integers(-1, 2**40) | st.floats(allow_nan=False, allow_infinity=False)
money = st.sampled_from(
    ["0", "59.90", "1.234", "1.2345", "-1", "1.", ".5", "1e3", "12345678901", "٣", "1\n", "", "+1", " 1", "1_0", "0.00"]
)
amounts = money | money | odd
flags = st.booleans() | odd
lines = st.fixed_dictionaries(
    {"sku": texts},
    optional={"name": texts, "category": texts, "quantity": odd | st.sampled_from([2, 2.0]), "unit_price": amounts},
)
orders = st.fixed_dictionaries(
    {
        "type": st.just("order"),
        "id": texts,
        "customer": texts,
        "placed_at": moments,
        "currency": st.sampled_from(["EUR", "EUR\n", "eur", "ÉUR", "EU", ""]) | st.just("EUR"),
        "total": amounts,
    },
    optional={
        **dict.fromkeys(("tax", "shipping", "discount", "refunded"), amounts),
        **dict.fromkeys(("promised_at", "shipped_at", "delivered_at", "updated_at"), moments | odd),
        **dict.fromkeys(("gift", "test"), flags),
        "discount_codes": st.lists(texts, max_size=2) | odd,
        "status": st.sampled_from(["paid", "shipped", "lost", "PAID"]) | odd,
        "channel": texts | odd,
        "lines": st.lists(lines, max_size=2) | odd,
        "colour": odd,
    },
)
good_lines = st.fixed_dictionaries(
    {"sku": st.just("TEA-1")}, optional={"quantity": st.integers(0, 9), "unit_price": st.just("2.50")}
)
likely = st.fixed_dictionaries(
    {
        "type": st.just("order"),
        "id": st.just("o"),
        "customer": st.just("c"),
        "placed_at": moments,
        "currency": st.just("EUR"),
        "total": st.just("9.90"),
    },
    optional={"updated_at": moments | st.none(), "lines": st.lists(good_lines, max_size=2), "gift": st.booleans()},
)


@given(st.lists(orders | likely | likely, min_size=1, max_size=3))
def test_quick_reader_accepts_what_pydantic_does_and_reads_the_same(items: list[Any]) -> None:
    body = json.dumps({"batch": items}).encode()
    quick = read_orders(body)
    try:
        slow = Batch.model_validate_json(body).batch
    except ValidationError:
        assert quick is None
        return
    if quick is not None:
        assert [msgspec.to_builtins(i, builtin_types=(type(i.placed_at),)) for i in quick] == [
            i.model_dump() for i in slow
        ]


def test_quick_form_has_the_fields_of_the_whole_one() -> None:
    assert set(QuickOrder.__struct_fields__) == set(OrderItem.model_fields)
    assert set(QuickLine.__struct_fields__) == set(OrderLine.model_fields)


def test_orders_alone_are_stored_like_orders_among_others(rows: None) -> None:
    alone = [order("o-1", lines=[{"sku": "TEA-1"}]), order("o-2", customer="c-2"), order("o-1", total="60.00")]
    assert post(*alone) == ["created", "created", "updated"]
    stored = list(Order.objects.order_by("external_id").values())
    Order.objects.all().delete()
    assert post(*alone, customer("c-9")) == ["created", "created", "updated", "created"]
    again = list(Order.objects.order_by("external_id").values())
    assert [row | {"id": None} for row in again] == [row | {"id": None} for row in stored]
    assert Customer.objects.get(external_id="c-1").total_spent == 6000


def test_fault_of_money_keeps_the_other_orders(rows: None) -> None:
    good, bad = told_of(order("o-1"), order("o-2", refunded="60.00"))
    assert (good["result"], bad["errors"][0]["path"]) == ("created", "batch.1.refunded")


@given(
    st.from_regex(r"[0-9]{1,10}(\.[0-9]{1,3})?", fullmatch=True, alphabet=st.sampled_from("0123456789.")),
    st.sampled_from(["EUR", "JPY", "KWD"]),
)
def test_minor_units_of_text_are_those_of_the_decimal(text: str, currency: str) -> None:
    try:
        expected = minor_units(Decimal(text), currency)
    except ValueError:
        with pytest.raises(ValueError, match="decimals"):
            minor_units_of(text, currency)
        return
    assert minor_units_of(text, currency) == expected
