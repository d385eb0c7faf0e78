"""Answers that are also a table: `?format=csv` beside JSON."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request

FORMAT: Final = OpenApiParameter(
    "format", OpenApiTypes.STR, enum=["json", "csv"], description="json where left out; csv is a table."
)


class CsvRenderer(BaseRenderer):
    """Hands CSV text on as it is; a problem stays JSON."""

    media_type = "text/csv"
    format = "csv"
    charset = "utf-8"

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        """Return the body."""
        if isinstance(data, str):
            return data.encode()
        rendered: bytes = JSONRenderer().render(data, "application/json", renderer_context)
        return rendered


class FormatByParameter(DefaultContentNegotiation):
    """Lets `?format=` choose the renderer, which the rest of the API has no use for."""

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        """Return the renderer asked for. Raises Http404 for a format that does not exist."""
        chosen: tuple[BaseRenderer, str] = super().select_renderer(
            request, renderers, format_suffix or request.query_params.get("format")
        )
        return chosen
