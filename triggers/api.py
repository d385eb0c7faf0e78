"""The API of WHEN and WHY: rehearsals of a campaign; of a customer the timeline, the reasons and what comes next."""

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any, ClassVar, Literal
from urllib.parse import urlencode

from django.http import Http404
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from pydantic import BaseModel, ConfigDict, Field
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns import clock
from campaigns.api.authentication import key_of
from campaigns.api.contract import CURSOR, IDEMPOTENCY_KEY, KEYED, LIMIT, READING, operation
from campaigns.api.facts import ApiView
from campaigns.api.idempotency import idempotent
from campaigns.api.pages import limit_of
from campaigns.api.problems import PROBLEM_TYPE, ApiProblem, Problem
from campaigns.api.tables import FORMAT, CsvRenderer, FormatByParameter
from campaigns.ingest.faults import fault
from campaigns.models import ApiKey, Campaign, Customer
from triggers.ear import have_rehearsed
from triggers.models import Rehearsal
from triggers.rehearsal import queue
from triggers.rehearsal.table import rehearsal_csv, rehearsal_shape
from triggers.timeline import Place, place_of, timeline
from triggers.told import told, told_upcoming
from triggers.why import next_gestures, why

_READ = ApiKey.Scope.READ


class RehearsalBody(BaseModel):
    """How far back to go."""

    model_config = ConfigDict(extra="forbid")

    days: int = Field(default=queue.DEFAULT_DAYS, ge=1, le=queue.LONGEST_DAYS)


class RehearsalOut(BaseModel):
    """A rehearsal; `progress` is a share of 1, and `result` stands there once `status` is done."""

    model_config = ConfigDict(extra="allow")

    id: int
    campaign: str
    status: Literal["queued", "running", "cancelled", "done", "failed"]
    progress: float
    result: dict[str, Any] | None


class TimelineEntry(BaseModel):
    """One thing that happened; what else is told of it depends on its `kind`."""

    model_config = ConfigDict(extra="allow")

    kind: Literal["order", "event", "answer", "consent", "tier", "change", "gesture", "message"]
    at: str


class TimelineOut(BaseModel):
    """A page, the newest first."""

    results: list[TimelineEntry]
    next: str | None


class WhyOut(BaseModel):
    """Why, or why not: a stable `verdict` and `reason`, a sentence, and what each guard and condition says."""

    model_config = ConfigDict(extra="allow")

    campaign: str
    customer: str
    verdict: str
    reason: str
    sentence: str
    next_at: str | None


class NextOut(BaseModel):
    """The gestures to come, the earliest first."""

    results: list[dict[str, Any]]


def _customer(external_id: str) -> Customer:
    customer = Customer.objects.select_related("tier").filter(external_id=external_id).first()
    if customer is None:
        raise Http404
    return customer


class RehearseView(ApiView):
    """Has a campaign rehearsed."""

    scopes: ClassVar[Mapping[str, str]] = {"POST": ApiKey.Scope.RUN}

    @operation(
        name="rehearse_campaign",
        summary="Rehearse a campaign over past days; nothing is sent, nothing but the result is stored",
        body=RehearsalBody,
        answers={202: RehearsalOut},
        problems=KEYED,
        parameters=[IDEMPOTENCY_KEY],
        tag="run",
    )
    @idempotent
    def post(self, request: Request, body: bytes, slug: str) -> Response:
        """Return the rehearsal that now waits or runs."""
        asked = RehearsalBody.model_validate_json(body or b"{}")
        campaign = Campaign.objects.select_related("moment", "gesture").filter(slug=slug).first()
        if campaign is None:
            raise Http404
        by = f"API: {key_of(request).name}"
        rehearsal = queue.ask(campaign, days=asked.days, by=by, now=clock.now())
        have_rehearsed()
        return Response(rehearsal_shape(rehearsal), status=202)


