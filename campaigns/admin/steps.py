"""The steps of a campaign's life as buttons: which are open when, to whom, and what is asked before each."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns import approval, launch
from campaigns.models import Campaign

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

Status = Campaign.Status
SHARES: Final = (Decimal("0.05"), Decimal("0.10"), Decimal("0.25"), Decimal("0.50"))


@dataclass(frozen=True)
class Step:
    """One button: its words and look, what it asks first, what it says afterwards, and the permission it needs.

    `take(campaign, by, now, form)` does it and may return words of its own.
    """

    name: str
    label: "StrPromise"
    question: "StrPromise | str"
    done: "StrPromise"
    permission: str
    take: Callable[[Campaign, str, datetime, QueryDict], "str | None"]
    look: str = ""


def _approve(campaign: Campaign, by: str, now: datetime, _form: QueryDict) -> str | None:
    if launch.approve(campaign, by=by, now=now):
        return gettext("Approved, by you alone: nobody else has looked at it, and the history says so.")
    return None


def _send_back(campaign: Campaign, by: str, now: datetime, form: QueryDict) -> None:
    launch.send_back(campaign, by=by, now=now, why=form.get("why", ""))


def _launch_to_some(campaign: Campaign, by: str, now: datetime, form: QueryDict) -> None:
    share = next((share for share in SHARES if str(share) == form.get("share")), SHARES[1])
    launch.launch(campaign, by=by, now=now, share=share)


STEPS: Final[tuple[Step, ...]] = (
    Step(
        "submit",
        _("Ask for review"),
        "",
        _("Review is asked for."),
        "campaigns.change_campaign",
        lambda c, by, now, _form: launch.submit(c, by=by, now=now),
        "secondary",
    ),
    Step(
        "approve",
        _("Approve"),
        _("Approve the campaign as it now is? Any later edit voids the approval."),
        _("Approved: it can be launched."),
        approval.PERMISSION,
        _approve,
    ),
    Step(
        "send_back",
        _("Send back"),
        "",
        _("Sent back: it is a draft again, and its page says why."),
        approval.PERMISSION,
        _send_back,
        "secondary",
    ),
    Step(
        "shadow",
        _("Dry run"),
        _("Begin the dry run? Everything is decided and listed, and nothing is sent."),
        _("The dry run has begun: nothing is sent."),
        "campaigns.run_campaign",
        lambda c, by, now, _form: launch.shadow(c, by=by, now=now),
        "secondary",
    ),
    Step(
        "canary",
        _("Partial launch"),
        _("Launch to this share of the customers? From this instant those who reach the moment are written to."),
        _("The campaign is launched to a share of the customers."),
        "campaigns.run_campaign",
        _launch_to_some,
        "secondary",
    ),
    Step(
        "launch",
        _("Launch"),
        _("Launch now? From this instant customers who reach the moment are written to."),
        _("The campaign is running."),
        "campaigns.run_campaign",
        lambda c, by, now, _form: launch.launch(c, by=by, now=now),
    ),
    Step(
        "resume",
        _("Resume"),
        "",
        _("The campaign is running again."),
        "campaigns.run_campaign",
        lambda c, by, now, _form: launch.resume(c, by=by, now=now),
    ),
    Step(
        "pause",
        _("Pause"),
        _("Pause? Nothing is planned or sent until you resume."),
        _("Paused."),
        "campaigns.pause_campaign",
        lambda c, by, now, _form: launch.pause(c, by=by, now=now),
        "secondary",
    ),
    Step(
        "end",
        _("Stop for good"),
        _("Stop for good? An ended campaign cannot run again."),
        _("The campaign is ended."),
        "campaigns.run_campaign",
        lambda c, by, now, _form: launch.end(c, by=by, now=now),
        "danger",
    ),
)
_OPEN: Final = {
    Status.DRAFT: ("approve", "submit"),
    Status.IN_REVIEW: ("approve", "send_back"),
    Status.APPROVED: ("launch", "canary", "shadow", "send_back"),
    Status.SHADOW: ("launch", "canary", "pause", "end"),
    Status.CANARY: ("launch", "pause", "end"),
    Status.LIVE: ("pause", "end"),
    Status.PAUSED: ("resume", "approve", "end"),
    Status.ENDED: (),
}


def open_steps(request: HttpRequest, campaign: Campaign) -> list[Step]:
    """Return the steps open to the campaign as it stands that the person may take."""
    by_name = {step.name: step for step in STEPS if request.user.has_perm(step.permission)}
    names = list(_OPEN[Status(campaign.status)])
    if campaign.status == Status.PAUSED:
        names.remove("resume" if not approval.approval_stands(campaign) else "approve")
    return [by_name[name] for name in names if name in by_name]


def approval_words(request: HttpRequest, campaign: Campaign, steps: list[Step]) -> str:
    """Return what whoever may approve should know first: that this is their own work; '' otherwise."""
    actor: Any = request.user
    by = actor.get_username()
    if not any(step.name == "approve" for step in steps) or not approval.wrote(campaign, by):
        return ""
    if approval.others_may_approve(by):
        return gettext("You wrote or submitted this: somebody else must approve it.")
    return gettext(
        "You are the only one here who may approve, so you approve your own work. Ask somebody to read it all the "
        "same: a second pair of eyes finds what yours no longer see."
    )
