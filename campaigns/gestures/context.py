"""The facts a gesture's text may use: plain dicts of text and numbers, made for a whole batch at once.

A fact that is not known is an absent key, so that a text that needs it fails aloud instead of greeting nobody:
`{{ customer.first_name|default("dear customer") }}` says what to write then.
"""

import zoneinfo
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from django.utils.translation import gettext_lazy as _

from campaigns.gestures.formats import amount, long_date, money
from campaigns.models import Customer, Order, Shop, Tier

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

_VARIABLES: Final[tuple[tuple[str, "StrPromise", Any], ...]] = (
    ("customer.first_name", _("first name"), "Claire"),
    ("customer.last_name", _("last name"), "Petit"),
    ("customer.language", _("language"), "fr"),
    ("customer.points", _("loyalty points"), 120),
    ("customer.tier", _("name of the loyalty tier"), "Or"),
    ("customer.orders_count", _("number of orders"), 3),
    ("customer.total_spent", _("total spent, with its currency"), "254,90 €"),
    ("customer.first_order_on", _("day of the first order"), "1er février 2024"),
    ("customer.attributes", _("what the shop keeps beside: customer.attributes.shoe_size"), {}),
    ("order.id", _("order number"), "A-1024"),
    ("order.total", _("total of the order, with its currency"), "59,90 €"),
    ("order.placed_on", _("day of the order"), "1er février 2025"),
    ("order.promised_on", _("promised day"), "5 février 2025"),
    ("order.shipped_on", _("day of shipping"), "2 février 2025"),
    ("order.delivered_on", _("day of delivery"), "4 février 2025"),
    ("order.items_count", _("number of articles"), 2),
    (
        "order.lines",
        _("articles, each with name, sku, category, quantity, unit_price"),
        [{"name": "Thé", "sku": "TEA-1", "category": "tea", "quantity": 2, "unit_price": "29,95 €"}],
    ),
    ("shop.name", _("name of the shop"), "La Boutique"),
    ("shop.website", _("website"), "https://boutique.test"),
    ("shop.postal_address", _("postal address"), "1 rue des Lilas, 75011 Paris"),
    ("survey_url", _("address of the survey; with /9 behind it, 9 is already chosen"), "https://boutique.test/s/…"),
    ("unsubscribe_url", _("address to unsubscribe"), "https://boutique.test/u/…"),
)


class CustomerFacts(NamedTuple):
    """The fields of a Customer that its texts may speak of: enough for `contexts`, and cheaper to read."""

    first_name: str
    last_name: str
    language: str
    timezone: str
    points: int
    tier_id: int | None
    orders_count: int
    total_spent: int
    first_order_at: datetime | None
    attributes: dict[str, Any]


class OrderFacts(NamedTuple):
    """The fields of an Order that its texts may speak of."""

    external_id: str
    total: int
    placed_at: datetime
    promised_at: datetime | None
    shipped_at: datetime | None
    delivered_at: datetime | None
    lines: list[dict[str, Any]]


# Some wholesale orders have a thousand lines; a message that lists more than these is read by nobody.
MAX_LINES: Final = 100


def variables() -> list[dict[str, Any]]:
    """Return what a text may use, for the editor's help: `{"name", "help", "example"}` each."""
    return [{"name": name, "help": str(text), "example": example} for name, text, example in _VARIABLES]


def example(language: str, currency: str) -> dict[str, Any]:
    """Return the facts of an invented customer of an invented shop, every documented one known."""
    facts: dict[str, Any] = {}
    for name, _help, value in _VARIABLES:
        root, _dot, fact = name.partition(".")
        if fact:
            facts.setdefault(root, {})[fact] = value
    return facts | {"order": example_order(language, currency)}


def example_order(language: str, currency: str) -> dict[str, Any]:
    """Return the facts of an invented order, to preview a text on a customer who has none."""
    day = datetime(2025, 2, 4, tzinfo=zoneinfo.ZoneInfo("UTC")).date()
    price = amount(Decimal("29.95"), currency, language)
    return {
        "id": "A-1024",
        "total": amount(Decimal("59.90"), currency, language),
        "items_count": 2,
        **{f"{name}_on": long_date(day, language) for name in ("placed", "promised", "shipped", "delivered")},
        "lines": [{"name": "Thé", "sku": "TEA-1", "category": "tea", "quantity": 2, "unit_price": price}],
    }


