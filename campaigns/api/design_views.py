"""Moments, gestures and campaigns: list, create, read, change."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404
from django.utils.translation import gettext as _
from pydantic import BaseModel, create_model
from pydantic_core import from_json, to_json
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns import audit, clock
from campaigns.api.authentication import key_of
from campaigns.api.body import json_body
from campaigns.api.contract import CURSOR, IDEMPOTENCY_KEY, KEYED, LIMIT, READING, WRITING, operation
from campaigns.api.designs import (
    CampaignDesign,
    Design,
    GestureDesign,
    MomentDesign,
    write_campaign,
    write_gesture,
    write_moment,
)
from campaigns.api.facts import ApiView
from campaigns.api.idempotency import idempotent
from campaigns.api.pages import page
from campaigns.api.shapes import campaign_shape, campaign_state, gesture_shape, moment_shape
from campaigns.approval import actor_of_key
from campaigns.ingest.faults import Refused, fault
from campaigns.launch import void_edited_approvals
from campaigns.models import ApiKey, AuditEntry, Campaign, GestureTemplate, JourneyMoment


class CampaignOut(CampaignDesign):
    """A campaign with its life, which only its verbs change."""

    status: str
    canary_share: str | None
    paused_for: str
    approved_at: str | None
    approved_by: str
    launched_at: str | None
    ended_at: str | None


class _Noun:
    """How one kind of design is found, written and shown."""

    def __init__(
        self,
        name: str,
        design: type[Design],
        out: type[BaseModel],
        rows: Callable[[], QuerySet[Any]],
        write: Callable[[Any, Any], Any],
        written: Callable[[Any], dict[str, Any]],
        shown: Callable[[Any], dict[str, Any]],
    ) -> None:
        self.name, self.design, self.out = name, design, out
        self.rows, self.write, self.written, self.shown = rows, write, written, shown
        self.page = create_model(f"{out.__name__}Page", results=(list[out], ...), next=(str | None, ...))  # type: ignore[valid-type]


MOMENT = _Noun(
    "moment", MomentDesign, MomentDesign, JourneyMoment.objects.all, write_moment, moment_shape, moment_shape
)
GESTURE = _Noun(
    "gesture",
    GestureDesign,
    GestureDesign,
    lambda: GestureTemplate.objects.prefetch_related("variants"),
    write_gesture,
    gesture_shape,
    gesture_shape,
)
CAMPAIGN = _Noun(
    "campaign",
    CampaignDesign,
    CampaignOut,
    lambda: Campaign.objects.select_related("moment", "gesture").prefetch_related("absorbs"),
    write_campaign,
    campaign_shape,
    campaign_state,
)
_SCOPES = {"GET": ApiKey.Scope.READ, "POST": ApiKey.Scope.DESIGN, "PATCH": ApiKey.Scope.DESIGN}


def list_view(noun: _Noun) -> type[ApiView]:
    """Return the view that lists and creates."""

    class ListView(ApiView):
        scopes: ClassVar[Mapping[str, str]] = _SCOPES

        @operation(
            name=f"list_{noun.name}s",
            summary=f"List {noun.name}s",
            answers={200: noun.page},
            problems=READING,
            parameters=[LIMIT, CURSOR],
            tag="design",
        )
        def get(self, request: Request) -> Response:
            return page(request, noun.rows(), noun.shown)

        @operation(
            name=f"create_{noun.name}",
            summary=f"Create a {noun.name}",
            body=noun.design,
            answers={201: noun.out},
            problems=KEYED,
            parameters=[IDEMPOTENCY_KEY],
            tag="design",
        )
        @idempotent
        def post(self, request: Request, body: bytes) -> Response:
            design = noun.design.model_validate_json(body)
            with transaction.atomic():
                row = noun.write(design, noun.rows().model())
                _note(request, AuditEntry.Action.CREATED, row)
            return Response(noun.shown(noun.rows().get(pk=row.pk)), status=201)

    return ListView


def one_view(noun: _Noun) -> type[ApiView]:
    """Return the view that reads and changes one."""

    class OneView(ApiView):
        scopes: ClassVar[Mapping[str, str]] = _SCOPES

        @operation(name=f"read_{noun.name}", summary=f"Read a {noun.name}", answers={200: noun.out}, tag="design")
        def get(self, request: Request, slug: str) -> Response:
            return Response(noun.shown(found(noun, slug)))

        @operation(
            name=f"change_{noun.name}",
            summary=f"Change some fields of a {noun.name}; an edit voids an approval",
            body=noun.design,
            answers={200: noun.out},
            problems=WRITING,
            tag="design",
        )
        def patch(self, request: Request, slug: str) -> Response:
            row = found(noun, slug)
            try:
                given = from_json(json_body(request))
            except ValueError as error:
                raise Refused(fault("", _("The body is not valid JSON: %(error)s") % {"error": error})) from None
            if not isinstance(given, dict):
                raise Refused(fault("", _("The body is not a JSON object.")))
            before = noun.written(row)
            merged = to_json(before | given, inf_nan_mode="constants")
            with transaction.atomic():
                noun.write(noun.design.model_validate_json(merged), row)
                row = noun.rows().get(pk=row.pk)
                after = noun.written(row)
                if changed := [name for name in after if after[name] != before[name]]:
                    _note(request, AuditEntry.Action.EDITED, row, fields=changed)
                void_edited_approvals(by=actor_of_key(key_of(request)), now=clock.now())
            return Response(noun.shown(noun.rows().get(pk=row.pk)))

    return OneView


def found(noun: _Noun, slug: str) -> Any:
    """Return the row of that slug; raises Http404."""
    row = noun.rows().filter(slug=slug).first()
    if row is None:
        raise Http404
    return row


def _note(request: Request, action: AuditEntry.Action, row: Any, **detail: Any) -> None:
    audit.note(action, row, by=actor_of_key(key_of(request)), now=clock.now(), **detail)
