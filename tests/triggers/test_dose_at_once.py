"""Planners and dispatchers at once, a clock set back, orders told a month late: no cap broken, nothing twice."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from campaigns.ingest.batch import ingest_batch
from campaigns.models import Customer
from tests import cast
from tests.triggers.dispatch.test_several import in_threads
from tests.triggers.world import send
from triggers.models import Delivery, Occasion, State
from triggers.planner import plan

NOON = cast.at("2026-03-10 12:00", "Europe/Paris")
HOUR = timedelta(hours=1)
SLUGS = ("minor", "usual", "major")
MANY = 30


def thanks(slug: str, **fields: Any) -> None:
    """A live campaign that thanks as soon as an order is placed."""
    cast.live_campaign("post_purchase", {"anchor": "placed"}, slug=slug, **fields)


def sent() -> Counter[tuple[str, str]]:
    """How often each campaign may have reached each customer."""
    rows = Delivery.objects.filter(state=State.ACCEPTED)
    return Counter(rows.values_list("campaign__slug", "customer__external_id"))


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite's tests run in memory, over one connection")
@pytest.mark.django_db(transaction=True)
def test_planners_and_dispatchers_at_once_keep_every_cap() -> None:
    for priority, slug in enumerate(SLUGS):
        thanks(slug, priority=priority)
    for number in range(MANY):
        buyer = cast.customer(f"c{number}", timezone="Europe/Paris", phone=f"+3363998{number:04}")
        cast.order(buyer, f"o{number}", NOON - HOUR)
    in_threads(3, lambda: plan(NOON))
    assert Occasion.objects.count() == Delivery.objects.count() == MANY * len(SLUGS)
    in_threads(4, lambda: send(NOON, size=7))
    # Whoever held which message, each customer heard the most urgent one, once.
    assert sent() == {("major", f"c{number}"): 1 for number in range(MANY)}
    in_threads(4, lambda: send(NOON + 24 * HOUR, size=7))
    assert sent() == {(slug, f"c{number}"): 1 for number in range(MANY) for slug in ("major", "usual")}


@pytest.mark.django_db
def test_clock_set_back_over_midnight_breaks_no_cap_and_sends_nothing_twice() -> None:
    claire = cast.claire()
    past_midnight = cast.at("2026-03-14 00:30", "Europe/Paris")
    cast.order(claire, "A-1", past_midnight - HOUR)
    thanks("merci")
    plan(past_midnight)
    send(past_midnight)
    assert sent() == {("merci", "claire"): 1}
    back = past_midnight - HOUR  # the 13th again
    cast.order(claire, "A-2", back)
    plan(back)
    send(back)
    assert sent() == {("merci", "claire"): 1}
    waiting = Delivery.objects.get(state=State.PLANNED)
    assert waiting.not_before == cast.at("2026-03-15 00:00", "Europe/Paris")


@pytest.mark.django_db
def test_orders_told_a_month_late_bring_about_nothing() -> None:
    cast.claire()
    thanks("merci")
    cast.live_campaign("silence", {"lacking": "order", "days": 20}, slug="absent")
    plan(NOON)
    placed = (NOON - timedelta(days=31)).isoformat()
    item = {
        "type": "order",
        "id": "old",
        "customer": "claire",
        "placed_at": placed,
        "total": "59.90",
        "currency": "EUR",
    }
    (result,) = ingest_batch([item], NOON)
    assert result["result"] == "created", result
    for ahead in (0, 1, 48):
        plan(NOON + ahead * HOUR)
        send(NOON + ahead * HOUR)
    assert not Occasion.objects.exists()
    assert Customer.objects.get().orders_count == 1
