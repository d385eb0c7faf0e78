"""The page of the shop before and after a day, its JSON and CSV, and its sales month by month."""

import csv
import io
from datetime import date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.contrib import admin
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.dateparse import parse_date
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from analytics.facts.months import MonthSales, monthly_sales
from analytics.facts.windows import YEAR, Period
from analytics.formats import day as day_words
from analytics.formats import money, symbol
from analytics.shop_change import WEEKS, shop_change
from analytics.shop_words import described, with_shared_warnings
from analytics.table import safe_cell
from campaigns import clock
from campaigns.models import Shop
from campaigns.models.fields import major_units

_may_see = permission_required("campaigns.view_campaign", raise_exception=True)
COLUMNS: Final = (
    *("metric", "unit"),
    *("before", "before_low", "before_high", "before_n"),
    *("after", "after_low", "after_high", "after_n"),
    *("change", "change_low", "change_high", "relative", "relative_low", "relative_high"),
    *("season_relative", "season_relative_low", "season_relative_high", "warnings"),
)


def asked_for(given: Any, now: datetime) -> tuple[date, int]:
    """Return the day and the weeks that a query names, or the latest twelve weeks that are over on both sides."""
    weeks = int(given.get("weeks")) if str(given.get("weeks", "")) in map(str, WEEKS) else 12
    today = now.astimezone(ZoneInfo(Shop.get().timezone)).date()
    try:
        day = parse_date(given.get("day", "")) or today - timedelta(weeks=weeks)
    except ValueError:
        day = today - timedelta(weeks=weeks)
    # Periods of a year before and after must fit into the calendar.
    return max(date(1970, 1, 1), min(day, date(2199, 1, 1))), weeks


@_may_see
def shop(request: HttpRequest) -> HttpResponse:
    """Show the table."""
    now = clock.now()
    day, weeks = asked_for(request.GET, now)
    figures = with_shared_warnings(described(shop_change(day, weeks, now)))
    sales = _sales(day)
    context = admin.site.each_context(request) | {
        "title": _("Before and after"),
        "figures": figures,
        "day": day,
        "weeks": weeks,
        "choices": WEEKS,
        "periods": {
            name: f"{day_words(since)} – {day_words((datetime.fromisoformat(until) - timedelta(days=1)).isoformat())}"
            for name, (since, until) in figures["periods"].items()
        },
        "months": [_month(row, figures["currency"], now) for row in sales],
        "plots": {"sales": _sales_plot(sales, figures["currency"], now)} if sales else {},
    }
    return render(request, "analytics/shop.html", context)


@_may_see
def shop_json(request: HttpRequest) -> HttpResponse:
    """Return the table as JSON, its money in whole units."""
    return JsonResponse(in_whole_units(described(shop_change(*asked_for(request.GET, clock.now()), clock.now()))))


@_may_see
def shop_table(request: HttpRequest) -> HttpResponse:
    """Return the table as a CSV file."""
    figures = described(shop_change(*asked_for(request.GET, clock.now()), clock.now()))
    headers = {"Content-Disposition": f'attachment; filename="before-after-{figures["day"]}.csv"'}
    return HttpResponse(shop_csv(figures), content_type="text/csv; charset=utf-8", headers=headers)


def shop_csv(figures: dict[str, Any]) -> str:
    """Return one row a metric: values, changes and their intervals, money in whole units, warnings in words."""
    figures = in_whole_units(figures)
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS)
    writer.writeheader()
    for name, row in figures["metrics"].items():
        writer.writerow({key: safe_cell(value) for key, value in _cells(name, row, figures["currency"]).items()})
    return out.getvalue()


def _cells(name: str, row: dict[str, Any], currency: str) -> dict[str, Any]:
    unit = {"conversion": "share", "nps": "points"}.get(name, currency)
    cells: dict[str, Any] = {
        "metric": name,
        "unit": unit,
        "warnings": " ".join(warning["sentence"] for warning in row["warnings"]),
    }
    for side in ("before", "after"):
        low, high = row[side]["interval"] or (None, None)
        cells |= {side: row[side]["value"], f"{side}_low": low, f"{side}_high": high, f"{side}_n": row[side]["n"]}
    plain, season = row["plain"], row["season"]
    low, high = plain.get("diff_ci") or (None, None)
    cells |= {"change": plain.get("diff"), "change_low": low, "change_high": high}
    for prefix, change in (("", plain), ("season_", season)):
        low, high = change.get("rel_ci") or (None, None)
        cells |= {
            f"{prefix}relative": change.get("rel"),
            f"{prefix}relative_low": low,
            f"{prefix}relative_high": high,
        }
    return cells


def in_whole_units(figures: dict[str, Any]) -> dict[str, Any]:
    """Return the table with its money as 12.34, not 1234."""
    unit = float(major_units(1, figures["currency"]))

    def scaled(value: Any) -> Any:
        if isinstance(value, list):
            return [scaled(one) for one in value]
        # Ten digits are more than any interval knows, and spare the reader 0.30000000000000004.
        return value if value is None else float(f"{value * unit:.10g}")

    money_keys = ("value", "interval", "diff", "diff_ci", "value_t", "value_c")
    metrics = {
        name: {
            part: {key: scaled(value) if key in money_keys else value for key, value in told.items()}
            if isinstance(told, dict)
            else told
            for part, told in row.items()
        }
        if name in ("basket", "revenue", "cac")
        else row
        for name, row in figures["metrics"].items()
    }
    return figures | {"metrics": metrics}


def _sales(day: date) -> list[MonthSales]:
    """Return the months from a year before `day` on, until now."""
    zone = ZoneInfo(Shop.get().timezone)
    first = (day - timedelta(days=YEAR)).replace(day=1)
    since = datetime(first.year, first.month, 1, tzinfo=zone)
    now = clock.now()
    return monthly_sales(Period(since=since, until=now), zone) if since < now else []


def _runs(row: MonthSales, now: datetime) -> bool:
    local = now.astimezone(ZoneInfo(Shop.get().timezone))
    return (row.month.year, row.month.month) == (local.year, local.month)


def _sales_plot(sales: list[MonthSales], currency: str, now: datetime) -> dict[str, Any]:
    """Return revenue by month as bars, in whole units; one that is still running must not look like a fall."""
    unit = float(major_units(1, currency))
    rows = [
        {"label": date_format(row.month, "N Y"), "value": row.revenue * unit, "text": money(row.revenue, currency)}
        for row in sales
    ]
    return {"kind": "bars", "unit": symbol(currency), "rows": rows, "running": _runs(sales[-1], now)}


def _month(row: MonthSales, currency: str, now: datetime) -> dict[str, Any]:
    return {
        "month": date_format(row.month, "F Y"),
        "running": _runs(row, now),
        "orders": row.orders,
        "customers": row.customers,
        "revenue": money(row.revenue, currency),
    }