class RehearsalView(ApiView):
    """One rehearsal."""

    content_negotiation_class = FormatByParameter
    scopes: ClassVar[Mapping[str, str]] = {"GET": _READ}
    renderer_classes = [JSONRenderer, CsvRenderer]

    @extend_schema(
        operation_id="read_rehearsal",
        summary="Read a rehearsal: how far it is, then what would have been",
        parameters=[FORMAT],
        responses={
            (200, "application/json"): OpenApiResponse(RehearsalOut),
            (200, "text/csv"): OpenApiTypes.STR,
            **{(status, PROBLEM_TYPE): OpenApiResponse(Problem) for status in (*READING, 409)},
        },
        tags=["run"],
        description="",
    )
    def get(self, request: Request, pk: int) -> Response:
        """Return the rehearsal; as CSV only once it is done."""
        rehearsal = _rehearsal(pk)
        if request.accepted_renderer.format != "csv":
            return Response(rehearsal_shape(rehearsal))
        if rehearsal.status != Rehearsal.Status.DONE:
            raise ApiProblem(409, _("The rehearsal is not done: there is no table yet."))
        return Response(rehearsal_csv(rehearsal))


class CancelView(ApiView):
    """Stops a rehearsal."""

    scopes: ClassVar[Mapping[str, str]] = {"POST": ApiKey.Scope.RUN}

    @operation(
        name="cancel_rehearsal",
        summary="Cancel a rehearsal that waits or runs; one that is over stays as it is",
        answers={200: RehearsalOut},
        problems=KEYED,
        parameters=[IDEMPOTENCY_KEY],
        tag="run",
    )
    @idempotent
    def post(self, request: Request, body: bytes, pk: int) -> Response:  # noqa: ARG002
        """Return the rehearsal as it now stands."""
        rehearsal = _rehearsal(pk)
        queue.cancel(rehearsal)
        return Response(rehearsal_shape(rehearsal))


def _rehearsal(pk: int) -> Rehearsal:
    rehearsal = Rehearsal.objects.select_related("campaign").filter(pk=pk).first() if pk < 2**63 else None
    if rehearsal is None:
        raise Http404
    return rehearsal


class TimelineView(ApiView):
    """All that happened with a customer."""

    @operation(
        name="read_timeline",
        summary="Read what happened with a customer, facts and gestures, the newest first",
        answers={200: TimelineOut},
        problems=READING,
        parameters=[LIMIT, CURSOR],
        tag="why",
    )
    def get(self, request: Request, external_id: str) -> Response:
        """Return a page."""
        limit = limit_of(request)
        entries = timeline(_customer(external_id), limit=limit + 1, before=_place(request.query_params.get("cursor")))
        following = None
        if len(entries) > limit:
            cursor = _cursor(entries[limit - 1].place)
            following = request.build_absolute_uri(f"{request.path}?{urlencode({'limit': limit, 'cursor': cursor})}")
        shown = [{"kind": entry.kind, "at": entry.at.isoformat(), **entry.told} for entry in entries[:limit]]
        return Response({"results": shown, "next": following})


def _cursor(place: Place) -> str:
    at, rank, pk = place
    return base64.urlsafe_b64encode(json.dumps([at.isoformat(), rank, pk]).encode()).decode().rstrip("=")


def _place(cursor: str | None) -> Place | None:
    if cursor is None:
        return None
    try:
        return place_of(*json.loads(base64.urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4))))
    except (ValueError, TypeError, binascii.Error):
        raise ApiProblem(
            400, _("The request holds faults."), [fault("cursor", _("is not one that a page gave"))]
        ) from None


class NextView(ApiView):
    """A customer's next gestures."""

    @operation(
        name="read_next",
        summary="Read a customer's next five gestures over all running campaigns, as things now stand",
        answers={200: NextOut},
        tag="why",
    )
    def get(self, request: Request, external_id: str) -> Response:  # noqa: ARG002
        """Return them."""
        return Response({"results": list(map(told_upcoming, next_gestures(_customer(external_id), clock.now())))})


class WhyView(ApiView):
    """Why a customer got a campaign's gesture, or why not."""

    @operation(
        name="read_why",
        summary="Read why a customer got a campaign's gesture, or why not",
        answers={200: WhyOut},
        problems=READING,
        parameters=[OpenApiParameter("campaign", OpenApiTypes.STR, required=True, description="The campaign's key.")],
        tag="why",
    )
    def get(self, request: Request, external_id: str) -> Response:
        """Return the answer."""
        customer = _customer(external_id)
        slug = request.query_params.get("campaign", "")
        campaign = Campaign.objects.select_related("moment", "gesture").filter(slug=slug).first()
        if campaign is None:
            raise ApiProblem(400, _("The request holds faults."), [fault("campaign", _("is not a campaign's key"))])
        return Response(told(why(campaign, customer, clock.now())))
