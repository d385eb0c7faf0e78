"""Numbers as a reader of the active language expects them: minus signs, decimal commas, currencies, per 1,000."""

from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.translation import get_language

from campaigns.models.fields import major_units

# No-break spaces: a figure is never parted from its unit.
_NBSP: Final = "\N{NO-BREAK SPACE}"
_MINUS: Final = "\N{MINUS SIGN}"
_SYMBOLS: Final = {"EUR": "€", "USD": "$", "GBP": "£", "CAD": "$", "JPY": "¥", "CHF": "CHF"}


def number(value: float, decimals: int = 0, *, signed: bool = False) -> str:
    """Return `value` rounded, with thousands parted; `signed` puts + before a positive one."""
    rounded = round(value, decimals)
    text = number_format(f"{abs(rounded):.{decimals}f}", decimals, use_l10n=True, force_grouping=True)
    sign = _MINUS if rounded < 0 else "+" if signed and rounded > 0 else ""
    return f"{sign}{text}"


def pair(low: float, high: float, *, signed: bool = False) -> tuple[str, str]:
    """Return both ends of an interval with as many decimals as their distance deserves."""
    decimals = 0 if high - low >= 3 else 1 if high - low >= 0.3 else 2
    return number(low, decimals, signed=signed), number(high, decimals, signed=signed)


def percent(share: float, decimals: int = 1, *, signed: bool = False) -> str:
    """Return a share of 1 as a percentage."""
    space = _NBSP if _is_french() else ""
    return f"{number(share * 100, decimals, signed=signed)}{space}%"


def money(minor: float, currency: str, *, signed: bool = False) -> str:
    """Return minor units as money, whole units alone from 1,000 on."""
    # The exponent of the currency is read off one unit, as intervals hold fractions of a minor unit.
    value = minor * float(major_units(1, currency))
    decimals = 0 if abs(value) >= 1000 else -int(major_units(1, currency).as_tuple().exponent)
    text = number(value, decimals, signed=signed)
    sign_of = symbol(currency)
    if _is_french() or len(sign_of) > 1:
        return f"{text}{_NBSP}{sign_of}"
    sign, digits = (text[0], text[1:]) if text[0] in f"+{_MINUS}" else ("", text)
    return f"{sign}{sign_of}{digits}"


def symbol(currency: str) -> str:
    """Return how a currency is written beside a figure: its sign where it has one that is known."""
    return _SYMBOLS.get(currency, currency)


def day(instant: str, zone: ZoneInfo | None = None) -> str:
    """Return the civil day of an ISO 8601 instant, in the active zone unless another is given."""
    local = datetime.fromisoformat(instant).astimezone(zone or timezone.get_current_timezone())
    return str(date_format(local, "DATE_FORMAT"))


def _is_french() -> bool:
    return (get_language() or "en").startswith("fr")
