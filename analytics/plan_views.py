"""The page of a campaign's plan, before its launch or after."""

from collections.abc import Mapping
from typing import Any, Final

from django.contrib import admin
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.formats import localize_input
from django.utils.translation import gettext as _

from analytics.formats import money, number, percent
from analytics.plan import plan
from analytics.plan_words import plan_words
from campaigns import clock
from campaigns.models import Campaign

_may_see = permission_required("campaigns.view_campaign", raise_exception=True)
# What people write: contacts a week, a percentage, purchases for 1,000 contacts.
FACTORS: Final = {"weekly": 1.0, "rate": 0.01, "useful": 0.001}


def asked_for(given: Mapping[str, str]) -> tuple[dict[str, float | None], list[str]]:
    """Return what a query supposes, and the names of the fields that hold no number above 0."""
    told: dict[str, float | None] = {}
    wrong = []
    for name, factor in FACTORS.items():
        text = given.get(name, "").strip().replace(",", ".").replace("\N{NO-BREAK SPACE}", "")
        if not text:
            continue
        try:
            value = float(text)
        except ValueError:
            value = 0.0
        if 0 < value < 1e12:
            told[name] = value * factor
        else:
            wrong.append(name)
    return told, wrong


@_may_see
def plan_page(request: HttpRequest, slug: str) -> HttpResponse:
    """Show what the campaign can show."""
    campaign = get_object_or_404(Campaign.objects.select_related("moment", "gesture"), slug=slug)
    given, wrong = asked_for(request.GET)
    figures = plan_words(plan(campaign, clock.now(), given))
    supposed = figures["supposed"]
    context = admin.site.each_context(request) | {
        "title": _("Plan the measurement"),
        "campaign": campaign,
        "plan": figures,
        "wrong": wrong,
        "fields": {name: _field(supposed[name], factor) for name, factor in FACTORS.items()},
        "seen": _seen(figures["seen"], figures["currency"]),
        "service": not figures["control_share"],
    }
    return render(request, "analytics/plan.html", context)


def _field(value: float | None, factor: float) -> str:
    """Return a supposed figure as people write it: three digits are more than anybody knows of next year."""
    return localize_input(float(f"{value / factor:.3g}")).removesuffix(".0").removesuffix(",0") if value else ""


def _seen(seen: dict[str, Any], currency: str) -> list[tuple[str, str]]:
    return [
        (_("Customers a week who reached this moment"), number(seen["weekly"], 1 if seen["weekly"] < 10 else 0)),
        (
            _("Of these, came to the goal by themselves"),
            percent(seen["rate"]) if seen["rate"] is not None else _("not known"),
        ),
        (_("Mean order"), money(seen["basket"], currency) if seen["basket"] else _("not known")),
    ]
