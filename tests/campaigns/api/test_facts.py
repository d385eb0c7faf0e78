"""Facts over HTTP: one by one and in batches."""

import gzip
import json

from campaigns.models import Customer, Event, Order
from tests.campaigns.api.conftest import Api, problem

CLAIRE = {
    "email": "claire@boutique.test",
    "phone": "+33639980001",
    "first_name": "Claire",
    "birth_date": "1988-03-14",
    "language": "fr",
    "timezone": "Europe/Paris",
    "country": "FR",
    "tags": ["newsletter"],
    "points": 120,
    "attributes": {"shoe_size": 38},
}
ORDER = {
    "customer": "c-1",
    "placed_at": "2025-02-01T09:30:00+01:00",
    "currency": "EUR",
    "total": "59.90",
    "tax": "9.98",
    "lines": [{"sku": "TEA-1", "name": "Thé", "category": "tea", "quantity": 2, "unit_price": "29.95"}],
}
EVENT = {"id": "e-1", "customer": "c-1", "name": "add_to_cart", "occurred_at": "2025-02-01T09:20:00+01:00"}


def test_put_customer_new_then_same_then_changed(api: Api) -> None:
    first = api.put("customers/c-1", CLAIRE)
    assert (first.status_code, first.json()) == (201, {"type": "customer", "id": "c-1", "result": "created"})
    again = api.put("customers/c-1", CLAIRE)
    assert (again.status_code, again.json()["result"]) == (200, "unchanged")
    assert api.put("customers/c-1", CLAIRE | {"points": 130}).json()["result"] == "updated"


def test_get_customer_reads_what_was_put(api: Api) -> None:
    api.put("customers/c-1", CLAIRE)
    api.put("orders/o-1", ORDER)
    read = api.get("customers/c-1").json()
    assert {name: read[name] for name in CLAIRE} == CLAIRE
    assert (read["orders_count"], read["total_spent"], read["currency"]) == (1, "49.92", "EUR")


def test_patch_customer_keeps_what_is_left_out(api: Api) -> None:
    api.put("customers/c-1", CLAIRE)
    assert api.patch("customers/c-1", {"points": 5, "birth_date": None}).json()["result"] == "updated"
    read = api.get("customers/c-1").json()
    assert {name: read[name] for name in CLAIRE} == CLAIRE | {"points": 5, "birth_date": None}


def test_patch_unknown_customer_is_404(api: Api) -> None:
    assert problem(api.patch("customers/nobody", {"points": 5})) == (404, [])
    assert not Customer.objects.exists()


def test_put_with_another_id_in_the_body_is_a_fault(api: Api) -> None:
    assert problem(api.put("customers/c-1", CLAIRE | {"id": "c-2"})) == (400, ["id"])


def test_order_round_trip(api: Api) -> None:
    assert api.put("orders/o-1", ORDER).status_code == 201
    read = api.get("orders/o-1").json()
    assert {name: read[name] for name in ORDER} == ORDER | {"placed_at": "2025-02-01T08:30:00Z"}
    assert (read["revenue"], read["valid"], read["status"]) == ("49.92", True, "paid")
    assert Customer.objects.get().signed_up_at is None


def test_order_in_another_currency_says_what_to_do(api: Api) -> None:
    response = api.put("orders/o-1", ORDER | {"currency": "USD"})
    assert problem(response) == (400, ["currency"])
    assert "EUR" in response.json()["errors"][0]["message"]


def test_product_round_trip(api: Api) -> None:
    tea = {"names": {"fr": "Thé", "en": "Tea"}, "url": "https://boutique.test/tea", "stock": 3}
    assert api.put("products/TEA-1", tea).status_code == 201
    assert api.get("products/TEA-1").json() == tea | {"id": "TEA-1", "image_url": "", "category": ""}
    assert problem(api.put("products/TEA-1", {"url": "javascript:alert(1)"})) == (400, ["url"])


