"""A campaign's steps by API: reviewed, sent back or approved, launched (dry, to a share, to all), paused, stopped."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Final, Literal

from django.utils.translation import gettext as _
from pydantic import BaseModel, ConfigDict, StringConstraints
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns import clock, launch
from campaigns.api.authentication import key_of
from campaigns.api.contract import IDEMPOTENCY_KEY, KEYED, operation
from campaigns.api.design_views import CAMPAIGN, CampaignOut, found
from campaigns.api.facts import ApiView
from campaigns.api.idempotency import idempotent
from campaigns.api.shapes import campaign_state
from campaigns.approval import actor_of_key
from campaigns.ingest.faults import Refused, fault
from campaigns.ingest.values import Text
from campaigns.models import ApiKey, Campaign


class StepBody(BaseModel):
    """A step that needs no words: an empty body or an empty object."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class LaunchBody(StepBody):
    """How far a launch goes: `shadow` decides and sends nothing, `canary` writes to a `share` of the customers."""

    mode: Literal["live", "shadow", "canary"] = "live"
    share: Annotated[str, StringConstraints(pattern=r"^0\.[0-9]{1,3}$")] | None = None


class SendBackBody(StepBody):
    """Why the campaign is sent back, for whoever wrote it."""

    why: Annotated[str, StringConstraints(strip_whitespace=True), Text(launch.LONGEST_WHY, shortest=1)]


def _launch(campaign: Campaign, body: Any, by: str, now: datetime) -> None:
    """Launch, or resume what is paused."""
    if (body.share is not None) != (body.mode == "canary"):
        raise Refused(fault("share", _("is the share of a canary, which needs one, and of nothing else")))
    if campaign.status == Campaign.Status.PAUSED:
        if body.mode != "live":
            raise Refused(fault("mode", _("does not fit: a paused campaign goes on where it was")), conflict=True)
        launch.resume(campaign, by=by, now=now)
    elif body.mode == "shadow":
        launch.shadow(campaign, by=by, now=now)
    else:
        launch.launch(campaign, by=by, now=now, share=Decimal(body.share) if body.share else None)


@dataclass(frozen=True)
class _Step:
    summary: str
    take: Callable[[Campaign, Any, str, datetime], Any]
    scope: ApiKey.Scope = ApiKey.Scope.RUN
    body: type[StepBody] = StepBody


STEPS: Final[dict[str, _Step]] = {
    "submit": _Step(
        "Ask for review", lambda c, _body, by, now: launch.submit(c, by=by, now=now), scope=ApiKey.Scope.DESIGN
    ),
    "approve": _Step(
        "Approve a campaign as it now is, which the key itself did not write",
        lambda c, _body, by, now: launch.approve(c, by=by, now=now),
    ),
    "send-back": _Step(
        "Send a campaign back to whoever wrote it: a draft again, its approval void",
        lambda c, body, by, now: launch.send_back(c, by=by, now=now, why=body.why),
        body=SendBackBody,
    ),
    "launch": _Step(
        "Launch an approved campaign: dry, to a share, or to all; or resume a paused one", _launch, body=LaunchBody
    ),
    "pause": _Step("Pause a running campaign", lambda c, _body, by, now: launch.pause(c, by=by, now=now)),
    "stop": _Step("Stop a campaign for good", lambda c, _body, by, now: launch.end(c, by=by, now=now)),
}


def step_view(name: str) -> type[ApiView]:
    """Return the view that takes a campaign one step on; 409 says what stands in the way."""
    step = STEPS[name]

    class StepView(ApiView):
        scopes: ClassVar[Mapping[str, str]] = {"POST": step.scope}

        @operation(
            name=f"{name.replace('-', '_')}_campaign",
            summary=step.summary,
            body=step.body if step.body is not StepBody else None,
            answers={200: CampaignOut},
            problems=KEYED,
            parameters=[IDEMPOTENCY_KEY],
            tag="run",
        )
        @idempotent
        def post(self, request: Request, body: bytes, slug: str) -> Response:
            given = step.body.model_validate_json(body or b"{}")
            campaign = found(CAMPAIGN, slug)
            step.take(campaign, given, actor_of_key(key_of(request)), clock.now())
            return Response(campaign_state(campaign))

    return StepView
