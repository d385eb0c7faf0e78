"""Twelve months of pressure, drawn on the customer's page: the 30 days behind each day, beside what they may hold."""

from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any, Final

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.formats import date_format
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext

from campaigns import clock
from campaigns.admin.panels import on_customer
from campaigns.models import ChannelName, Customer, Shop
from triggers.pressure import DAYS, Heard, Pressure, pressure

# The drawing's own units; it is scaled to the width of its card.
_LEFT: Final = 24.0
_WIDTH: Final = 716.0
_TOP: Final = 14.0
_HEIGHT: Final = 110.0
# Messages of one day stand below each other, up to three.
_DOTS: Final = 138
_STEP: Final = 11


@dataclass(frozen=True, slots=True)
class _Month:
    """One row of the table below the picture."""

    label: str
    emails: int
    sms: int
    others: int
    most: int


@on_customer
def pressure_card(request: HttpRequest, customer: Customer) -> SafeString:
    """Return the card with picture and table."""
    told = pressure(customer, Shop.get(), clock.now())
    rolling = list(told.rolling())
    seen = [heard for heard in told.heard if heard.day >= told.first]
    context = {"told": bool(seen), "cap": told.monthly_cap} | _picture(told, rolling, seen)
    context["months"] = _months(rolling, seen)
    context["summary"] = _summary(told, rolling, seen)
    return render_to_string("studio/pressure.html", context, request)


def _picture(told: Pressure, rolling: list[tuple[date, int]], seen: list[Heard]) -> dict[str, Any]:
    highest = max(told.monthly_cap, *(count for _day, count in rolling)) + 1

    def x(day: date) -> float:
        return _LEFT + _WIDTH * (day - told.first).days / (DAYS - 1)

    def y(count: int) -> float:
        return _TOP + _HEIGHT * (1 - count / highest)

    steps = " ".join(f"L{x(day):.1f} {y(count):.1f}" for day, count in rolling)
    line = f"M{_LEFT:.1f} {y(rolling[0][1]):.1f} {steps}"
    # As texts: a French page would write 12,5.
    return {
        "line": line,
        "area": f"{line} L{_LEFT + _WIDTH:.1f} {y(0):.1f} L{_LEFT:.1f} {y(0):.1f} Z",
        "cap_y": f"{y(told.monthly_cap):.1f}",
        "cap_label_y": f"{y(told.monthly_cap) - 4:.1f}",
        "ground": f"{y(0):.1f}",
        "right": f"{_LEFT + _WIDTH:.1f}",
        "ticks": [
            {"x": f"{x(day):.1f}", "label": date_format(day, "M")}
            for day, _count in rolling
            if day.day == 1 and x(day) < _LEFT + _WIDTH - 20
        ],
        "dots": [
            {
                "x": f"{x(heard.day):.1f}",
                "y": _DOTS + _STEP * min(rank, 2),
                "look": _look(heard),
                "words": f"{date_format(heard.day)} · {_channel(heard)} · {_by(heard)}",
            }
            for day in groupby(seen, key=lambda heard: heard.day)
            for rank, heard in enumerate(day[1])
        ],
    }


def _look(heard: Heard) -> str:
    return "service" if not heard.counts else "other" if not heard.by else heard.channel


def _channel(heard: Heard) -> str:
    return str(ChannelName(heard.channel).label) if heard.channel in ChannelName.values else gettext("message")


def _by(heard: Heard) -> str:
    return heard.by or gettext("another tool")


def _months(rolling: list[tuple[date, int]], seen: list[Heard]) -> list[_Month]:
    months = list(dict.fromkeys((day.year, day.month) for day, _count in rolling))
    rows = []
    for year, month in reversed(months):
        mine = [heard for heard in seen if (heard.day.year, heard.day.month) == (year, month)]
        if mine:
            rows.append(
                _Month(
                    label=date_format(date(year, month, 1), "YEAR_MONTH_FORMAT"),
                    emails=sum(bool(heard.by) and heard.channel == ChannelName.EMAIL for heard in mine),
                    sms=sum(bool(heard.by) and heard.channel == ChannelName.SMS for heard in mine),
                    others=sum(not heard.by for heard in mine),
                    most=max(count for day, count in rolling if (day.year, day.month) == (year, month)),
                )
            )
    return rows


def _summary(told: Pressure, rolling: list[tuple[date, int]], seen: list[Heard]) -> str:
    """Return the picture in one sentence."""
    most = max(count for _day, count in rolling)
    messages = ngettext("%(count)d message in twelve months", "%(count)d messages in twelve months", len(seen))
    peak = gettext("at most %(most)d in any 30 days; %(cap)d may be")
    return f"{messages % {'count': len(seen)}}, {peak % {'most': most, 'cap': told.monthly_cap}}."
