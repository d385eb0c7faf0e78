"""A tick reads facts by their indexes: no plan scans a whole table of facts, on either database."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from campaigns.models import Consent, Customer, Event, Order, TierReach
from tests import cast
from triggers.models import Delivery, Occasion, SegmentEntry
from triggers.planner import plan

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

NOW = cast.at("2026-03-14 12:00")
ZONES = ("Europe/Paris", "America/Toronto", "Asia/Kolkata", "")
FACTS = (
    "campaigns_customer",
    "campaigns_order",
    "campaigns_event",
    "campaigns_consent",
    "campaigns_tierreach",
    "triggers_occasion",
    "triggers_delivery",
    "triggers_segmententry",
)
# SQLite names the tables of a sub-query by Django's aliases, which may stand for a table of a few rows, or by ours.
ALIASES = ("U0", "V0", "W0", "opened", "reply", "late", "back", "told", "heard")


MOMENTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("tier", {}),
    ("tier", {"after": "order_delivered", "delay_days": 14}),
    ("post_purchase", {"anchor": "placed", "delay_days": 3}),
    ("welcome", {}),
    ("welcome", {"begins": "first_order"}),
    ("waiting", {}),
    ("waiting", {"awaits": "ticket"}),
    ("silence", {}),
    ("silence", {"lacking": "visit"}),
    ("departure", {}),
    ("departure", {"leaves": "order_cancelled"}),
    ("departure", {"leaves": "event"}),
    ("anniversary", {"months": [1, 3, 6]}),
    ("anniversary", {"begins": "first_order"}),
    ("event", {"event": "page_view", "times": 2, "within_days": 7}),
    ("event", {"event": "page_view", "times": 3}),
    ("event", {"event": "add_to_cart", "delay_hours": 4, "unless": ["order", "add_to_cart"]}),
    ("calendar", {"day": "2026-12-06"}),
    ("segment", {"audience": {"field": "points", "is": "at_least", "value": 100}}),
    ("surprise", {}),
)


def _fill(size: int) -> None:
    """Two years of facts, of which a tick is about a few."""
    Customer.objects.bulk_create(
        Customer(
            external_id=f"c{number}",
            email=f"c{number}@maison-the.test",
            email_key=f"{number:032}",
            email_marketing=True,
            birth_day=(1 + number % 12) * 100 + 1 + number % 28,
            timezone=ZONES[number % 4],
            created_at=cast.LONG_AGO,
            signed_up_at=NOW - timedelta(minutes=number * 730 * 1440 // size),
        )
        for number in range(size)
    )
    customers = list(Customer.objects.order_by("pk").values_list("pk", flat=True))
    gold = cast.tier("gold")
    moments = [NOW - timedelta(minutes=number * 730 * 1440 // size) for number in range(size)]
    Order.objects.bulk_create(
        Order(
            external_id=f"o{pk}",
            customer_id=pk,
            placed_at=at,
            promised_at=at,
            delivered_at=at + timedelta(days=3) if pk % 50 else None,
            total=100,
            updated_at=at,
            created_at=at,
            status="delivered" if pk % 50 else "cancelled",
        )
        for pk, at in zip(customers, moments, strict=True)
    )
    names = ("page_view", "page_view", "add_to_cart", "ticket_opened", "ticket_answered", "subscription_cancelled")
    Event.objects.bulk_create(
        Event(external_id=f"e{pk}", customer_id=pk, name=names[pk % len(names)], occurred_at=at, recorded_at=at)
        for pk, at in zip(customers, moments, strict=True)
    )
    Consent.objects.bulk_create(
        Consent(customer_id=pk, channel="email", granted=bool(pk % 50), given_at=at, recorded_at=at)
        for pk, at in zip(customers, moments, strict=True)
    )
    TierReach.objects.bulk_create(
        TierReach(customer_id=order.customer_id, tier=gold, reached_at=order.placed_at, brought_by=order)
        for order in Order.objects.all()
    )
    past = cast.live_campaign(status="ended")
    SegmentEntry.objects.bulk_create(
        SegmentEntry(campaign=past, customer_id=pk, number=1, entered_at=at)
        for pk, at in zip(customers, moments, strict=True)
    )
    Occasion.objects.bulk_create(
        Occasion(
            campaign=past,
            customer_id=pk,
            key="birthday:2025",
            due_at=at,
            fresh_until=at,
            slot_at=at,
            decision="due",
            decided_at=at,
        )
        for pk, at in zip(customers, moments, strict=True)
    )
    Delivery.objects.bulk_create(
        Delivery(
            occasion=occasion,
            campaign=past,
            customer_id=occasion.customer_id,
            channel="email",
            state="accepted",
            not_before=occasion.due_at,
            spoken_on=occasion.due_at.date(),
            created_at=occasion.due_at,
        )
        for occasion in Occasion.objects.all()
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _scanned(queries: list[dict[str, str]]) -> list[str]:
    """Return which tables of facts the plans of these statements read from end to end."""
    explain = "EXPLAIN" if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN"
    whole = re.compile(r"Seq Scan on (\w+)" if connection.vendor == "postgresql" else r"SCAN (\w+)(?! USING)")
    scanned = []
    with connection.cursor() as cursor:
        for query in queries:
            if re.match(r"\s*(SELECT|INSERT|WITH)", query["sql"]) and "heartbeat" not in query["sql"]:
                cursor.execute(f"{explain} {query['sql']}".replace("%", "%%"))
                lines = [str(row[-1]) for row in cursor.fetchall()]
                named = dict.fromkeys(FACTS, True) | {
                    alias: any(re.search(rf'{table}"? (AS )?"?{alias}\b', query["sql"]) for table in FACTS)
                    for alias in ALIASES
                }
                scanned += [table for line in lines for table in whole.findall(line) if named.get(table)]
    return scanned


def test_tick_scans_no_table_of_facts() -> None:
    _fill(8_000)
    cast.live_campaign("birthday", channels=("email", "sms"))
    for kind, rule in MOMENTS:
        cast.live_campaign(kind, rule)
    for now in (NOW, NOW + timedelta(minutes=1)):
        with CaptureQueriesContext(connection) as captured:
            planned = plan(now)
        assert _scanned(captured.captured_queries) == []
    assert planned.counts.total() < 10  # the second tick finds no more than what fell due in its minute
