"""`GET /api/v1/campaigns/{slug}/plan`: what a campaign can show, before it is launched."""

from typing import Any, ClassVar

from django.http import Http404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from pydantic import BaseModel, ConfigDict
from rest_framework.request import Request
from rest_framework.response import Response

from analytics.plan import plan
from analytics.plan_views import FACTORS, asked_for
from analytics.plan_words import plan_words
from campaigns import clock
from campaigns.api.contract import READING
from campaigns.api.facts import ApiView
from campaigns.api.problems import PROBLEM_TYPE, Problem
from campaigns.models import ApiKey, Campaign
from campaigns.models.fields import major_units


class PlanOut(BaseModel):
    """A plan: `choices` of control groups with `weeks`, `detectable` (share of 1) and `price`, and the `advice`."""

    model_config = ConfigDict(extra="allow")

    campaign: str
    currency: str
    supposed: dict[str, Any]
    problem: str
    choices: list[dict[str, Any]]
    sentence: str


class PlanView(ApiView):
    """What a campaign can show."""

    scopes: ClassVar[dict[str, str]] = {"GET": ApiKey.Scope.READ}

    @extend_schema(
        operation_id="read_plan",
        summary="Read which effect a campaign can show, in how many weeks, and at what price",
        parameters=[
            OpenApiParameter("weekly", OpenApiTypes.FLOAT, description="Contacts a week; of the past if left out."),
            OpenApiParameter("rate", OpenApiTypes.FLOAT, description="Percent who come to the goal by themselves."),
            OpenApiParameter("useful", OpenApiTypes.FLOAT, description="Extra successes for 1,000 contacts."),
        ],
        responses={
            (200, "application/json"): OpenApiResponse(PlanOut),
            **{(status, PROBLEM_TYPE): OpenApiResponse(Problem) for status in READING},
        },
        tags=["measure"],
        description="",
    )
    def get(self, request: Request, slug: str) -> Response:
        """Return the plan."""
        campaign = Campaign.objects.filter(slug=slug).select_related("moment", "gesture").first()
        if campaign is None:
            raise Http404
        given, _wrong = asked_for({name: request.query_params.get(name, "") for name in FACTORS})
        figures = plan_words(plan(campaign, clock.now(), given))
        unit = float(major_units(1, figures["currency"]))
        choices = [
            one | {"price": None if one["price"] is None else round(one["price"] * unit, 2)}
            for one in figures["choices"]
        ]
        basket = figures["seen"]["basket"]
        seen = figures["seen"] | {"basket": None if basket is None else round(basket * unit, 2)}
        return Response(figures | {"choices": choices, "seen": seen})
