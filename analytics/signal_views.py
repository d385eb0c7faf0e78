"""The pages of the funnel and of the signals, their JSON and CSV, and the button that makes a moment of a finding."""

import csv
import io
from itertools import zip_longest
from typing import Any, Final

from django.contrib import admin
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from analytics.facts.deeds import ORDER
from analytics.formats import day
from analytics.funnel import WEEKS, funnel_figures
from analytics.funnel_words import funnel_words
from analytics.goals import goals, labels
from analytics.signal_words import signal_words
from analytics.signals import signal_figures
from analytics.table import safe_cell
from campaigns import clock

type Figures = dict[str, Any]

_may_see = permission_required("campaigns.view_campaign", raise_exception=True)
FUNNEL_COLUMNS: Final = ("step", "reached", "over", "went_on", "share", "share_low", "share_high", "median_days")
SIGNAL_COLUMNS: Final = (
    *("event", "did", "bought", "rate", "rate_low", "rate_high", "others", "others_rate"),
    *("crude_odds", "alike_odds", "adjusted_odds", "adjusted_low", "adjusted_high", "false_find", "stability"),
    *("lead_days", "share_of_buyers", "chosen", "why_not"),
)


def asked_for(given: Any) -> tuple[str, int]:
    """Return the goal and the weeks that a query names, or the usual ones."""
    goal, weeks = given.get("goal", ""), given.get("weeks", "")
    return goal if goal in goals() else ORDER, int(weeks) if str(weeks) in map(str, WEEKS) else WEEKS[1]


def told_funnel(given: Any) -> Figures:
    """Return the funnel that a query asks for, with words."""
    return funnel_words(funnel_figures(*asked_for(given), clock.now()), labels())


def told_signals(given: Any) -> Figures:
    """Return the signals that a query asks for, with words."""
    return signal_words(signal_figures(*asked_for(given), clock.now()), labels())


def _context(request: HttpRequest, title: str) -> Figures:
    goal, weeks = asked_for(request.GET)
    return admin.site.each_context(request) | {
        "title": title,
        "goal": goal,
        "goals": goals(),
        "weeks": weeks,
        "choices": WEEKS,
        "may_design": request.user.has_perm("campaigns.add_journeymoment"),
    }


@_may_see
def funnel(request: HttpRequest) -> HttpResponse:
    """Show the funnel."""
    figures = told_funnel(request.GET)
    context = _context(request, _("Funnel")) | {"figures": figures, "plots": funnel_plots(figures)}
    return render(request, "analytics/funnel.html", context)


@_may_see
def funnel_json(request: HttpRequest) -> HttpResponse:
    """Return the funnel as JSON."""
    return JsonResponse(told_funnel(request.GET))


@_may_see
def funnel_table(request: HttpRequest) -> HttpResponse:
    """Return the funnel as a CSV file."""
    return csv_file("funnel.csv", funnel_csv(told_funnel(request.GET)))


@_may_see
def signals(request: HttpRequest) -> HttpResponse:
    """Show the signals."""
    figures = told_signals(request.GET)
    periods = {name: f"{day(since)} – {day(until)}" for name, (since, until) in figures["periods"].items()}
    context = _context(request, _("Signals")) | {
        "figures": figures,
        "periods": periods,
        "plots": signal_plots(figures),
    }
    return render(request, "analytics/signals.html", context)


@_may_see
def signals_json(request: HttpRequest) -> HttpResponse:
    """Return the signals as JSON."""
    return JsonResponse(told_signals(request.GET))


@_may_see
def signals_table(request: HttpRequest) -> HttpResponse:
    """Return the signals as a CSV file."""
    return csv_file("signals.csv", signals_csv(told_signals(request.GET)))


