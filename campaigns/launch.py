"""The life of a campaign: reviewed, sent back, approved, run dry, launched to some or all, paused, resumed, ended."""

from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from django.db import transaction
from django.utils.translation import gettext as _

from campaigns import audit
from campaigns.approval import approval_stands, content_hash, launch_holdout, others_may_approve, wrote
from campaigns.launch_problems import launch_problems
from campaigns.models import AuditEntry, Campaign, GestureTemplate
from campaigns.pauses import PauseReason

Status = Campaign.Status
Action = AuditEntry.Action

# A campaign in one of these was told to nobody yet.
UNSENT: Final = (Status.DRAFT, Status.IN_REVIEW, Status.APPROVED)
FROZEN_CAMPAIGN: Final = ("moment", "gesture", "holdout_share", "promised")
SMALLEST_CANARY: Final = Decimal("0.01")
LARGEST_CANARY: Final = Decimal("0.5")
# Characters of the reason for sending a campaign back.
LONGEST_WHY: Final = 500


class LaunchRefused(Exception):
    """The step cannot be taken; `problems` says why, each with what to do."""

    def __init__(self, *problems: str) -> None:
        super().__init__("; ".join(problems))
        self.problems = list(problems)


def submit(campaign: Campaign, *, by: str, now: datetime) -> None:
    """Ask for review; raises LaunchRefused unless the campaign is a draft."""
    _move(campaign, (Status.DRAFT,), Status.IN_REVIEW, Action.SUBMITTED, by=by, now=now)


def approve(campaign: Campaign, *, by: str, now: datetime) -> bool:
    """Approve the campaign as it now is; return whether that was one's own work, with nobody else to look at it.

    Raises LaunchRefused where it could not be launched, and where `by` wrote it while somebody else may approve.
    """
    problems = launch_problems(campaign)
    own = wrote(campaign, by)
    if own and others_may_approve(by):
        problems.append(_("You wrote or submitted this: somebody else must approve it."))
    if problems:
        raise LaunchRefused(*problems)
    digest = content_hash(campaign)
    marks = {"approved_at": now, "approved_by": by[:150], "approved_hash": digest}
    # A campaign that was launched is approved again after an edit, and keeps its state.
    launched = (Status.CANARY, Status.LIVE, Status.PAUSED)
    status = Status(campaign.status) if campaign.status in launched else Status.APPROVED
    allowed = (status,) if campaign.status in launched else UNSENT
    _move(campaign, allowed, status, Action.APPROVED, by=by, now=now, facts={"hash": digest, "own": own}, **marks)
    return own


def send_back(campaign: Campaign, *, by: str, now: datetime, why: str) -> None:
    """Return a campaign to its author as a draft, its approval void, with the reason `why` in the audit log.

    Raises LaunchRefused without a reason or with one beyond LONGEST_WHY characters, and unless the campaign is in
    review or approved; what began is paused or stopped instead. One's own work may be sent back, unlike approved.
    """
    # PostgreSQL stores no NUL, and a browser ends the lines of a text by two characters.
    reason = why.replace("\0", "").replace("\r\n", "\n").strip()
    if not reason:
        raise LaunchRefused(_("Say why you send it back: whoever wrote it must know what to change."))
    if len(reason) > LONGEST_WHY:
        raise LaunchRefused(_("The reason has more than %(n)s characters: shorten it.") % {"n": LONGEST_WHY})
    allowed = (Status.IN_REVIEW, Status.APPROVED)
    facts = {"why": reason}
    _move(campaign, allowed, Status.DRAFT, Action.SENT_BACK, by=by, now=now, facts=facts, approved_hash="")


def shadow(campaign: Campaign, *, by: str, now: datetime) -> None:
    """Begin the dry run: from `now` on everything is decided and listed, and nothing is sent."""
    _check_startable(campaign)
    _move(campaign, (Status.APPROVED,), Status.SHADOW, Action.SHADOW, by=by, now=now, shadow_at=now)


def launch(campaign: Campaign, *, by: str, now: datetime, share: Decimal | None = None) -> None:
    """Start the campaign, for a stable `share` of the customers or, without one, for all.

    Raises LaunchRefused unless it is approved as it now is. `launched_at` is set by the first launch that writes to
    anybody: it dates what the campaign plans and the comparison before and after. After a dry run that means: only
    what falls due from now on; what the dry run decided stays unsent. After a partial launch the others join with
    whatever of theirs is still fresh.
    """
    _check_startable(campaign)
    if share is not None and not SMALLEST_CANARY <= share <= LARGEST_CANARY:
        raise LaunchRefused(_("A partial launch reaches 1 % to 50 % of the customers."))
    frozen = {"launched_at": campaign.launched_at or now, "holdout_share": launch_holdout(campaign)}
    before = (Status.APPROVED, Status.SHADOW) if share else (Status.APPROVED, Status.SHADOW, Status.CANARY)
    _move(
        campaign,
        before,
        Status.CANARY if share else Status.LIVE,
        Action.CANARY if share else Action.LAUNCHED,
        by=by,
        now=now,
        facts={"share": str(share)} if share else {},
        canary_share=share,
        watched_since=campaign.watched_since or now,
        **frozen,
    )


