"""How the studio writes amounts, instants and states, in the language of the reader."""

from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, pgettext

from campaigns.gestures import formats


def number(value: int | None) -> str:
    """Return a whole number with the language's thousands separator; a dash for None."""
    return "–" if value is None else number_format(value, decimal_pos=0, force_grouping=True)


def money(minor: int | None, currency: str) -> str:
    """Return minor units as an amount: €59.90 in English, 59,90 € in French; a dash for None."""
    return "–" if minor is None else formats.money(minor, currency, get_language() or "en")


def instant(value: datetime | None) -> str:
    """Return an aware instant in the zone in force, such as 14 Mar 2026, 09:00; a dash for None."""
    if value is None:
        return "–"
    return date_format(timezone.localtime(value), "DATETIME_FORMAT")


def pill(words: Any, mood: str = "") -> SafeString:
    """Return a small label; `mood` is good, warn, bad, calm or nothing."""
    return format_html('<span class="pill {}">{}</span>', mood, words)


def yes_no(value: bool) -> SafeString:
    """Return a pill that says yes or no."""
    return pill(pgettext("pill", "yes") if value else pgettext("pill", "no"), "good" if value else "")
