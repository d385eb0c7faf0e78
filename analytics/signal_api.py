"""`GET /api/v1/funnel` and `GET /api/v1/signals`: how far people come, and what comes before a purchase."""

from typing import Any, Final

from django.http import Http404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from pydantic import BaseModel, ConfigDict
from rest_framework.request import Request
from rest_framework.response import Response

from analytics.bilan_views import in_whole_units, told_bilan
from analytics.figures_api import FiguresView, answers
from analytics.funnel import WEEKS
from analytics.sign_views import told_signs
from analytics.signal_views import funnel_csv, signals_csv, told_funnel, told_signals
from campaigns.api.contract import READING, operation
from campaigns.api.facts import ApiView
from campaigns.api.tables import FORMAT
from campaigns.models import Campaign

_CHOICE: Final = [
    FORMAT,
    OpenApiParameter("goal", OpenApiTypes.STR, description="order where left out, or the name of a macro-conversion."),
    OpenApiParameter("weeks", OpenApiTypes.INT, enum=list(WEEKS), description="8 where left out."),
]


class FunnelOut(BaseModel):
    """Each step with the people who reached it, the share who came from the step before with its interval, and the
    time to the next; `friction` compares the last week of each passage with its own eight weeks before."""

    model_config = ConfigDict(extra="allow")

    since: str
    until: str
    within_days: int
    steps: list[dict[str, Any]]
    friction: list[dict[str, Any]]
    sentence: str


class SignalsOut(BaseModel):
    """Each key event with its crude, stratified and adjusted odds before the goal, its lead time and whether it is
    `chosen`; `refused` names why nothing can be said."""

    model_config = ConfigDict(extra="allow")

    goal: str
    weeks: int
    customers: int
    buyers: int
    refused: str | None
    signals: list[dict[str, Any]]
    sentence: str


class FunnelView(FiguresView):
    """The funnel."""

    @extend_schema(
        operation_id="read_funnel",
        summary="Read the funnel: who drops out where, how long the others take, and where it got worse",
        parameters=_CHOICE,
        responses=answers(FunnelOut),
        tags=["measure"],
        description="",
    )
    def get(self, request: Request) -> Response:
        """Return the figures."""
        figures = told_funnel(request.query_params)
        return Response(funnel_csv(figures) if request.accepted_renderer.format == "csv" else figures)


class SignalsView(FiguresView):
    """The signals."""

    @extend_schema(
        operation_id="read_signals",
        summary="Read which small actions come before a purchase, adjusted for how active customers are",
        parameters=_CHOICE,
        responses=answers(SignalsOut),
        tags=["measure"],
        description="",
    )
    def get(self, request: Request) -> Response:
        """Return the figures."""
        figures = told_signals(request.query_params)
        return Response(signals_csv(figures) if request.accepted_renderer.format == "csv" else figures)


class BilanOut(BaseModel):
    """The whole programme over one quarter of its global control group: `gained` is the extra margin in units of
    `currency` with its interval, None where `refused` says why; `cost`, messages, complaints."""

    model_config = ConfigDict(extra="allow")

    epoch: str
    epochs: list[str]
    since: str
    until: str
    currency: str
    refused: str | None
    gained: dict[str, Any] | None
    cost: float
    sentence: str


class BilanView(ApiView):
    """The Bilan."""

    @operation(
        name="read_bilan",
        summary="Read what the whole programme brought beside its global control group, and what it cost",
        answers={200: BilanOut},
        parameters=[OpenApiParameter("epoch", OpenApiTypes.STR, description="The latest where left out.")],
        tag="measure",
    )
    def get(self, request: Request) -> Response:
        """Return the figures; comments are personal and not among them."""
        return Response(in_whole_units(told_bilan(request.query_params)))


class SignsOut(BaseModel):
    """Each key event with the shares of both arms who did it, the difference with its interval, and whether it
    `moved`; `refused` says why nothing is compared."""

    model_config = ConfigDict(extra="allow")

    campaign: str
    refused: str | None
    signs: list[dict[str, Any]]
    sentence: str


class SignsView(ApiView):
    """A campaign's early signs."""

    @operation(
        name="read_signs",
        summary="Read which small actions a campaign moved, beside its control group, before purchases tell",
        answers={200: SignsOut},
        problems=READING,
        tag="measure",
    )
    def get(self, request: Request, slug: str) -> Response:  # noqa: ARG002 - a view's form
        """Return the signs."""
        campaign = Campaign.objects.select_related("moment", "gesture").filter(slug=slug).first()
        if campaign is None:
            raise Http404
        return Response(told_signs(campaign))
