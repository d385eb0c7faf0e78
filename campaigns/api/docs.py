"""The OpenAPI as a file and as a page; both are public, and neither shows data."""

from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.api.facts import ApiView
from campaigns.api.problems import PROBLEM_TYPE, problem_body


@cache
def openapi() -> dict[str, Any]:
    """Return the OpenAPI of every view of the project, made once a process, in English."""
    with translation.override("en"):
        schema: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return schema


class OpenApiView(ApiView):
    """The contract as JSON."""

    authentication_classes = []
    permission_classes = []

    @extend_schema(exclude=True)
    def get(self, request: Request) -> Response:
        """Return the OpenAPI."""
        return Response(openapi())


@csrf_exempt
def nothing_here(request: HttpRequest) -> JsonResponse:
    """Answer every other address below /api/ with a problem, not with a page."""
    return JsonResponse(
        problem_body(404, _("There is nothing under this address.")), status=404, content_type=PROBLEM_TYPE
    )


def docs_page(request: HttpRequest) -> HttpResponse:
    """Show every operation, its fields and its answers, on one page without scripts."""
    schema = openapi()
    schemas = schema["components"]["schemas"]
    operations = [
        _operation(method.upper(), path, described, schemas)
        for path, methods in schema["paths"].items()
        for method, described in methods.items()
        if method in ("get", "post", "put", "patch", "delete")
    ]
    return render(request, "api/docs.html", {"operations": operations})


def _operation(method: str, path: str, described: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    body = described.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    name = _name(body)
    return {
        "id": described["operationId"],
        "method": method,
        "path": path,
        "summary": described.get("summary", described["operationId"]),
        "parameters": [p for p in described.get("parameters", []) if p["in"] != "path"],
        "body": name,
        "fields": _fields(schemas[name], schemas) if name in schemas else [],
        "answers": ", ".join(sorted(described["responses"])),
    }


def _fields(schema: dict[str, Any], schemas: dict[str, Any]) -> list[dict[str, Any]]:
    required = schema.get("required", [])
    return [
        {
            "name": name,
            "type": _type(field, schemas),
            "required": name in required,
            "about": field.get("description", ""),
        }
        for name, field in schema.get("properties", {}).items()
    ]


def _type(field: dict[str, Any], schemas: dict[str, Any]) -> str:
    """Return a field's type in a few words."""
    if name := _name(field):
        inner = _fields(schemas.get(name, {}), schemas)
        return f"{name} {{{', '.join(part['name'] for part in inner)}}}"
    for several in ("anyOf", "oneOf"):
        if several in field:
            return " or ".join(_type(part, schemas) for part in field[several])
    if "const" in field:
        return f'"{field["const"]}"'
    if "enum" in field:
        return " or ".join(f'"{value}"' for value in field["enum"])
    if field.get("type") == "array":
        return f"list of {_type(field.get('items', {}), schemas)}"
    return str(field.get("format") or field.get("type", "any"))


def _name(schema: dict[str, Any]) -> str:
    return str(schema.get("$ref", "")).rpartition("/")[2]
