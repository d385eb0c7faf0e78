"""What the views of the shop's own figures have in common: read-only, JSON or CSV."""

from typing import Any, ClassVar

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse
from pydantic import BaseModel
from rest_framework.renderers import JSONRenderer

from campaigns.api.contract import READING
from campaigns.api.facts import ApiView
from campaigns.api.problems import PROBLEM_TYPE, Problem
from campaigns.api.tables import CsvRenderer, FormatByParameter
from campaigns.models import ApiKey


class FiguresView(ApiView):
    """A view whose `?format=csv` is a table."""

    content_negotiation_class = FormatByParameter
    scopes: ClassVar[dict[str, str]] = {"GET": ApiKey.Scope.READ}
    renderer_classes = [JSONRenderer, CsvRenderer]


def answers(shape: type[BaseModel]) -> dict[Any, Any]:
    """Return what such a view may answer, for the contract."""
    return {
        (200, "application/json"): OpenApiResponse(shape),
        (200, "text/csv"): OpenApiTypes.STR,
        **{(status, PROBLEM_TYPE): OpenApiResponse(Problem) for status in READING},
    }
