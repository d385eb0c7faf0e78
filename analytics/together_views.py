"""The page of all finished campaigns together, and its twin in the REST API."""

from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiResponse, extend_schema
from pydantic import BaseModel, ConfigDict
from rest_framework.request import Request
from rest_framework.response import Response

from analytics.together import pooled
from analytics.together_words import pooled_plots, pooled_words
from campaigns.api.contract import READING
from campaigns.api.facts import ApiView
from campaigns.api.problems import PROBLEM_TYPE, Problem
from campaigns.models import ApiKey

_may_see = permission_required("campaigns.view_campaign", raise_exception=True)


@_may_see
def together(request: HttpRequest) -> HttpResponse:
    """Show what the campaigns found together, a goal at a time."""
    groups = pooled_words(pooled())
    context = admin.site.each_context(request) | {
        "title": _("All campaigns together"),
        "groups": groups,
        "plots": pooled_plots(groups),
    }
    return render(request, "analytics/together.html", context)


class PooledOut(BaseModel):
    """What campaigns of one goal found together: shares of 1 contact, `pool` None for a single campaign."""

    model_config = ConfigDict(extra="allow")

    goal: str
    campaigns: list[dict[str, Any]]
    pool: dict[str, Any] | None
    sentence: str


class PooledPage(BaseModel):
    """Every goal."""

    results: list[PooledOut]


class PooledView(ApiView):
    """All finished campaigns together."""

    scopes: ClassVar[dict[str, str]] = {"GET": ApiKey.Scope.READ}

    @extend_schema(
        operation_id="read_pooled",
        summary="Read what all campaigns past their day found together, a goal at a time",
        responses={
            (200, "application/json"): OpenApiResponse(PooledPage),
            **{(status, PROBLEM_TYPE): OpenApiResponse(Problem) for status in READING if status != 404},
        },
        tags=["measure"],
        description="",
    )
    def get(self, request: Request) -> Response:  # noqa: ARG002 - a view's form
        """Return the groups."""
        return Response({"results": pooled_words(pooled())})
