"""`GET /api/v1/funnel` and `GET /api/v1/signals`: how far people come, and what comes before a purchase."""

from typing import Any, Final

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from pydantic import BaseModel, ConfigDict
from rest_framework.request import Request
from rest_framework.response import Response

from analytics.figures_api import FiguresView, answers
from analytics.funnel import WEEKS
from analytics.signal_views import funnel_csv, signals_csv, told_funnel, told_signals
from campaigns.api.tables import FORMAT

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
