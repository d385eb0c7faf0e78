"""The page of the net promoter score: trend, who answered, comments to read and to search."""

import csv
import io
from typing import Any, Final

from django.contrib import admin
from django.contrib.auth.decorators import permission_required
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.dateparse import parse_date
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from analytics.facts.scores import BANDS, surveys
from analytics.formats import number, pair, percent
from analytics.nps import MONTHS, nps_figures
from analytics.table import safe_cell
from campaigns import clock
from campaigns.answers import NPS
from campaigns.models import Answer

_may_see = permission_required("campaigns.view_answer", raise_exception=True)
PAGE_SIZE: Final = 20
BAND_TITLES: Final = {
    "promoters": gettext_lazy("promoters"),
    "passives": gettext_lazy("passives"),
    "detractors": gettext_lazy("detractors"),
}


def _asked_for(request: HttpRequest) -> tuple[str, int]:
    """Return the survey and the number of months that the address names, or the usual ones."""
    months = request.GET.get("months", "")
    chosen = int(months) if months.isdecimal() and int(months) in MONTHS else MONTHS[0]
    return request.GET.get("survey") or NPS, chosen


@_may_see
def nps(request: HttpRequest) -> HttpResponse:
    """Show a survey's score and its comments."""
    survey, months = _asked_for(request)
    figures = nps_figures(survey, months, clock.now())
    query, band = request.GET.get("q", "").strip()[:200], request.GET.get("band", "")
    kept = request.GET.copy()
    kept.pop("page", None)
    context = admin.site.each_context(request) | {
        "title": _("Would they recommend us?"),
        "figures": figures,
        "score": _score(figures),
        "trend": [_row(month) | {"month": _month(month["month"])} for month in figures["trend"]],
        "classes": [_class_row(row) for row in figures["respondents"]["classes"]],
        "survey": survey,
        "surveys": surveys() or [NPS],
        "months": months,
        "choices": MONTHS,
        "comments": Paginator(_comments(figures, query, band), PAGE_SIZE).get_page(request.GET.get("page")),
        "query": query,
        "band": band,
        "bands": BAND_TITLES,
        "kept": kept.urlencode(),
        "plots": {"nps": {"kind": "months", "rows": [_point(month) for month in figures["trend"]]}},
    }
    return render(request, "analytics/nps.html", context)


@_may_see
def nps_json(request: HttpRequest) -> HttpResponse:
    """Return the figures of the page as JSON; comments are personal and stay on it."""
    return JsonResponse(nps_figures(*_asked_for(request), clock.now()))


@_may_see
def nps_table(request: HttpRequest) -> HttpResponse:
    """Return the trend as a CSV file."""
    figures = nps_figures(*_asked_for(request), clock.now())
    headers = {"Content-Disposition": 'attachment; filename="nps.csv"'}
    return HttpResponse(nps_csv(figures), content_type="text/csv; charset=utf-8", headers=headers)


def nps_csv(figures: dict[str, Any]) -> str:
    """Return one row a month: counts, score and the ends of its interval, empty under 30 answers."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["survey", "month", "answers", "promoters", "passives", "detractors", "nps", "low", "high"])
    for month in figures["trend"]:
        low, high = month["interval"] or ("", "")
        counts = [month[name] for name in ("n", *BANDS)]
        writer.writerow([safe_cell(figures["survey"]), month["month"], *counts, safe_cell(month["nps"]), low, high])
    return out.getvalue()


def _comments(figures: dict[str, Any], query: str, band: str) -> QuerySet[Answer]:
    """Return the answers of the period with words, the newest first; every word of `query` must stand in them."""
    wanted = Q(survey=figures["survey"], answered_at__gte=figures["since"], answered_at__lt=figures["until"])
    for word in query.split():
        wanted &= Q(comment__icontains=word)
    if band in BANDS:
        wanted &= Q(score__range=BANDS[band])
    return Answer.objects.filter(wanted).exclude(comment="").select_related("customer").order_by("-answered_at", "-pk")


def _score(told: dict[str, Any]) -> str:
    return number(told["nps"], signed=True) if told["nps"] is not None else "–"


def _row(told: dict[str, Any]) -> dict[str, Any]:
    low, high = pair(*told["interval"], signed=True) if told["interval"] else ("", "")
    return told | {"score": _score(told), "range": _("%(low)s to %(high)s") % {"low": low, "high": high} if low else ""}


def _class_row(told: dict[str, Any]) -> dict[str, Any]:
    return _row(told) | {"rate_text": percent(told["rate"])}


def _month(iso: str) -> str:
    day = parse_date(iso)
    return str(date_format(day, "F Y")) if day else iso


def _point(told: dict[str, Any]) -> dict[str, Any]:
    """Return one month as the chart draws it; one with few answers is a gap."""
    low, high = told["interval"] or (None, None)
    day = parse_date(told["month"])
    short = str(date_format(day, "N Y")) if day else told["month"]
    return {"label": short, "value": told["nps"], "low": low, "high": high, "text": f"{_score(told)} · n = {told['n']}"}