def contexts(
    pairs: Sequence[tuple[Customer | CustomerFacts, Order | OrderFacts | None]],
    shop: Shop,
    *,
    languages: Sequence[str] | None = None,
) -> list[dict[str, Any]]:
    """Return the facts for each (customer, order or None), in their order, with one query for the whole batch.

    `languages` are those of the texts chosen, in which money and dates are written; without them, the customer's
    own where it is French or English, else the shop's.
    """
    tiers = dict(Tier.objects.values_list("id", "name"))
    shop_facts = _known({"name": shop.name, "website": shop.website, "postal_address": shop.postal_address})
    made = []
    for position, (customer, order) in enumerate(pairs):
        language = languages[position] if languages else _language(customer, shop)
        zone = _zone(customer.timezone or shop.timezone)
        facts = {"customer": _customer(customer, tiers, shop, language, zone), "shop": shop_facts}
        if order is not None:
            facts["order"] = _order(order, shop, language, zone)
        made.append(facts)
    return made


def _language(customer: Customer | CustomerFacts, shop: Shop) -> str:
    base = customer.language.lower().partition("-")[0]
    return customer.language if base in ("fr", "en") else shop.language


def _customer(
    customer: Customer | CustomerFacts, tiers: dict[int, str], shop: Shop, language: str, zone: zoneinfo.ZoneInfo
) -> dict[str, Any]:
    return _known(
        {
            "first_name": customer.first_name.strip(),
            "last_name": customer.last_name.strip(),
            "language": customer.language or shop.language,
            "points": customer.points,
            "tier": tiers.get(customer.tier_id or 0),
            "orders_count": customer.orders_count,
            "total_spent": money(customer.total_spent, shop.currency, language),
            "first_order_on": _day(customer.first_order_at, language, zone),
            "attributes": _plain(customer.attributes),
        }
    )


def _order(order: Order | OrderFacts, shop: Shop, language: str, zone: zoneinfo.ZoneInfo) -> dict[str, Any]:
    lines = [_line(line, shop, language) for line in order.lines[:MAX_LINES]]
    return _known(
        {
            "id": order.external_id,
            "total": money(order.total, shop.currency, language),
            "placed_on": _day(order.placed_at, language, zone),
            "promised_on": _day(order.promised_at, language, zone),
            "shipped_on": _day(order.shipped_at, language, zone),
            "delivered_on": _day(order.delivered_at, language, zone),
            "items_count": sum(line.get("quantity", 1) for line in order.lines),
            "lines": lines,
        }
    )


def _line(line: dict[str, Any], shop: Shop, language: str) -> dict[str, Any]:
    price = line.get("unit_price")
    return _known(
        {
            "name": line.get("name"),
            "sku": line.get("sku"),
            "category": line.get("category"),
            "quantity": line.get("quantity", 1),
            "unit_price": None if price in (None, "") else amount(Decimal(str(price)), shop.currency, language),
        }
    )


def _known(facts: dict[str, Any]) -> dict[str, Any]:
    return {name: fact for name, fact in facts.items() if fact is not None and fact != ""}


def _plain(value: Any) -> Any:
    """Return JSON as a text sees it: the unknown left out, so that it is missing and not “None”."""
    if isinstance(value, dict):
        return {name: _plain(fact) for name, fact in value.items() if fact is not None and fact != ""}
    return [_plain(element) for element in value] if isinstance(value, list) else value


def _day(instant: datetime | None, language: str, zone: zoneinfo.ZoneInfo) -> str | None:
    return None if instant is None else long_date(instant.astimezone(zone).date(), language)


@cache
def _zone(name: str) -> zoneinfo.ZoneInfo:
    """Return the zone called `name`; UTC for a name this machine does not know."""
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        return zoneinfo.ZoneInfo("UTC")
