"""The page of a campaign's early signs and its JSON."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _

from analytics.early_signs import add_speed, early_signs
from analytics.report import campaign_report
from campaigns import clock
from campaigns.models import Campaign

type Figures = dict[str, Any]

_may_see = permission_required("campaigns.view_campaign", raise_exception=True)


@_may_see
def signs(request: HttpRequest, slug: str) -> HttpResponse:
    """Show which small actions a campaign moved."""
    campaign = get_object_or_404(Campaign.objects.select_related("moment", "gesture"), slug=slug)
    told = told_signs(campaign)
    rows = [
        {
            "label": row["title"],
            "value": 1000 * row["diff"],
            "low": 1000 * row["diff_ci"][0],
            "high": 1000 * row["diff_ci"][1],
            "tone": "season" if row["moved"] else "grey",
            "text": row["range_text"],
        }
        for row in told["signs"]
        if row["diff"] is not None
    ]
    context = admin.site.each_context(request) | {
        "title": _("Early signs"),
        "campaign": campaign,
        "figures": told,
        "plots": {"signs": {"kind": "dots", "zero": 0, "unit": _("customers in 1,000 more or fewer"), "rows": rows}},
    }
    return render(request, "analytics/signs.html", context)


@_may_see
def signs_json(request: HttpRequest, slug: str) -> HttpResponse:  # noqa: ARG001 - a view's form
    """Return the early signs as JSON."""
    return JsonResponse(told_signs(get_object_or_404(Campaign, slug=slug)))


def told_signs(campaign: Campaign) -> Figures:
    """Return a campaign's early signs with their speed beside purchases."""
    told = early_signs(campaign, clock.now())
    counts = campaign_report(campaign, clock.now()).get("counts")
    purchase = counts["buyers_control"] / counts["mature_control"] if counts and counts["mature_control"] else 0.0
    return add_speed(told, purchase)
