"""`GET /api/v1/nps` and `GET /api/v1/before-after`: the shop's own figures as JSON or CSV."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from pydantic import BaseModel, ConfigDict
from rest_framework.request import Request
from rest_framework.response import Response

from analytics.figures_api import FiguresView, answers
from analytics.nps import MONTHS, nps_figures
from analytics.nps_views import nps_csv
from analytics.shop_change import WEEKS, shop_change
from analytics.shop_views import asked_for, in_whole_units, shop_csv
from analytics.shop_words import described
from campaigns import clock
from campaigns.answers import NPS
from campaigns.api.tables import FORMAT


class NpsOut(BaseModel):
    """A survey's score: points of −100 to 100, None under 30 answers; `trend` by calendar month of the shop's zone."""

    model_config = ConfigDict(extra="allow")

    survey: str
    n: int
    nps: float | None
    interval: list[float] | None
    trend: list[dict[str, Any]]
    respondents: dict[str, Any]


class BeforeAfterOut(BaseModel):
    """The shop before and after a day; each metric holds `before`, `after`, `plain`, `season` and `warnings`."""

    model_config = ConfigDict(extra="allow")

    day: str
    weeks: int
    currency: str
    running: bool
    metrics: dict[str, Any]
    sentence: str


class NpsView(FiguresView):
    """The net promoter score."""

    @extend_schema(
        operation_id="read_nps",
        summary="Read the net promoter score month by month, and who answered",
        parameters=[
            FORMAT,
            OpenApiParameter("survey", OpenApiTypes.STR, description="nps where left out."),
            OpenApiParameter("months", OpenApiTypes.INT, enum=list(MONTHS), description="12 where left out."),
        ],
        responses=answers(NpsOut),
        tags=["measure"],
        description="",
    )
    def get(self, request: Request) -> Response:
        """Return the figures; comments are personal and not among them."""
        asked = request.query_params.get("months", "")
        months = int(asked) if asked in map(str, MONTHS) else MONTHS[0]
        figures = nps_figures(request.query_params.get("survey") or NPS, months, clock.now())
        return Response(nps_csv(figures) if request.accepted_renderer.format == "csv" else figures)


class BeforeAfterView(FiguresView):
    """The whole shop before and after a day."""

    @extend_schema(
        operation_id="read_before_after",
        summary="Read what changed in the shop after a day, with every range and warning",
        parameters=[
            FORMAT,
            OpenApiParameter("day", OpenApiTypes.DATE, description="The first day of the time after."),
            OpenApiParameter("weeks", OpenApiTypes.INT, enum=list(WEEKS), description="12 where left out."),
        ],
        responses=answers(BeforeAfterOut),
        tags=["measure"],
        description="",
    )
    def get(self, request: Request) -> Response:
        """Return the table."""
        figures = described(shop_change(*asked_for(request.query_params, clock.now()), clock.now()))
        return Response(shop_csv(figures) if request.accepted_renderer.format == "csv" else in_whole_units(figures))