def _check_startable(campaign: Campaign) -> None:
    problems = launch_problems(campaign)
    if not approval_stands(campaign):
        problems.append(_("The campaign is not approved as it now is: have it approved."))
    if problems:
        raise LaunchRefused(*problems)


def pause(
    campaign: Campaign,
    *,
    by: str,
    now: datetime,
    reason: PauseReason | None = None,
    facts: dict[str, Any] | None = None,
) -> None:
    """Stop planning and sending until a person resumes it; raises LaunchRefused unless it runs.

    `reason` and `facts` (see campaigns/pauses.py) are of a pause that nobody asked for.
    """
    _move(
        campaign,
        Campaign.PLANNING,
        Status.PAUSED,
        Action.PAUSED,
        by=by,
        now=now,
        facts={"reason": reason.value, **(facts or {})} if reason else {},
        paused_for=reason.value if reason else "",
        paused_facts=facts or {},
    )


def resume(campaign: Campaign, *, by: str, now: datetime) -> None:
    """Let a paused campaign go on where it was; raises LaunchRefused where an edit voided its approval.

    What is watched for automatic pauses is counted anew from here: a person has looked.
    """
    if not approval_stands(campaign):
        raise LaunchRefused(_("The campaign was edited since its approval: have it approved."))
    if campaign.launched_at is None:
        status = Status.SHADOW
    else:
        status = Status.LIVE if campaign.canary_share is None else Status.CANARY
    seen: dict[str, Any] = {"paused_for": "", "paused_facts": {}, "watched_since": now}
    _move(campaign, (Status.PAUSED,), status, Action.RESUMED, by=by, now=now, **seen)


def end(campaign: Campaign, *, by: str, now: datetime) -> None:
    """Stop for good; raises LaunchRefused unless it has begun and has not ended."""
    _move(campaign, (*Campaign.PLANNING, Status.PAUSED), Status.ENDED, Action.ENDED, by=by, now=now, ended_at=now)


def _move(
    campaign: Campaign,
    allowed: tuple[Status, ...],
    status: Status,
    action: AuditEntry.Action,
    *,
    by: str,
    now: datetime,
    facts: dict[str, Any] | None = None,
    **fields: Any,
) -> None:
    """Set the status by one conditional UPDATE and note it: of two people who press at once, one is told."""
    with transaction.atomic():
        moved = Campaign.objects.filter(pk=campaign.pk, status__in=allowed).update(status=status, **fields)
        campaign.refresh_from_db()
        if moved:
            audit.note(action, campaign, by=by, now=now, **(facts or {}))
    if not moved:
        raise LaunchRefused(
            _("The campaign is %(status)s: this step is not open to it.") % {"status": campaign.get_status_display()}
        )


def void_edited_approvals(*, by: str, now: datetime) -> int:
    """Void the approvals of what was edited; return how many.

    What wrote to nobody yet goes back to draft, what runs is paused.
    """
    voided = 0
    with transaction.atomic():
        approved = (Status.APPROVED, *Campaign.PLANNING)
        running = Campaign.objects.select_for_update(of=("self",)).select_related("moment", "gesture")
        for campaign in running.filter(status__in=approved).exclude(approved_hash=""):
            if approval_stands(campaign):
                continue
            if campaign.status in (Status.APPROVED, Status.SHADOW):
                campaign.status = Status.DRAFT
            else:
                campaign.status, campaign.paused_for = Status.PAUSED, PauseReason.EDITED
            campaign.approved_hash = ""
            campaign.save(update_fields=["status", "approved_hash", "paused_for"])
            audit.note(Action.VOIDED, campaign, by=by, now=now)
            voided += 1
    return voided


def frozen_fields(campaign: Campaign) -> tuple[str, ...]:
    """Return the fields that may not change any more: a launched campaign keeps what its comparison rests on."""
    return FROZEN_CAMPAIGN if campaign.launched_at else ()


def purpose_frozen(gesture: GestureTemplate) -> bool:
    """Whether the gesture's purpose may not change any more: a campaign with it was launched."""
    return gesture.campaigns.filter(launched_at__isnull=False).exists()
