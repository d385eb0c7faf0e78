"""The bell: what a fact brings about is planned as soon as it came in, and moments it cannot concern are not asked."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from campaigns import bell
from campaigns.bell import ANY_TIME, Fact, Facts
from campaigns.ingest.batch import ingest_batch
from tests import cast
from triggers.models import Occasion
from triggers.occasions import KINDS
from triggers.occasions.segment import Segment
from triggers.occasions.surprise import Surprise
from triggers.planner import plan

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 14, 10, 0, tzinfo=UTC)
JUST_NOW = (NOW - timedelta(minutes=1)).isoformat()
CLAIRE = {
    "type": "customer",
    "id": "claire",
    "email": "claire@maison-the.test",
    "timezone": "Europe/Paris",
    "language": "fr",
    "signed_up_at": JUST_NOW,
}
ORDER = {
    "type": "order",
    "id": "o1",
    "customer": "claire",
    "placed_at": JUST_NOW,
    "updated_at": JUST_NOW,
    "currency": "EUR",
    "total": "500.00",
}
EVENT = {"type": "event", "id": "e1", "customer": "claire", "occurred_at": JUST_NOW}
BORN = {"birth_date": "1988-03-14"}
LATE = {"promised_at": (NOW - timedelta(days=2, hours=1)).isoformat()}
NO = {"type": "consent", "customer": "claire", "channel": "sms", "granted": False, "given_at": JUST_NOW}
ANSWER = {"type": "answer", "id": "a1", "customer": "claire", "score": 2, "answered_at": JUST_NOW}

BROUGHT_ABOUT: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("birthday", {"send_hour": 9}, CLAIRE | BORN),
    ("calendar", {"day": "2026-03-14", "send_hour": 9}, CLAIRE),
    ("anniversary", {"months": [1]}, CLAIRE | {"signed_up_at": "2026-02-14T12:00:00Z"}),
    ("anniversary", {"begins": "first_order", "months": [1]}, ORDER | {"placed_at": "2026-02-14T12:00:00Z"}),
    ("welcome", {}, CLAIRE),
    ("welcome", {"begins": "first_order"}, ORDER),
    ("tier", {}, ORDER),
    ("tier", {}, CLAIRE | {"points": 5_000}),
    ("post_purchase", {"anchor": "placed"}, ORDER),
    ("waiting", {}, ORDER | LATE),
    ("waiting", {"awaits": "ticket", "delay_days": 0}, EVENT | {"name": "ticket_opened"}),
    ("event", {"event": "view_item"}, EVENT | {"name": "view_item"}),
    ("event", {"event": "nps_detractor"}, ANSWER),
    ("silence", {"days": 1}, ORDER | {"placed_at": "2026-03-13T09:00:00Z"}),
    ("silence", {"lacking": "visit", "days": 1}, EVENT | {"name": "page_view", "occurred_at": "2026-03-13T09:00:00Z"}),
    ("departure", {}, NO),
    ("departure", {"leaves": "order_cancelled"}, ORDER | {"status": "cancelled"}),
    ("departure", {"leaves": "event"}, EVENT | {"name": "subscription_cancelled"}),
]


@pytest.mark.parametrize(("kind", "rule", "item"), BROUGHT_ABOUT)
def test_what_a_fact_brings_about_is_planned_at_the_bell(
    kind: str,
    rule: dict[str, Any],
    item: dict[str, Any],
    django_capture_on_commit_callbacks: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cast.shop()
    if item["type"] != "customer":
        cast.claire(birth_day=None)
    cast.tier("gold", threshold=10_000)
    cast.tier("loyal", threshold=1_000, basis="points")
    cast.live_campaign(kind, rule, slug="moment", channels=("email",))
    rung: list[tuple[Sequence[int], Facts]] = []
    monkeypatch.setattr(bell, "_listeners", [lambda ids, facts: rung.append((ids, facts))])
    with django_capture_on_commit_callbacks(execute=True):
        assert [told["result"] for told in ingest_batch([item], NOW)] == ["created"]
    ((customers, facts),) = rung
    assert [slug for slug, _decision, _reason in plan(NOW, customers, facts).counts] == ["moment"]


def test_a_surprise_is_planned_at_the_bell_of_a_customer_on_the_day_that_was_drawn() -> None:
    claire = cast.claire()
    rule = {"share_percent": 100, "every_days": 7, "from_hour": 0, "until_hour": 1}
    cast.live_campaign("surprise", rule, slug="moment")
    days = [plan(NOW + timedelta(days=day), [claire.pk], {Fact.CUSTOMER: ANY_TIME}).counts.total() for day in range(7)]
    assert sum(days) == 1


def test_every_other_kind_but_the_segment_is_brought_about_by_a_fact_above() -> None:
    asked_of_all = {Surprise.name, Segment.name}
    assert {kind for kind, _rule, _item in BROUGHT_ABOUT} == {kind.name for kind in KINDS} - asked_of_all


def test_a_moment_that_the_facts_cannot_bring_about_is_not_asked_until_the_tick() -> None:
    claire = cast.claire()
    cast.live_campaign("birthday", slug="fete")
    assert plan(NOW, [claire.pk], {Fact.ORDER: ANY_TIME, Fact.EVENT: ANY_TIME}).counts.total() == 0
    assert plan(NOW).counts == {("fete", "due", ""): 1}


def test_a_moment_that_an_order_of_today_is_too_young_for_is_not_asked_at_its_bell() -> None:
    claire = cast.claire()
    cast.order(claire, "o1", NOW - timedelta(minutes=1))
    cast.live_campaign("post_purchase", {"anchor": "placed"}, slug="thanks")
    for days in range(1, 9):
        rule = {"anchor": "placed", "delay_days": days}
        cast.live_campaign("post_purchase", rule, slug=f"later-{days}", launched_at=NOW - timedelta(days=30))
    with CaptureQueriesContext(connection) as asked:
        assert set(plan(NOW, [claire.pk], {Fact.ORDER: NOW - timedelta(minutes=1)}).counts) == {("thanks", "due", "")}
    (short,) = (query["sql"] for query in asked if "nth_asked" in query["sql"])
    assert short.count('FROM "campaigns_order"') == 1
    cast.order(claire, "o0", NOW - timedelta(days=3, minutes=1))
    found = plan(NOW, [claire.pk], {Fact.ORDER: NOW - timedelta(days=3, minutes=1)})
    assert {slug for slug, _decision, _reason in found.counts} == {"later-1", "later-2", "later-3"}


@pytest.mark.parametrize("at_once", [1, 2, 100])
def test_a_bell_asks_all_moments_together_and_plans_those_that_were_reached(
    at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("triggers.planner._AT_ONCE", at_once)
    cast.shop(daily_cap=9, weekly_cap=9)
    claire, malik = cast.claire(), cast.malik()
    cast.order(claire, "o1", NOW - timedelta(minutes=1))
    cast.order(malik, "o2", NOW - timedelta(minutes=1))
    cast.live_campaign("tier", slug="tier")
    cast.live_campaign("post_purchase", {"anchor": "placed"}, slug="thanks")
    cast.live_campaign("waiting", {}, slug="late")
    cast.live_campaign("post_purchase", {"anchor": "placed"}, slug="gift", priority=5)
    cast.live_campaign("post_purchase", {"anchor": "delivered"}, slug="there")
    found = plan(NOW, [claire.pk], {Fact.ORDER: ANY_TIME})
    assert list(found.counts.items()) == [(("gift", "due", ""), 1), (("thanks", "due", ""), 1)]
    assert set(Occasion.objects.values_list("customer", "key")) == {(claire.pk, "order:o1")}
    with CaptureQueriesContext(connection) as again:
        assert plan(NOW, [claire.pk], {Fact.ORDER: ANY_TIME}).counts.total() == 0
    assert not [query for query in again if "INSERT" in query["sql"]]


def test_a_bell_for_one_order_asks_few_questions() -> None:
    claire = cast.claire()
    cast.order(claire, "o1", NOW - timedelta(minutes=1))
    cast.live_campaign("post_purchase", {"anchor": "placed"}, slug="thanks")
    for number in range(10):
        cast.live_campaign("post_purchase", {"anchor": "delivered"}, slug=f"there-{number}")
    with CaptureQueriesContext(connection) as asked:
        assert plan(NOW, [claire.pk], {Fact.ORDER: ANY_TIME}).counts.total() == 1
    # SQLite stores with a transaction and a few statements more.
    assert len(asked) <= (13 if connection.vendor == "postgresql" else 18)


def test_what_a_bell_finds_expired_is_listed_by_the_next_tick() -> None:
    claire = cast.claire(birth_day=None)
    cast.live_campaign("birthday", slug="fete")
    plan(NOW - timedelta(days=5))
    claire.birth_day = 310
    claire.save()
    assert plan(NOW, [claire.pk], {Fact.CUSTOMER: ANY_TIME}).counts.total() == 0
    assert plan(NOW).counts == {("fete", "skipped", "missed"): 1}


CART = {"type": "event", "id": "e0", "name": "add_to_cart", "anonymous_id": "a-1"}
SIGNED_IN = EVENT | {"name": "login", "anonymous_id": "a-1"}
AWAY = {"id": "o0", "placed_at": (NOW - timedelta(days=2)).isoformat()}


@pytest.mark.parametrize(
    ("kind", "rule", "before", "now"),
    [
        (
            "event",
            {"event": "add_to_cart", "delay_hours": 4},
            [CART | {"occurred_at": (NOW - timedelta(hours=5)).isoformat()}],
            SIGNED_IN,
        ),
        ("silence", {"days": 1}, [ORDER | AWAY, ORDER], ORDER | {"status": "cancelled", "updated_at": NOW.isoformat()}),
    ],
)
def test_what_a_fact_makes_of_older_ones_is_planned_at_its_bell(
    kind: str,
    rule: dict[str, Any],
    before: list[dict[str, Any]],
    now: dict[str, Any],
    django_capture_on_commit_callbacks: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cast.shop()
    cast.claire(birth_day=None)
    cast.live_campaign(kind, rule, slug="moment", channels=("email",), launched_at=NOW - timedelta(days=30))
    ingest_batch(before, NOW)
    rung: list[tuple[Sequence[int], Facts]] = []
    monkeypatch.setattr(bell, "_listeners", [lambda ids, facts: rung.append((ids, facts))])
    with django_capture_on_commit_callbacks(execute=True):
        ingest_batch([now], NOW)
    ((customers, facts),) = rung
    assert [slug for slug, _decision, _reason in plan(NOW, customers, facts).counts] == ["moment"]
