"""Money and dates as a customer reads them, in French or English, fast enough to be made for every message."""

from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Final

from campaigns.models.fields import major_units

_MONTHS: Final = {
    "fr": tuple(
        "janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split(" ")  # noqa: SIM905
    ),
    "en": tuple(
        "January February March April May June July August September October November December".split(" ")  # noqa: SIM905
    ),
}
_SYMBOLS: Final = {"EUR": "€", "USD": "$", "CAD": "$", "GBP": "£", "JPY": "¥", "INR": "₹"}
_NO_BREAK: Final = "\N{NO-BREAK SPACE}"


def spoken(language: str) -> str:
    """Return in which of our languages dates and money are written for `language`: fr or en."""
    return "fr" if language.lower().partition("-")[0] == "fr" else "en"


def money(minor: int, currency: str, language: str) -> str:
    """Return `minor` units as `1 234,50 €` (French) or `€1,234.50` (English)."""
    return amount(major_units(minor, currency), currency, language)


@lru_cache(maxsize=4096)
def amount(value: Decimal, currency: str, language: str) -> str:
    """Return a decimal amount as `money` does."""
    symbol, written = _SYMBOLS.get(currency, currency), f"{value:,f}"
    if spoken(language) == "fr":
        written = written.replace(",", "\N{NARROW NO-BREAK SPACE}").replace(".", ",")
        return f"{written}{_NO_BREAK}{symbol}"
    sign, written = ("-", written[1:]) if value < 0 else ("", written)
    return f"{sign}{symbol}{'' if len(symbol) == 1 else _NO_BREAK}{written}"


@lru_cache(maxsize=4096)
def long_date(day: date, language: str) -> str:
    """Return a civil date as `1er février 2025` (French) or `1 February 2025` (English)."""
    language = spoken(language)
    number = "1er" if day.day == 1 and language == "fr" else str(day.day)
    return f"{number} {_MONTHS[language][day.month - 1]} {day.year}"