def csv_file(name: str, text: str) -> HttpResponse:
    """Return a CSV text as a file to keep."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(text, content_type="text/csv; charset=utf-8", headers=headers)


def funnel_csv(figures: Figures) -> str:
    """Return one row a step: people, and the share of them who went on to the next."""
    rows = []
    for step, following in zip_longest(figures["steps"], figures["steps"][1:]):
        came = following["came"] if following else None
        rows.append(
            {
                "step": step["name"],
                "reached": step["reached"],
                "over": step["over"],
                "went_on": came and came["took"],
                "share": came and came["share"],
                "share_low": came and came["interval"][0],
                "share_high": came and came["interval"][1],
                "median_days": step["times"] and step["times"]["median"],
            }
        )
    return as_csv(FUNNEL_COLUMNS, rows)


def signals_csv(figures: Figures) -> str:
    """Return one row an event, with every figure of the page."""
    rows = []
    for row in figures["signals"]:
        adjusted = row["adjusted"] or {"value": None, "interval": (None, None)}
        low, high = row["rate_interval"] or (None, None)
        rows.append(
            {"event": row["name"], "rate_low": low, "rate_high": high, "false_find": row["likely_luck"]}
            | {key: row[key] for key in SIGNAL_COLUMNS if key in row}
            | {f"{name}_odds": row[name] and row[name]["value"] for name in ("crude", "alike")}
            | {
                "adjusted_odds": adjusted["value"],
                "adjusted_low": adjusted["interval"][0],
                "adjusted_high": adjusted["interval"][1],
            }
        )
    return as_csv(SIGNAL_COLUMNS, rows)


def as_csv(columns: tuple[str, ...], rows: list[Figures]) -> str:
    """Return rows as comma-separated values, safe to open in a spreadsheet."""
    out = io.StringIO()
    writer = csv.DictWriter(out, columns)
    writer.writeheader()
    writer.writerows({key: safe_cell(row[key]) for key in columns} for row in rows)
    return out.getvalue()


def funnel_plots(figures: Figures) -> Figures:
    """Return what the funnel page draws: the funnel, and the time to the next step as ribbons."""
    steps = figures["steps"]
    plots: Figures = {
        "funnel": {
            "kind": "funnel",
            "rows": [
                {"label": step["title"], "value": step["reached"], "text": step.get("came_text", "")} for step in steps
            ],
        }
    }
    for place, step in enumerate(steps):
        # One point is no line: everybody went on within the day, as the sentence says.
        if step["times"] and len(step["times"]["curve"]) > 1:
            plots[f"time-{place}"] = {
                "kind": "ribbon",
                "unit": "%",
                "x": _("days"),
                "stairs": True,
                "points": [
                    {"x": point["day"], **{key: 100 * point[name] for key, name in _RIBBON.items()}}
                    for point in step["times"]["curve"]
                ],
            }
    for place, row in enumerate(figures["friction"]):
        if row["drop"]:
            plots[f"weeks-{place}"] = {
                "kind": "bars",
                "level": 100 * row["drop"]["level"],
                "rows": [
                    {"label": told["since"], "value": 100 * week["took"] / week["n"] if week["n"] else None}
                    for told, week in zip(row["rows"], row["weeks"], strict=True)
                ],
                "worse": row["worse"],
            }
    return plots


_RIBBON: Final = {"value": "share", "low": "low", "high": "high"}


def signal_plots(figures: Figures) -> Figures:
    """Return what the signals page draws: the adjusted odds with their ranges around 1."""
    rows = [row for row in figures["signals"] if row["adjusted"]]
    return {
        "signals": {
            "kind": "dots",
            "log": True,
            "zero": 1,
            "unit": _("times the odds of equally active customers"),
            "rows": [
                {
                    "label": row["title"],
                    "value": row["adjusted"]["value"],
                    "low": row["adjusted"]["interval"][0],
                    "high": row["adjusted"]["interval"][1],
                    "tone": "good" if row["chosen"] else "season" if row["signal"] else "grey",
                    "text": f"{row['adjusted_text']} ({row['adjusted_range']})",
                }
                for row in rows
            ],
        }
    }
