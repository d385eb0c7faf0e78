"""The pages of the reports, for people who may see campaigns."""

import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from django.contrib import admin
from django.contrib.auth.decorators import permission_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from analytics.bilan import bilan_figures, bilan_words
from analytics.chart import charts, in_major_units
from analytics.export import contacts_csv, shop_csv
from analytics.formats import day
from analytics.gate_words import METHODS, confidence_words, gate_words
from analytics.money_words import frozen_sentences
from analytics.report import as_frozen, campaign_report, described
from analytics.table import report_csv
from analytics.words import EVIDENCES, TITLES
from campaigns import clock
from campaigns.models import Campaign
from triggers.admin.words import reason_words

_may_see = permission_required("campaigns.view_campaign", raise_exception=True)
PAGE_SIZE: Final = 25
SECONDS_TO_MEASURE: Final = 3.0
PILLS: Final = {
    "good": gettext_lazy("it works"),
    "bad": gettext_lazy("it harms"),
    "warn": gettext_lazy("look into it"),
    "calm": gettext_lazy("not proven"),
}


def _campaign(slug: str) -> Campaign:
    return get_object_or_404(Campaign.objects.select_related("moment", "gesture"), slug=slug)


@_may_see
def reports(request: HttpRequest) -> HttpResponse:
    """List the launched campaigns with their verdicts, as last measured."""
    launched = (
        Campaign.objects.filter(launched_at__isnull=False)
        .select_related("moment", "gesture", "report", "frozen_report")
        .order_by("-launched_at")
    )
    page = Paginator(launched, PAGE_SIZE).get_page(request.GET.get("page"))
    patience = time.monotonic() + SECONDS_TO_MEASURE
    rows = [{"campaign": campaign, "verdict": _verdict(campaign, patience)} for campaign in page]
    context = admin.site.each_context(request) | {"title": _("Reports"), "page": page, "rows": rows}
    if rows:
        context["programme"] = bilan_words(bilan_figures("", clock.now()))
    return render(request, "analytics/reports.html", context)


@_may_see
def report(request: HttpRequest, slug: str) -> HttpResponse:
    """Show a campaign's report."""
    campaign = _campaign(slug)
    content = campaign_report(campaign, clock.now())
    context = admin.site.each_context(request) | {
        "title": campaign.name,
        "campaign": campaign,
        "report": content,
        "tone": verdict_tone(content),
        "confidence": confidence_words(content["level"], early=content["course"]["early"])
        if "course" in content
        else "",
        "gates": [gate_words(gate) for gate in content["gates"]],
        "metrics": [_card(name, metric, content) for name, metric in content["metrics"].items()],
        "plots": charts(content) if content["gates"] else {},
        "periods": _periods(content),
        "contacts_sentence": content.get("contacts_before_after", {}).get("sentence", ""),
        "computed_at": datetime.fromisoformat(content["computed_at"]),
        "frozen": frozen_sentences(content["frozen"], TITLES | {"verdict": _("Verdict")}),
        "exclusions": [(reason_words(code), count) for code, count in content.get("exclusions", {}).items()],
        "withheld": [(reason_words(code), count) for code, count in content.get("withheld", {}).items()],
    }
    return render(request, "analytics/report.html", context)


@_may_see
def report_json(request: HttpRequest, slug: str) -> HttpResponse:  # noqa: ARG001 - a view's form
    """Return the report as JSON, its money in whole units of the shop's currency."""
    return JsonResponse(in_major_units(campaign_report(_campaign(slug), clock.now())))


@_may_see
def report_table(request: HttpRequest, slug: str) -> HttpResponse:  # noqa: ARG001 - a view's form
    """Return the report as a CSV file."""
    text = report_csv(campaign_report(_campaign(slug), clock.now()))
    headers = {"Content-Disposition": f'attachment; filename="{slug}.csv"'}
    return HttpResponse(text, content_type="text/csv; charset=utf-8", headers=headers)


@_may_see
def contact_table(request: HttpRequest, slug: str) -> StreamingHttpResponse:  # noqa: ARG001 - a view's form
    """Return the rows behind the control group's figures, without personal data."""
    return csv_download(contacts_csv(_campaign(slug), clock.now()), f"{slug}-contacts.csv")


@_may_see
def shop_rows_table(request: HttpRequest, slug: str) -> StreamingHttpResponse:  # noqa: ARG001 - a view's form
    """Return the rows behind the before/after, without personal data."""
    campaign = _campaign(slug)
    if campaign.launched_at is None:
        raise Http404
    return csv_download(shop_csv(campaign, clock.now()), f"{slug}-shop.csv")


def csv_download(lines: Iterator[str], name: str) -> StreamingHttpResponse:
    """Return lines as a file that is made while it is sent."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8", headers=headers)


def verdict_tone(content: dict[str, Any]) -> str:
    """Return the colour of a verdict: good, bad, warn for a broken comparison, calm for "not yet"."""
    code = content["verdict"]["code"]
    if code.startswith("works"):
        return "good"
    if code in ("harms", "contaminated", "unbalanced_draw", "unlike_before"):
        return "bad" if code == "harms" else "warn"
    return "calm"


def _verdict(campaign: Campaign, patience: float) -> dict[str, Any] | None:
    """Return the verdict as last measured; what never was is measured while the reader's patience lasts."""
    kept, frozen = getattr(campaign, "report", None), getattr(campaign, "frozen_report", None)
    if kept is None and frozen is None and time.monotonic() > patience:
        return None
    if frozen:
        content = described(frozen.content, as_frozen(campaign, frozen))
    else:
        content = described(kept.content, campaign) if kept else campaign_report(campaign, clock.now())
    verdict: dict[str, Any] = content["verdict"]
    tone = verdict_tone(content)
    return verdict | {"tone": tone, "pill": PILLS[tone]}


def _periods(content: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the weeks compared by before/after, as words."""
    titles = {"before": _("Before"), "after": _("After")}
    return [
        (titles[name], f"{day(since)} – {day(until)}") for name, (since, until) in content.get("periods", {}).items()
    ]


def _card(name: str, metric: dict[str, Any], content: dict[str, Any]) -> dict[str, Any]:
    rows = [
        metric[evidence]
        | {"evidence_name": evidence, "method_text": METHODS.get(metric[evidence].get("method", ""), "")}
        for evidence in EVIDENCES
    ]
    others = [way | {"method_text": METHODS[way["method"]]} for way in content["robust"]] if name == "revenue" else []
    return {
        "name": name,
        "title": metric["title"],
        "meaning": metric["meaning"],
        "rows": rows,
        "others": others,
        "warning": content["one_customer"] if name in ("revenue", "basket") else "",
    }
