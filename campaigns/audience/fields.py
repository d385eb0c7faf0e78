"""What a condition can ask about a customer, an order, an event or an answer, and which values fit each question."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from campaigns.models import ChannelName, OrderStatus
from campaigns.models.fields import minor_units

LARGEST: Final = 200
MOST_DAYS: Final = 36_500
# A key of the shop's own JSON: SQLite has no way to write a quote inside the path of one.
_KEY: Final = re.compile(r'[^"\\\x00-\x1f]{1,100}')
# Behind these prefixes stand keys of the shop's own.
OWN: Final = {"customers": "attributes.", "events": "properties."}


@dataclass(frozen=True, slots=True)
class Value:
    """A sort of value: whether one fits, and the fault of one that does not."""

    fits: Callable[[Any], bool]
    fault: str | Promise


@dataclass(frozen=True, slots=True)
class Field:
    """What a field is called, and for each thing it can be asked, the value that it takes."""

    label: str | Promise
    asks: Mapping[str, Value]


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= 200 and "\0" not in value


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 2**53


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 10**9


def _is_amount(value: Any) -> bool:
    # The exponent of the currency is the shop's; three decimals are the most that any has.
    try:
        return isinstance(value, str) and 0 <= Decimal(value) <= 10**10 and minor_units(Decimal(value), "TND") >= 0
    except (InvalidOperation, ValueError, OverflowError):
        return False


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and 0 < len(value) <= LARGEST and all(map(_is_text, value))


def _is_day(value: Any) -> bool:
    try:
        return isinstance(value, str) and len(value) == 10 and 1900 <= date.fromisoformat(value).year < 2200
    except ValueError:
        return False


TEXT: Final = Value(_is_text, _("is not a text of 1 to 200 characters"))
TEXTS: Final = Value(_is_texts, _("is not a list of 1 to 200 texts"))
NUMBER: Final = Value(_is_number, _("is not a number"))
COUNT: Final = Value(_is_count, _("is not a whole number from 0"))
SCORE: Final = Value(lambda value: _is_count(value) and value <= 10, _("is not a whole number from 0 to 10"))
DAYS: Final = Value(lambda value: _is_count(value) and value <= MOST_DAYS, _("is not a number of days"))
DAY: Final = Value(_is_day, _("is not a day like 2026-03-14"))
AMOUNT: Final = Value(_is_amount, _("is not an amount like 59.90, as a text"))
YES_OR_NO: Final = Value(lambda value: isinstance(value, bool), _("is neither true nor false"))
SCALAR: Final = Value(
    lambda value: isinstance(value, bool) or _is_text(value) or _is_number(value),
    _("is not a text, a number, true or false"),
)
CHANNEL: Final = Value(lambda value: value in ChannelName.values, _("is not a channel: email, sms"))
STATUS: Final = Value(lambda value: value in OrderStatus.values, _("is not the status of an order"))

_ONE_OF: Final = {"is": TEXT, "in": TEXTS}
_COUNTED: Final = {"is": COUNT, "at_least": COUNT, "at_most": COUNT}
_SUMMED: Final = {"at_least": AMOUNT, "at_most": AMOUNT}
_AGED: Final = {"older_than_days": DAYS, "younger_than_days": DAYS}
_FREE: Final = {"is": SCALAR, "in": TEXTS, "at_least": NUMBER, "at_most": NUMBER}

FIELDS: Final[dict[str, Field]] = {
    "language": Field(_("language"), _ONE_OF),
    "country": Field(_("country"), _ONE_OF),
    "tags": Field(_("tags"), {"has": TEXT}),
    "tier": Field(_("tier"), _ONE_OF),
    "points": Field(_("points"), _COUNTED),
    "consent": Field(_("consent"), {"has": CHANNEL}),
    "orders_count": Field(_("number of orders"), _COUNTED),
    "total_spent": Field(_("total spent"), _SUMMED),
    "first_order": Field(_("first order"), _AGED),
    "last_order": Field(_("last order"), _AGED),
    "signed_up": Field(_("sign-up"), _AGED),
}
_OF_FACTS: Final[dict[str, dict[str, Field]]] = {
    "orders": {
        "sku": Field(_("product (SKU)"), _ONE_OF),
        "category": Field(_("category of a product"), _ONE_OF),
        "total": Field(_("total"), _SUMMED),
        "status": Field(_("status"), {"is": STATUS}),
        "channel": Field(_("sold by"), _ONE_OF),
        "discount_code": Field(_("discount code"), _ONE_OF),
        "gift": Field(_("gift"), {"is": YES_OR_NO}),
    },
    "events": {},
    "answers": {"score": Field(_("score"), {"is": SCORE, "at_least": SCORE, "at_most": SCORE})},
}
# What a history can be asked: of a number of facts, and of a sum of them.
COUNTED: Final = _COUNTED
SUMMED: Final = _SUMMED
SUMS: Final = {"orders": ("total", "revenue"), "events": (), "answers": ()}


def fields_of(about: str) -> dict[str, Field]:
    """Return the fields of "customers", "orders", "events" or "answers", by name; keys of the shop's own are not among
    them."""
    return FIELDS if about == "customers" else _OF_FACTS[about]


def field_of(about: str, name: Any) -> Field | None:
    """Return what can be asked of a field (`points`, `attributes.shoe_size`), or None where there is none."""
    if not isinstance(name, str):
        return None
    if (key := own_key(about, name)) is not None:
        return Field(key, _FREE) if _KEY.fullmatch(key) else None
    return fields_of(about).get(name)


def own_key(about: str, name: str) -> str | None:
    """Return the shop's own key that a field names, or None for a field of ours."""
    prefix = OWN.get(about)
    return name.removeprefix(prefix) if prefix and name.startswith(prefix) else None
