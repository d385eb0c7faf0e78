"""The page of the whole programme beside its global control groups, its JSON, and its twin in the REST API."""

from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from pydantic import BaseModel, ConfigDict
from rest_framework.request import Request
from rest_framework.response import Response

from analytics.bilan_views import in_whole_units
from analytics.programme import programme_figures, programme_plots, programme_tables, programme_words
from campaigns import clock
from campaigns.api.contract import operation
from campaigns.api.facts import ApiView
from campaigns.models import ApiKey

type Figures = dict[str, Any]

_may_see = permission_required("campaigns.view_campaign", raise_exception=True)


@_may_see
def programme(request: HttpRequest) -> HttpResponse:
    """Show what the whole programme changed, an epoch at a time."""
    told = programme_words(programme_figures(clock.now()))
    context = admin.site.each_context(request) | {
        "title": _("The whole programme"),
        "figures": told,
        "metrics": programme_tables(told),
        "plots": programme_plots(told),
    }
    return render(request, "analytics/programme.html", context)


@_may_see
def programme_json(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - a view's form
    """Return the same as JSON, its money in whole units."""
    return JsonResponse(told_programme())


def told_programme() -> Figures:
    """Return the programme with words, its money in whole units, without comments, which are personal."""
    told = programme_words(programme_figures(clock.now()))
    return told | {
        "current": in_whole_units(told["current"]),
        "epochs": [in_whole_units(one) for one in told["epochs"]],
    }


class ProgrammeOut(BaseModel):
    """The whole programme: `epochs` of the global control group, the latest first, each with the sizes of both sides,
    `gained` (conversion and revenue a customer with their intervals) or `refused`; `checks` are of the latest."""

    model_config = ConfigDict(extra="allow")

    currency: str
    sentence: str
    honest: str
    current: dict[str, Any]
    epochs: list[dict[str, Any]]
    checks: list[dict[str, Any]]


class ProgrammeView(ApiView):
    """The whole programme."""

    scopes: ClassVar[dict[str, str]] = {"GET": ApiKey.Scope.READ}

    @operation(
        name="read_programme",
        summary="Read what the whole programme changed beside each quarter's global control group, with every check",
        answers={200: ProgrammeOut},
        tag="measure",
    )
    def get(self, request: Request) -> Response:  # noqa: ARG002 - a view's form
        """Return the figures."""
        return Response(told_programme())
