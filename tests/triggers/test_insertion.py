"""Storing what was decided: both paths alike, several planners at once, halves side by side."""

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import ProgrammingError, connection

from campaigns import side_by_side
from campaigns.models import Campaign, Customer, Order
from tests import cast
from tests.triggers.world import stored
from triggers import insertion
from triggers.insertion import insert_at_once, insert_in_two
from triggers.models import Delivery, Occasion
from triggers.planner import plan

pytestmark = pytest.mark.django_db

MORNING = cast.at("2026-03-14 09:00", "Europe/Paris")


def decisions(now: datetime = MORNING) -> list[tuple[str, str, str]]:
    """Plan, and return (campaign, decision, reason) of what was stored by it."""
    return sorted(plan(now).counts.elements())


Insertion = Callable[[Campaign, datetime, str, tuple[Any, ...]], Any]


@pytest.mark.parametrize("path", [insert_at_once, insert_in_two])
def test_fast_path_and_portable_twin_store_the_same(path: Insertion, monkeypatch: pytest.MonkeyPatch) -> None:
    if path is insert_at_once and connection.vendor != "postgresql":
        pytest.skip("PostgreSQL's own path")
    monkeypatch.setattr("triggers.insertion._insert", path)
    claire, malik = cast.claire(), cast.malik(birth_day=314, email="")
    cast.live_campaign(slug="fete")
    cast.live_campaign("post_purchase", {"anchor": "placed"}, slug="merci", channels=("sms", "email"))
    cast.order(claire, "A-1", MORNING)
    cast.order(malik, "B-1", MORNING)
    now = MORNING + timedelta(hours=10)
    assert decisions(now) == [
        ("fete", "due", ""),
        ("fete", "skipped", "no_address"),
        ("merci", "due", ""),
        ("merci", "due", ""),
    ]
    assert len(stored()) == 4
    assert Occasion.objects.get(key="order:A-1").order == Order.objects.get(external_id="A-1")
    assert decisions(now) == []


@pytest.mark.django_db(transaction=True)
def test_settings_of_an_insertion_end_with_it() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("PostgreSQL's own path")
    names = "SELECT current_setting('jit'), current_setting('work_mem'), pg_backend_pid()"
    with connection.cursor() as cursor:
        cursor.execute(names)
        before = cursor.fetchall()
        claire = cast.claire()
        cast.order(claire, "A-1", MORNING)
        cast.live_campaign("post_purchase", {"anchor": "placed"}, slug="merci")
        assert decisions() == [("merci", "due", "")]
        cursor.execute(names)
        assert cursor.fetchall() == before


def _crowd(size: int) -> None:
    Customer.objects.bulk_create(
        Customer(
            external_id=f"c{number}",
            email=f"c{number}@maison-the.test",
            email_marketing=True,
            birth_day=314,
            timezone="Europe/Paris",
            created_at=cast.LONG_AGO,
        )
        for number in range(size)
    )


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("two_hands", "many"), [(0, 0), (50, 200), (500, 500)])
def test_planners_at_once_store_each_occasion_once(two_hands: int, many: int, monkeypatch: pytest.MonkeyPatch) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite's test database is in memory, where threads do not wait for each other")
    monkeypatch.setattr("triggers.planner._TWO_HANDS", two_hands)
    monkeypatch.setattr("triggers.planner._MANY", many)
    _crowd(200)
    cast.live_campaign(slug="fete")
    start, counts = threading.Barrier(4), []

    def run() -> None:
        start.wait()
        counts.append(plan(MORNING).counts.total())
        connection.close()

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (sum(counts), Occasion.objects.count(), Delivery.objects.count()) == (200, 200, 200)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ["birthday", "post_purchase"])
def test_much_news_is_stored_in_two_halves(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("triggers.planner._TWO_HANDS", 50)
    monkeypatch.setattr("triggers.planner._MANY", 50)
    halves: list[int] = []
    insert = insertion.insert

    def counting(campaign: Campaign, now: datetime, selects: Sequence[insertion.Select]) -> Counter[tuple[str, str]]:
        halves.append(len(selects))
        return insert(campaign, now, selects)

    monkeypatch.setattr(insertion, "insert", counting)
    _crowd(100)
    for buyer in Customer.objects.all() if kind == "post_purchase" else ():
        cast.order(buyer, buyer.external_id, MORNING)
    rule = {"anchor": "placed"} if kind == "post_purchase" else {}
    cast.live_campaign(kind, rule, slug="fete")
    assert decisions() == [("fete", "due", "")] * 100
    assert (halves, Delivery.objects.count()) == ([2 if connection.vendor == "postgresql" else 1], 100)


@pytest.mark.django_db(transaction=True)
def test_fault_of_one_half_is_raised_when_the_other_is_stored() -> None:
    if not side_by_side.possible():
        pytest.skip("one connection at a time")
    claire, campaign = cast.claire(), cast.live_campaign()
    row = (claire.pk, "birthday:2026", MORNING, MORNING, MORNING, "email", "due", "", "", None)
    good = (
        "SELECT %s::bigint, %s, %s::timestamptz, %s::timestamptz, NULL::bigint, %s::timestamptz, %s, %s, %s, %s,"
        " %s::timestamptz",
        row,
    )
    for halves in ([good, ("SELECT no_such_column", ())], [("SELECT no_such_column", ()), good]):
        Occasion.objects.all().delete()
        with pytest.raises(ProgrammingError):
            insertion.insert(campaign, MORNING, halves)
        assert Occasion.objects.count() == 1
