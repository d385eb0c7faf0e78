"""The rows behind a report for a notebook: `GET /api/v1/campaigns/{slug}/contacts` and `…/shop-rows`, as CSV."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, ClassVar, Final

from django.http import Http404, StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request

from analytics.export import contacts_csv, shop_csv
from analytics.views import csv_download
from campaigns import clock
from campaigns.api.contract import READING
from campaigns.api.facts import ApiView
from campaigns.api.problems import PROBLEM_TYPE, Problem
from campaigns.api.tables import CsvRenderer
from campaigns.models import ApiKey, Campaign

_ANSWERS: Final[dict[Any, Any]] = {
    (200, "text/csv"): OpenApiTypes.STR,
    **{(status, PROBLEM_TYPE): OpenApiResponse(Problem) for status in READING},
}


class _RowsView(ApiView):
    scopes: ClassVar[dict[str, str]] = {"GET": ApiKey.Scope.READ}
    renderer_classes = [CsvRenderer, JSONRenderer]

    def rows(self, slug: str, lines: Callable[[Campaign, datetime], Iterator[str]], name: str) -> StreamingHttpResponse:
        """Return the rows of a launched campaign; raises Http404 for any other."""
        campaign = Campaign.objects.filter(slug=slug, launched_at__isnull=False).select_related("moment").first()
        if campaign is None:
            raise Http404
        return csv_download(lines(campaign, clock.now()), f"{slug}-{name}.csv")


class ContactsView(_RowsView):
    """Who was in which group and what they did, without names or ids."""

    @extend_schema(
        operation_id="read_contacts",
        summary="Read a campaign's contacts with their outcomes, one a line, without personal data",
        responses=_ANSWERS,
        tags=["measure"],
        description="",
    )
    def get(self, request: Request, slug: str) -> StreamingHttpResponse:  # noqa: ARG002 - a view's form
        """Return the rows."""
        return self.rows(slug, contacts_csv, "contacts")


class ShopRowsView(_RowsView):
    """The shop before and after a launch, by kind of customer."""

    @extend_schema(
        operation_id="read_shop_rows",
        summary="Read how many customers ordered how much before and after a campaign's launch, without personal data",
        responses=_ANSWERS,
        tags=["measure"],
        description="",
    )
    def get(self, request: Request, slug: str) -> StreamingHttpResponse:  # noqa: ARG002 - a view's form
        """Return the rows."""
        return self.rows(slug, shop_csv, "shop")
