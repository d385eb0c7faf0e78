"""The page of the Bilan, to print for the boss, with its JSON."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from analytics.bilan import bilan_figures, bilan_words
from analytics.formats import money, symbol
from analytics.models import Report
from analytics.report import described
from analytics.views import PILLS, verdict_tone
from campaigns import clock
from campaigns.models.fields import major_units

type Figures = dict[str, Any]

_may_see = permission_required("campaigns.view_campaign", raise_exception=True)
MOST_CAMPAIGNS = 12


def told_bilan(given: Any) -> Figures:
    """Return the Bilan of the epoch that a query names, with words, its money in minor units."""
    return bilan_words(bilan_figures(given.get("epoch", "").replace("\0", "")[:20], clock.now()))


@_may_see
def bilan(request: HttpRequest) -> HttpResponse:
    """Show the Bilan."""
    figures = told_bilan(request.GET)
    if not request.user.has_perm("campaigns.view_answer"):
        figures |= {"comments": []}
    context = admin.site.each_context(request) | {
        "title": _("Bilan"),
        "figures": figures,
        "campaigns": _campaigns(),
        "plots": {"gained": _plot(figures)} if figures["gained"] else {},
        "money": _rows(figures) if figures["gained"] else [],
    }
    return render(request, "analytics/bilan.html", context)


@_may_see
def bilan_json(request: HttpRequest) -> HttpResponse:
    """Return the Bilan as JSON, its money in whole units, without the comments, which are personal."""
    return JsonResponse(in_whole_units(told_bilan(request.GET)))


def in_whole_units(figures: Figures) -> Figures:
    """Return the Bilan with its money as 12.34, not 1234, and without comments."""
    unit = float(major_units(1, figures["currency"]))

    def scaled(value: Any) -> Any:
        if isinstance(value, list):
            return [scaled(one) for one in value]
        return value if value is None else float(f"{value * unit:.10g}")

    told = {key: value for key, value in figures.items() if key != "comments"} | {"cost": scaled(figures["cost"])}
    if figures["gained"]:
        gained = figures["gained"]
        money_keys = ("value_t", "value_c", "diff", "diff_ci")
        revenue = {key: scaled(value) if key in money_keys else value for key, value in gained["revenue"].items()}
        told["gained"] = gained | {
            "value": scaled(gained["value"]),
            "interval": scaled(gained["interval"]),
            "net": scaled(gained["net"]),
            "revenue": revenue,
        }
    return told


def _campaigns() -> list[Figures]:
    """Return the launched campaigns with the verdicts as last measured: below the programme's own."""
    rows = Report.objects.select_related("campaign", "campaign__moment").order_by("-campaign__launched_at")
    told = []
    for row in rows[:MOST_CAMPAIGNS]:
        verdict = described(row.content, row.campaign)["verdict"]
        tone = verdict_tone({"verdict": verdict})
        told.append({"campaign": row.campaign, "sentence": verdict["sentence"], "tone": tone, "pill": PILLS[tone]})
    return told


def _rows(figures: Figures) -> list[Figures]:
    """Return what the drawing shows, as a table: the margin, and what is left of it after the cost."""
    gained, currency = figures["gained"], figures["currency"]
    values = (
        (_("Margin gained"), gained["value"], figures["gained_text"]),
        (_("Less its cost"), gained["value"] - figures["cost"], figures["net_text"]),
    )
    return [
        {"title": title, "text": money(value, currency, signed=True), "range": ends} for title, value, ends in values
    ]


def _plot(figures: Figures) -> Figures:
    unit = float(major_units(1, figures["currency"]))
    gained = figures["gained"]
    tone = {"good": "good", "bad": "bad"}.get(figures["tone"], "season")

    def row(label: str, value: float, interval: list[float], text: str) -> Figures:
        low, high = (end * unit for end in interval)
        return {"label": label, "tone": tone, "text": text, "value": value * unit, "low": low, "high": high}

    return {
        "kind": "dots",
        "zero": 0,
        "signed": True,
        "unit": symbol(figures["currency"]),
        "rows": [
            row(_("Margin gained"), gained["value"], gained["interval"], figures["gained_text"]),
            row(_("Less its cost"), gained["value"] - figures["cost"], gained["net"], figures["net_text"]),
        ],
    }