def test_event_posted_twice_then_with_other_facts(api: Api) -> None:
    assert api.post("events", EVENT).status_code == 201
    assert api.post("events", EVENT).json()["result"] == "unchanged"
    assert problem(api.post("events", EVENT | {"name": "view_item"})) == (409, ["id"])
    assert Event.objects.get().name == "add_to_cart"


def test_answer_and_consent_one_by_one(api: Api) -> None:
    answer = {"id": "a-1", "customer": "c-1", "score": 9, "answered_at": "2025-02-10T08:00:00Z"}
    assert api.post("answers", answer).status_code == 201
    assert problem(api.post("answers", answer | {"id": "a-2", "score": 11})) == (400, ["score"])
    consent = {"customer": "c-1", "channel": "sms", "granted": True, "given_at": "2025-02-01T09:29:00Z"}
    assert api.post("consents", consent).json() == {"type": "consent", "id": "c-1", "result": "created"}
    assert api.get("customers/c-1").json()["sms_marketing"] is True


def test_batch_answers_item_by_item(api: Api) -> None:
    items = [
        {"type": "order", "id": "o-1"} | ORDER,
        {"type": "event"} | EVENT,
        {"type": "order", "id": "o-2"} | ORDER | {"total": "-1.00", "coupon": "X"},
        {"type": "parrot", "id": "p"},
    ]
    response = api.post("batch", {"batch": items})
    assert response.status_code == 200
    results = response.json()["results"]
    assert [(r["index"], r["type"], r["id"], r["result"]) for r in results] == [
        (0, "order", "o-1", "created"),
        (1, "event", "e-1", "created"),
        (2, "order", "o-2", "rejected"),
        (3, "parrot", "p", "rejected"),
    ]
    assert [error["path"] for error in results[2]["errors"]] == ["batch.2.total", "batch.2.coupon"]
    assert [error["path"] for error in results[3]["errors"]] == ["batch.3"]
    assert Order.objects.count() == 1


def test_batch_of_more_than_a_thousand_is_a_fault(api: Api) -> None:
    assert problem(api.post("batch", {"batch": [EVENT | {"type": "event"}] * 1001})) == (400, ["batch"])


def test_batch_that_is_no_batch_is_a_fault(api: Api) -> None:
    for body in (b"", b"{", b"[]", b"null", b'{"batch": 3}', b"\xff", b'{"batch": [], "more": 1}', b"[" * 100_000):
        assert problem(api.post("batch", body))[0] == 400, body


def test_gzip_body_is_unpacked(api: Api) -> None:
    body = gzip.compress(json.dumps({"batch": [EVENT | {"type": "event"}]}).encode())
    response = api.send("POST", "batch", body, **{"Content-Encoding": "gzip"})
    assert response.json()["results"][0]["result"] == "created"


def test_gzip_bomb_and_broken_gzip(api: Api) -> None:
    bomb = gzip.compress(b" " * 9_000_000)
    assert problem(api.send("POST", "batch", bomb, **{"Content-Encoding": "gzip"}))[0] == 413
    assert problem(api.send("POST", "batch", b"no gzip", **{"Content-Encoding": "gzip"}))[0] == 400
    assert problem(api.send("POST", "batch", bomb[:50], **{"Content-Encoding": "gzip"}))[0] == 400
    assert problem(api.send("POST", "batch", b"x", **{"Content-Encoding": "br"}))[0] == 415


def test_body_beyond_1_mb_is_413(api: Api) -> None:
    assert problem(api.post("batch", b" " * (1024 * 1024 + 1)))[0] == 413


def test_ids_with_nul_are_not_addresses(api: Api) -> None:
    assert problem(api.get("customers/c%00-1")) == (404, [])
    assert problem(api.get(f"orders/{'x' * 201}")) == (404, [])


def test_parameter_with_a_nul_is_named(api: Api) -> None:
    answer = api.get("nps?survey=a%00b")
    assert problem(answer) == (400, ["survey"])
    assert answer.json()["errors"][0]["message"] == "holds a NUL character, which no database stores"
