"""Audiences by hand: whom each question chooses, and how each fault is told."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from campaigns.audience import audience_q, audience_sentence, parse_audience
from campaigns.models import Consent, Customer, Tier
from tests.cast import customer

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def people(db: None) -> None:
    gold = Tier.objects.create(slug="gold", name="Gold", threshold=1, rank=1)
    old = NOW - timedelta(days=100)
    customer("claire", language="fr", country="FR", tags=["vip", "tea"], points=10, tier=gold, total_spent=5000)
    customer("malik", language="fr-CA", country="CA", tags=["vip-not"], points=20, last_order_at=old, orders_count=1)
    customer("priya", language="en", country="IN", attributes={"size": 38, "club": True, "city": "Pune"})


def is_(field: str, value: Any, asks: str = "is") -> dict[str, Any]:
    return {"field": field, "is": asks, "value": value}


def did(history: str, **rest: Any) -> dict[str, Any]:
    return {"history": history, "is": "at_least", "value": 1} | rest


@pytest.mark.parametrize(
    ("tree", "chosen"),
    [
        ({}, "claire malik priya"),
        (is_("language", "fr"), "claire malik"),
        (is_("language", ["en", "fr-CA"], "in"), "malik priya"),
        (is_("country", ["FR", "IN"], "in"), "claire priya"),
        (is_("tags", "vip", "has"), "claire"),
        ({"not": is_("tags", "vip", "has")}, "malik priya"),
        (is_("tier", "gold"), "claire"),
        ({"not": is_("tier", "gold")}, "malik priya"),
        (is_("points", 10, "at_least"), "claire malik"),
        (is_("points", 10, "at_most"), "claire priya"),
        (is_("total_spent", "50.00", "at_least"), "claire"),
        (is_("last_order", 99, "older_than_days"), "malik"),
        (is_("last_order", 99, "younger_than_days"), ""),
        ({"not": is_("last_order", 99, "older_than_days")}, "claire priya"),
        (is_("attributes.size", 38), "priya"),
        (is_("attributes.size", 37.5, "at_least"), "priya"),
        (is_("attributes.club", True), "priya"),
        (is_("attributes.city", ["Pune", "Lyon"], "in"), "priya"),
        ({"all": [is_("language", "fr"), {"not": is_("country", "CA")}]}, "claire"),
        ({"any": [is_("country", "IN"), is_("orders_count", 1)]}, "malik priya"),
    ],
)
def test_audience_chooses(people: None, tree: dict[str, Any], chosen: str) -> None:
    found = Customer.objects.filter(audience_q(tree, now=NOW)).order_by("external_id")
    assert " ".join(found.values_list("external_id", flat=True)) == chosen
    behind = Consent.objects.filter(audience_q(tree, "customer__", now=NOW), channel="email")
    assert set(behind.values_list("customer__external_id", flat=True)) == set(chosen.split())
    assert audience_sentence(tree)


@pytest.mark.parametrize(
    ("tree", "path"),
    [
        ([], "audience:"),
        ({"some": []}, "audience:"),
        ({"all": []}, "audience.all:"),
        ({"any": [is_("colour", "red")]}, "audience.any.0.field:"),
        ({"not": is_("points", "10")}, "audience.not.value:"),
        (is_("points", 10, "has"), "audience.is:"),
        (is_("consent", "fax", "has"), "audience.value:"),
        (did("visits"), "audience.history:"),
        (did("orders", of="x"), "audience.of:"),
        (did("events"), "audience.of:"),
        (did("events", of="x", sum="total", value="1"), "audience.sum:"),
        (did("orders", sum="total"), "audience.value:"),
        (did("orders", colour="red"), "audience.colour:"),
        (did("orders", last_days="7"), "audience.last_days:"),
        (did("orders", last_days=7, before_days=7), "audience.before_days:"),
        (did("orders", since="2026-02-30"), "audience.since:"),
        (did("orders", since="2026-02-02", until="2026-02-01"), "audience.until:"),
        (did("orders", where={}), "audience.where:"),
        ({"all": [did("orders", where=[is_("score", 6)])]}, "audience.all.0.where.0.field:"),
        (did("answers", where=[is_("score", 11)]), "audience.where.0.value:"),
        (is_("country", "F\0"), "audience.value:"),
        (is_("total_spent", 50, "at_least"), "audience.value:"),
        (is_("total_spent", "NaN", "at_least"), "audience.value:"),
        (is_("last_order", 10**9, "older_than_days"), "audience.value:"),
        (is_('attributes.a"b', "x"), "audience.field:"),
        (is_("attributes.", "x"), "audience.field:"),
        (is_("password", "x"), "audience.field:"),
        ({"field": "points", "is": "is", "value": 1, "or": 2}, "audience:"),
    ],
)
def test_bad_audience_is_refused_with_its_path(tree: Any, path: str) -> None:
    with pytest.raises(ValidationError) as refused:
        parse_audience(tree)
    assert [message[: len(path)] for message in refused.value.message_dict["audience"]] == [path]


def test_deep_nesting_is_refused() -> None:
    tree: Any = is_("points", 1)
    for _ in range(500):
        tree = {"not": tree}
    with pytest.raises(ValidationError):
        parse_audience(tree)
