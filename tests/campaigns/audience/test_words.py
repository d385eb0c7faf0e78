"""Audiences in words, in English and in French."""

from typing import Any

import pytest
from django.utils import translation

from campaigns.audience import audience_sentence
from tests import cast

LATE = {
    "all": [
        {"field": "language", "is": "in", "value": ["fr", "en"]},
        {"history": "orders", "is": "at_most", "value": 0, "last_days": 90},
        {"not": {"field": "tags", "is": "has", "value": "vip"}},
    ]
}
CART = {
    "history": "events",
    "of": "add_to_cart",
    "is": "at_least",
    "value": 2,
    "last_days": 7,
    "where": [{"field": "properties.sku", "is": "is", "value": "TEA-1"}],
}
UNHAPPY = {
    "any": [
        {"history": "answers", "of": "nps", "is": "at_least", "value": 1, "since": "2026-01-01"},
        {"history": "orders", "sum": "total", "is": "at_least", "value": "100.00", "last_days": 30, "before_days": 7},
        {"field": "attributes.shoe_size", "is": "at_least", "value": 38},
    ]
}


@pytest.mark.parametrize(
    ("tree", "english", "french"),
    [
        ({}, "everybody", "tout le monde"),
        (
            LATE,
            "speaks French or English and placed no order in the last 90 days and not (has the tag “vip”)",
            "parle français ou anglais et n’a passé aucune commande dans les 90 derniers jours"
            " et pas (a l’étiquette « vip »)",
        ),
        (
            CART,
            "did “add_to_cart” at least 2 times with sku = TEA-1 in the last 7 days",
            "a fait « add_to_cart » au moins 2 fois avec sku = TEA-1 dans les 7 derniers jours",
        ),
        (
            UNHAPPY,
            "answered the survey “nps” at least 1 time since 1 Jan 2026"
            " or placed orders of at least 100.00 EUR together between 30 and 7 days ago or has shoe_size ≥ 38",
            "a répondu au moins 1 fois à l’enquête « nps » depuis le 1 janvier 2026"
            " ou a passé des commandes d’au moins 100.00 EUR au total il y a entre 30 et 7 jours ou a shoe_size ≥ 38",
        ),
    ],
)
def test_audience_is_said(db: None, tree: dict[str, Any], english: str, french: str) -> None:
    cast.shop()
    for language, words in (("en", english), ("fr", french)):
        with translation.override(language):
            assert audience_sentence(tree).replace("\xa0", " ") == words
