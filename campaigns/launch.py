"""The life of a campaign: approved, launched, paused, resumed, ended, and what stands in the way of a launch."""

import hashlib
import json
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from campaigns.audience import parse_audience
from campaigns.models import Campaign, ChannelName, GestureTemplate, KeyEvent, Sender
from campaigns.moment_kinds import about_order, parse_rule
from campaigns.sender_dns import dns_problems
from campaigns.senders import sms_problems

Status = Campaign.Status

# A campaign in one of these was told to nobody yet.
UNSENT: Final = (Status.DRAFT, Status.IN_REVIEW, Status.APPROVED)
FROZEN_CAMPAIGN: Final = ("moment", "gesture", "holdout_share", "promised")


# What higher apps know to stand in the way: they register at start-up.
_launch_checks: list[Callable[[Campaign], list[str]]] = []


def on_launch(check: Callable[[Campaign], list[str]]) -> Callable[[Campaign], list[str]]:
    """Register `check(campaign)`, whose answers stand in the way of a launch; usable as a decorator."""
    _launch_checks.append(check)
    return check


class LaunchRefused(Exception):
    """The step cannot be taken; `problems` says why, each with what to do."""

    def __init__(self, *problems: str) -> None:
        super().__init__("; ".join(problems))
        self.problems = list(problems)


