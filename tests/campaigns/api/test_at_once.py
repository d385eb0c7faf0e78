"""Posts that arrive at the same time, over real connections to a live server: everything is stored once."""

import http.client
import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any, Final
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.db.models import Sum
from pytest_django.live_server_helper import LiveServer

from campaigns.api.authentication import make_key
from campaigns.models import Customer, Event, IdempotentRequest, Order, Tier, TierReach
from tests.campaigns.ingest.conftest import event, order

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite lets one writer in at a time"),
]
AT_ONCE: Final = 8


def post_at_once(live_server: LiveServer, posts: list[tuple[list[Any], dict[str, str]]]) -> list[tuple[int, Any]]:
    """Return (status, body) of each of `posts` (items, headers), all sent at the same moment to `/batch`."""
    key = make_key("test", ["ingest"])[1]
    ready = Barrier(len(posts))

    def post(sent: tuple[list[Any], dict[str, str]]) -> tuple[int, Any]:
        items, headers = sent
        shop = http.client.HTTPConnection(urlsplit(live_server.url).netloc, timeout=60)
        shop.connect()
        ready.wait(timeout=30)
        own = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        shop.request("POST", "/api/v1/batch", json.dumps({"batch": items}), own | headers)
        with shop.getresponse() as response:
            told = response.status, json.loads(response.read())
        shop.close()
        return told

    with ThreadPoolExecutor(len(posts)) as pool:
        return list(pool.map(post, posts))


def results(told: tuple[int, Any]) -> list[str]:
    status, body = told
    assert status == 200, body
    return [item["result"] for item in body["results"]]


def test_same_orders_posted_at_once_are_stored_once(live_server: LiveServer) -> None:
    Tier.objects.create(slug="regular", name="Regular", basis="orders", threshold=3, rank=1)
    orders = [order(f"o-{n}", customer=f"c-{n % 7}") for n in range(100)]
    # Half of them the other way round, as a deadlock would need.
    told = post_at_once(live_server, [(orders if n % 2 else orders[::-1], {}) for n in range(AT_ONCE)])
    assert Counter(result for one in told for result in results(one)) == {"created": 100, "unchanged": 700}
    assert Order.objects.count() == 100
    assert Customer.objects.aggregate(n=Sum("orders_count"), money=Sum("total_spent")) == {"n": 100, "money": 500_000}
    assert TierReach.objects.count() == Customer.objects.filter(tier__slug="regular").count() == 7


def test_different_orders_of_the_same_customers_at_once_all_count(live_server: LiveServer) -> None:
    posts: list[tuple[list[Any], dict[str, str]]] = [
        ([order(f"o-{post}-{n}", customer=f"c-{n}") for n in range(20)], {}) for post in range(AT_ONCE)
    ]
    assert {result for one in post_at_once(live_server, posts) for result in results(one)} == {"created"}
    assert set(Customer.objects.values_list("orders_count", "total_spent")) == {(AT_ONCE, AT_ONCE * 5000)}


def test_orders_that_swap_customers_at_once_count_where_they_end(live_server: LiveServer) -> None:
    first = [order(f"o-{n}", customer=f"c-{n % 2}", updated_at="2026-02-01T00:00:00Z") for n in range(20)]
    post_at_once(live_server, [(first, {})])
    swapped = [
        [order(f"o-{n}", customer=f"c-{(n + k) % 3}", updated_at=f"2026-02-0{k + 2}T00:00:00Z") for n in range(20)]
        for k in range(6)
    ]
    for told in post_at_once(live_server, [(items, {}) for items in swapped]):
        assert set(results(told)) <= {"updated", "unchanged"}
    held = {row["external_id"]: row["orders_count"] for row in Customer.objects.values("external_id", "orders_count")}
    # The newest version, k = 5, holds whatever came last.
    assert held == {f"c-{c}": sum((n + 5) % 3 == c for n in range(20)) for c in range(3)}


def test_one_idempotency_key_posted_at_once_has_one_effect(live_server: LiveServer) -> None:
    items = [event(f"e-{n}") for n in range(200)]
    told = post_at_once(live_server, [(items, {"Idempotency-Key": "sync-1"})] * AT_ONCE)
    answers = [body for status, body in told if status == 200]
    # Whoever comes while the first is at work is told to come back; whoever comes later hears the first answer.
    assert {status for status, _body in told} <= {200, 409}
    assert answers == [answers[0]] * len(answers)
    assert {item["result"] for item in answers[0]["results"]} == {"created"}
    assert (Event.objects.count(), IdempotentRequest.objects.count()) == (200, 1)
