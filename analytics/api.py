"""`GET /api/v1/campaigns/{slug}/report`: the report for the shop's own systems, as JSON or CSV."""

from typing import Any, ClassVar

from django.http import Http404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from pydantic import BaseModel, ConfigDict
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from analytics.chart import in_major_units
from analytics.report import campaign_report
from analytics.table import report_csv
from campaigns import clock
from campaigns.api.contract import READING
from campaigns.api.facts import ApiView
from campaigns.api.problems import PROBLEM_TYPE, Problem
from campaigns.api.tables import FORMAT, CsvRenderer, FormatByParameter
from campaigns.models import ApiKey, Campaign


class VerdictOut(BaseModel):
    """What may be concluded: a stable code, and the sentence in the language asked for."""

    model_config = ConfigDict(extra="allow")

    code: str
    sentence: str


class ReportOut(BaseModel):
    """A campaign's report.

    Each metric holds `holdout`, `season` and `plain`: an estimate with `diff`, `diff_ci`, `rel`, `rel_ci`, `method` and
    `trust`, or `refused` with its reason. Money is in units of `currency`, shares are of 1.
    """

    model_config = ConfigDict(extra="allow")

    campaign: str
    name: str
    status: str
    computed_at: str
    final: bool
    verdict: VerdictOut
    gates: list[dict[str, Any]]
    metrics: dict[str, Any]


class ReportView(ApiView):
    """One campaign's report."""

    content_negotiation_class = FormatByParameter

    scopes: ClassVar[dict[str, str]] = {"GET": ApiKey.Scope.READ}
    renderer_classes = [JSONRenderer, CsvRenderer]

    @extend_schema(
        operation_id="read_report",
        summary="Read a campaign's report: did it work, and how much of that to believe",
        parameters=[FORMAT],
        responses={
            (200, "application/json"): OpenApiResponse(ReportOut),
            (200, "text/csv"): OpenApiTypes.STR,
            **{(status, PROBLEM_TYPE): OpenApiResponse(Problem) for status in READING},
        },
        tags=["measure"],
        description="",
    )
    def get(self, request: Request, slug: str) -> Response:
        """Return the report."""
        campaign = Campaign.objects.filter(slug=slug).first()
        if campaign is None:
            raise Http404
        report = campaign_report(campaign, clock.now())
        wants_csv = request.accepted_renderer.format == "csv"
        return Response(report_csv(report) if wants_csv else in_major_units(report))