def content_hash(campaign: Campaign) -> str:
    """Return the SHA-256 of what an approver saw: texts, audience, rule, channels, holdout and measurement."""
    moment, gesture = campaign.moment, campaign.gesture
    seen: dict[str, Any] = {
        "kind": moment.kind,
        "rule": moment.rule,
        "purpose": gesture.purpose,
        "missing_language": gesture.missing_language,
        "texts": [
            row[:-1] if row[-1] == 1 else row
            for row in map(
                list,
                gesture.variants.order_by("channel", "language", "rank").values_list(
                    "channel", "language", "subject", "preheader", "body", "rank"
                ),
            )
        ],
        "channels": campaign.channels,
        "audience": campaign.audience,
        "priority": campaign.priority,
        "holdout_share": f"{launch_holdout(campaign):.3f}",
        "macro_conversion": campaign.macro_conversion,
        "days": [campaign.before_after_days, campaign.attribution_days],
        "utm": campaign.utm,
    }
    # Left out where they are not used, so that what was approved before they existed stays approved.
    seen |= {
        name: value
        for name, value in (
            ("absorbs", sorted(campaign.absorbs.values_list("slug", flat=True))),
            ("even_in_trouble", campaign.even_in_trouble),
            ("promised", campaign.promised),
        )
        if value
    }
    text = json.dumps(seen, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def launch_holdout(campaign: Campaign) -> Decimal:
    """Return the share held out from launch on: a service message or a promised benefit is owed to everyone."""
    owed = campaign.promised or campaign.gesture.purpose == GestureTemplate.Purpose.SERVICE
    return Decimal(0) if owed else Decimal(campaign.holdout_share)


def approval_stands(campaign: Campaign) -> bool:
    """Whether the campaign is approved as it now is; any edit of what the approver saw voids the approval."""
    return bool(campaign.approved_hash) and campaign.approved_hash == content_hash(campaign)


def launch_problems(campaign: Campaign) -> list[str]:
    """Return what stands in the way of a launch, each with what to do; empty where nothing does."""
    problems: list[str] = []
    for check in (
        lambda: parse_rule(campaign.moment.kind, campaign.moment.rule),
        lambda: parse_audience(campaign.audience),
    ):
        try:
            check()
        except ValidationError as error:
            problems += error.messages
    channels = campaign.channels if isinstance(campaign.channels, list) else []
    if not channels or not set(channels) <= set(ChannelName.values) or len(set(channels)) < len(channels):
        problems.append(_("Choose at least one channel, each once."))
    problems += _text_problems(campaign, channels)
    macro = campaign.macro_conversion
    if macro != "order" and not KeyEvent.objects.filter(name=macro).exists():
        problems.append(_("%(name)s is no key event: mark it as one, or count orders.") % {"name": macro})
    return problems + [problem for check in _launch_checks for problem in check(campaign)]


def _text_problems(campaign: Campaign, channels: list[str]) -> list[str]:
    # Imported here, because a compiler of templates is slow to load and most callers never launch.
    from campaigns.gestures.check import gesture_problems

    known = [channel for channel in channels if channel in ChannelName.values]
    try:
        with_order = about_order(campaign.moment)
    except ValidationError:
        with_order = True  # the rule's own fault is told above; this one would only add to it
    problems = gesture_problems(campaign.gesture, known, with_order=with_order)
    if channels and not Sender.objects.exists():
        problems.append(_("The shop has no sender: add one in the shop's settings."))
    if ChannelName.SMS in channels:
        problems += sms_problems(campaign.gesture)
    if ChannelName.EMAIL in channels and settings.CHECK_SENDER_DNS:
        problems += dns_problems(Sender.objects.values_list("email_address", flat=True))
    return problems


def submit(campaign: Campaign) -> None:
    """Ask for review; raises LaunchRefused unless the campaign is a draft."""
    _move(campaign, (Status.DRAFT,), Status.IN_REVIEW)


def approve(campaign: Campaign, *, by: str, now: datetime) -> None:
    """Approve the campaign as it now is; raises LaunchRefused where it could not be launched."""
    problems = launch_problems(campaign)
    if problems:
        raise LaunchRefused(*problems)
    marks = {"approved_at": now, "approved_by": by[:150], "approved_hash": content_hash(campaign)}
    # A live or paused campaign is approved again after an edit, and keeps its state.
    if campaign.status in (Status.LIVE, Status.PAUSED):
        _move(campaign, (Status.LIVE, Status.PAUSED), Status(campaign.status), **marks)
    else:
        _move(campaign, UNSENT, Status.APPROVED, **marks)


def launch(campaign: Campaign, *, now: datetime) -> None:
    """Start the campaign; raises LaunchRefused unless it is approved as it now is.

    `launched_at` is set the first time only: it dates what the campaign plans and the comparison before and after.
    """
    problems = launch_problems(campaign)
    if not approval_stands(campaign):
        problems.append(_("The campaign is not approved as it now is: have it approved."))
    if problems:
        raise LaunchRefused(*problems)
    frozen = {"launched_at": campaign.launched_at or now, "holdout_share": launch_holdout(campaign)}
    _move(campaign, (Status.APPROVED,), Status.LIVE, **frozen)


def pause(campaign: Campaign) -> None:
    """Stop planning and sending until it is resumed; raises LaunchRefused unless it runs."""
    _move(campaign, (Status.LIVE,), Status.PAUSED)


def resume(campaign: Campaign) -> None:
    """Let a paused campaign run again; raises LaunchRefused where an edit voided its approval."""
    if not approval_stands(campaign):
        raise LaunchRefused(_("The campaign was edited since its approval: have it approved."))
    _move(campaign, (Status.PAUSED,), Status.LIVE)


def end(campaign: Campaign, *, now: datetime) -> None:
    """Stop for good; raises LaunchRefused unless it was launched and has not ended."""
    _move(campaign, (Status.LIVE, Status.PAUSED), Status.ENDED, ended_at=now)


def _move(campaign: Campaign, allowed: tuple[Status, ...], status: Status, **fields: Any) -> None:
    """Set the status by one conditional UPDATE: of two people who press at once, one is told."""
    moved = Campaign.objects.filter(pk=campaign.pk, status__in=allowed).update(status=status, **fields)
    campaign.refresh_from_db()
    if not moved:
        raise LaunchRefused(
            _("The campaign is %(status)s: this step is not open to it.") % {"status": campaign.get_status_display()}
        )


def void_edited_approvals() -> int:
    """Take approved campaigns whose content was edited back to draft and pause running ones; return how many."""
    voided = 0
    with transaction.atomic():
        running = Campaign.objects.select_for_update().filter(status__in=[Status.APPROVED, Status.LIVE])
        for campaign in running.exclude(approved_hash=""):
            if not approval_stands(campaign):
                campaign.status = Status.DRAFT if campaign.status == Status.APPROVED else Status.PAUSED
                campaign.approved_hash = ""
                campaign.save(update_fields=["status", "approved_hash"])
                voided += 1
    return voided


def frozen_fields(campaign: Campaign) -> tuple[str, ...]:
    """Return the fields that may not change any more: a launched campaign keeps what its comparison rests on."""
    return FROZEN_CAMPAIGN if campaign.launched_at else ()


def purpose_frozen(gesture: GestureTemplate) -> bool:
    """Whether the gesture's purpose may not change any more: a campaign with it was launched."""
    return gesture.campaigns.filter(launched_at__isnull=False).exists()
