"""What the OpenAPI says of each operation: its models and every status it may answer."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, Literal

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from pydantic import BaseModel

from campaigns.api.problems import PROBLEM_TYPE, Fault, Problem
from campaigns.ingest.items import CustomerItem, OrderItem, ProductItem
from campaigns.ingest.values import ExternalId

READING: Final = (400, 401, 403, 404, 406, 429, 503)
WRITING: Final = (*READING, 409, 413, 415)
KEYED: Final = (*WRITING, 422)

LIMIT: Final = OpenApiParameter("limit", OpenApiTypes.INT, description="1 to 500, 100 where left out.")
CURSOR: Final = OpenApiParameter("cursor", OpenApiTypes.STR, description="Taken from `next` of the page before.")
IDEMPOTENCY_KEY: Final = OpenApiParameter(
    "Idempotency-Key",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description="1 to 200 characters; the same request with the same key has one effect and one answer, for 24 hours.",
)


class Told(BaseModel):
    """What became of one item."""

    type: str
    id: str
    result: Literal["created", "updated", "unchanged"]


class BatchTold(BaseModel):
    """What became of one item of a batch, with what is wrong with it where it was rejected."""

    index: int
    type: str
    id: str
    result: Literal["created", "updated", "unchanged", "rejected"]
    errors: list[Fault] = []


class BatchResults(BaseModel):
    """A result for each item, in the order posted."""

    results: list[BatchTold]


class CustomerBody(CustomerItem):
    """A customer under its own address, where the body need not repeat the id."""

    id: ExternalId = ""


class OrderBody(OrderItem):
    """An order under its own address, where the body need not repeat the id."""

    id: ExternalId = ""


class ProductBody(ProductItem):
    """A product under its own address, where the body need not repeat the id."""

    id: ExternalId = ""


class CustomerOut(CustomerItem):
    """A customer as stored, with what is counted of their orders and consents."""

    email_marketing: bool
    sms_marketing: bool
    orders_count: int
    total_spent: str
    currency: str
    first_order_at: str | None
    last_order_at: str | None
    tier: str | None


class OrderOut(OrderItem):
    """An order as stored; `valid` says whether it counts, `revenue` what of it."""

    revenue: str
    valid: bool


def operation(
    *,
    name: str,
    summary: str,
    answers: Mapping[int, type[BaseModel]],
    body: type[BaseModel] | None = None,
    problems: Iterable[int] = READING,
    parameters: Iterable[OpenApiParameter] = (),
    tag: str = "facts",
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return the decorator that documents a view's method."""
    responses: dict[Any, Any] = {status: OpenApiResponse(model) for status, model in answers.items()}
    responses |= {(status, PROBLEM_TYPE): OpenApiResponse(Problem) for status in problems}
    return extend_schema(
        operation_id=name,
        summary=summary,
        request=body,
        responses=responses,
        parameters=list(parameters),
        tags=[tag],
        description="",
    )


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Tells the OpenAPI how a key is sent."""

    target_class = "campaigns.api.authentication.ApiKeyAuthentication"
    name = "apiKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """Return the scheme."""
        return {"type": "http", "scheme": "bearer"}
