"""What is refused at the door, with the path of the fault."""

from typing import Any

import pytest

from campaigns.ingest.batch import ingest_json
from campaigns.models import Customer, Event, Order
from tests.campaigns.ingest.conftest import NOW, answer, customer, event, faults, order, post


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "claire"),
        ("email", "claire@"),
        ("email", "cl\0aire@boutique.test"),
        ("phone", "0639980001"),
        ("phone", "+3363998000112345678"),
        ("phone", "+999123456789"),
        ("first_name", "Cla\0ire"),
        ("first_name", "x" * 121),
        ("first_name", 3),
        ("birth_date", "1900-01-01"),
        ("birth_date", "1970-01-01"),
        ("birth_date", "1988-02-30"),
        ("birth_date", "1988-3-14"),
        ("birth_date", "1850-03-14"),
        ("birth_date", "--02-30"),
        ("birth_date", "١٩٨٨-03-14"),
        ("language", "french"),
        ("language", "xx"),
        ("language", "fr_FR"),
        ("timezone", "Paris"),
        ("timezone", "../../etc/passwd"),
        ("country", "FRA"),
        ("country", "fr"),
        ("country", "XX"),
        ("signed_up_at", "2025-01-05T10:00:00"),
        ("signed_up_at", "2025-01-05"),
        ("signed_up_at", "1736000000"),
        ("signed_up_at", 1736000000),
        ("signed_up_at", "0001-01-01T00:00:00+14:00"),
        ("signed_up_at", "9999-12-31T23:59:59-14:00"),
        ("points", -1),
        ("points", True),
        ("points", 1.5),
        ("points", "12"),
        ("points", 10**30),
        ("tags", "newsletter"),
        ("tags", ["x"] * 101),
        ("attributes", []),
        ("attributes", {"a": "\0"}),
        ("attributes", {"\0": 1}),
        ("attributes", {"a": 10**20}),
        ("attributes", {"a": 1e300}),
        ("colour", "red"),
        ("totals", 3),
    ],
)
def test_bad_customer_field_is_refused_with_its_path(db: None, field: str, value: Any) -> None:
    found = faults(customer(**{field: value}))
    assert [path.split(".")[:3] for path in found] == [["batch", "0", field]]
    assert not Customer.objects.exists()


def test_depth_of_free_json_is_bounded(db: None) -> None:
    deep: Any = 1
    for _ in range(50):
        deep = {"a": deep}
    assert faults(customer(attributes=deep)) == ["batch.0.attributes"]


@pytest.mark.parametrize(
    "fields",
    [
        {"birth_date": "--02-29"},
        {"birth_date": "2000-02-29"},
        {"language": "zh-hant-tw"},
        {"language": "FR-ca"},
        {"phone": "+15145550102", "country": "CA"},
        {"email": "Claire.O'Brien+tea@Boutique.TEST"},
        {"email": "élodie@boutique.test"},
        {"signed_up_at": "2025-01-05T10:00:00.123456789+05:45"},
        {"attributes": {"a": [1, 2.5, None, True, {"b": "ü😀"}]}},
    ],
)
def test_good_customer_field_is_kept(db: None, fields: dict[str, Any]) -> None:
    assert post(customer(**fields)) == ["created"]
    assert post(customer(**fields)) == ["unchanged"]


def test_canonical_forms_are_stored(db: None) -> None:
    post(customer(language="FR-ca", email="Claire@Boutique.TEST"))
    row = Customer.objects.get()
    assert (row.language, row.email) == ("fr-CA", "Claire@boutique.test")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("total", "-1.00"),
        ("total", 59.9),
        ("total", "59,90"),
        ("total", "1e3"),
        ("total", "59.901"),
        ("total", "99999999999.00"),
        ("tax", "٣"),
        ("refunded", "50.01"),
        ("currency", "USD"),
        ("currency", "euro"),
        ("status", "lost"),
        ("gift", "yes"),
        ("placed_at", None),
        ("customer", ""),
        ("customer", "x" * 201),
        ("lines", [{"sku": "A", "quantity": -1}]),
        ("lines", [{"name": "no sku"}]),
        ("coupon", "X"),
    ],
)
def test_bad_order_field_is_refused_with_its_path(db: None, field: str, value: Any) -> None:
    found = faults(order(**{field: value}))
    assert [path.split(".")[:3] for path in found] == [["batch", "0", field]]
    assert not Order.objects.exists()
    assert not Customer.objects.exists()


def test_path_leads_into_lines(db: None) -> None:
    assert faults(order(lines=[{"sku": "A"}, {"sku": "B", "unit_price": "x"}])) == ["batch.0.lines.1.unit_price"]


def test_missing_fields_are_named(db: None) -> None:
    assert faults({"type": "order", "id": "o-1"}) == [
        "batch.0.customer",
        "batch.0.placed_at",
        "batch.0.currency",
        "batch.0.total",
    ]


def test_event_of_nobody_is_refused(db: None) -> None:
    assert faults(event(customer=None)) == ["batch.0"]
    assert post(event(customer=None, anonymous_id="v-1")) == ["created"]
    assert Event.objects.get().customer is None


def test_score_beyond_ten_is_refused(db: None) -> None:
    assert faults(answer(score=11), answer("a-2", score=-1)) == ["batch.0.score", "batch.1.score"]


def test_things_that_are_no_items_are_refused(db: None) -> None:
    bad: list[Any] = [None, 3, "x", [], {}, {"type": None}, {"type": "parrot"}, {"type": "customer"}]
    assert post(*bad, customer()) == ["rejected"] * len(bad) + ["created"]


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "1" * 400, "9007199254740992"])
def test_numbers_that_no_database_keeps_are_refused(db: None, number: str) -> None:
    body = f'{{"batch": [{{"type": "customer", "id": "c-1", "attributes": {{"a": {number}}}}}]}}'
    assert [told["result"] for told in ingest_json(body.encode(), NOW)] == ["rejected"]
