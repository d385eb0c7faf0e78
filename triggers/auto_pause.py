"""Pauses a campaign by itself where it does harm; only a person resumes it.

Each rule is one set query about a campaign, over what it sent since it was launched or last resumed and at most seven
days ago. It is asked where the harm is noticed, in the same transaction (a render failure and a refusal in the
dispatch, a complaint and a bounce in the callback, a backlog in the planner): the next fire permit already sees the
pause. Beat asks all of them again, for what was noticed elsewhere.
"""

import logging
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from statistics import median
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Count, QuerySet, Sum
from django.db.models.functions import TruncDate

from campaigns import audit
from campaigns.launch import LaunchRefused, pause
from campaigns.models import Campaign, Shop
from campaigns.pauses import PauseReason
from triggers.channels import Verdict
from triggers.models import Attempt, Delivery, DeliveryEvent, Outcome, State, Volume

logger = logging.getLogger(__name__)

# How far back the rates look: long enough for a small campaign's messages to be counted together, short enough for a
# new fault not to drown in an old calm.
SPAN: Final = timedelta(days=7)
# The first complaint or bounce of a small campaign is chance. Three complaints are not: at the tolerated 0.1 % they
# come among 500 messages once in 70 times. Five bounces among 100 at a healthy 1 % come once in 270.
COMPLAINT_SHARE: Final = 0.002
FEWEST_COMPLAINTS: Final = 3
BOUNCE_SHARE: Final = 0.05
FEWEST_BOUNCES: Final = 5
# One customer with an odd record must not stop the others; three have something in common.
RENDER_FAILURE_SHARE: Final = 0.01
FEWEST_RENDER_FAILURES: Final = 3
MOST_RENDER_FAILURES: Final = 20
EQUAL_REFUSALS: Final = 3
REFUSALS_WITHIN: Final = timedelta(minutes=10)
# Without a week of days a campaign has no usual day, and its launch was the approval; below 200 a day's chance doubles.
BACKLOG_DAYS: Final = 2
USUAL_SPAN: Final = timedelta(days=28)
FEWEST_DAYS: Final = 7
SMALLEST_BACKLOG: Final = 200

Facts = dict[str, Any]


def watch(now: datetime, campaign_ids: Collection[int] | None = None, *rules: PauseReason) -> list[Campaign]:
    """Pause each running campaign (of `campaign_ids`, else all) that a rule (of `rules`, else any) speaks against.

    Returns those paused now. Business time `now` is compared with when messages were permitted.
    """
    paused = []
    sending = Campaign.objects.filter(status__in=Campaign.SENDING)
    if campaign_ids is not None:
        sending = sending.filter(pk__in=campaign_ids)
    for campaign in sending:
        for reason in rules or tuple(_RULES):
            facts = _RULES[reason](campaign, now)
            if facts is not None and _pause(campaign, reason, facts, now):
                paused.append(campaign)
                break
    return paused


def _pause(campaign: Campaign, reason: PauseReason, facts: Facts, now: datetime) -> bool:
    try:
        with transaction.atomic():
            pause(campaign, by=audit.SYSTEM, now=now, reason=reason, facts=facts)
    except LaunchRefused:
        return False  # somebody was quicker
    logger.warning("campaign %s was paused by itself: %s", campaign.pk, reason.value)
    return True


def _since(campaign: Campaign, now: datetime, span: timedelta = SPAN) -> datetime:
    """Return from when on what it sent is looked at: a person's launch or resumption is a new beginning."""
    begun = campaign.watched_since or campaign.launched_at or now
    return max(begun, now - span)


def _facts(count: int, fewest: int, share: float, of: Callable[[], int]) -> Facts | None:
    """Return the facts where `count` is enough, absolutely and as a share of `of()`, which is asked only then."""
    if count < fewest:
        return None
    whole = max(of(), count)
    return {"count": count, "of": whole} if count >= share * whole else None


def _sent(campaign: Campaign, since: datetime) -> int:
    return int(Volume.objects.filter(campaign=campaign, at__gt=since).aggregate(n=Sum("messages"))["n"] or 0)


def _told(campaign: Campaign, since: datetime, kinds: tuple[str, ...], **facts: Any) -> int:
    """Return of how many messages let out after `since` a provider said one of `kinds`."""
    found = (
        DeliveryEvent.objects.filter(
            kind__in=kinds,
            recorded_at__gt=since,
            attempt__delivery__campaign=campaign,
            attempt__delivery__permitted_at__gt=since,
            **facts,
        )
        .order_by()
        .aggregate(n=Count("attempt__delivery", distinct=True))
    )
    return int(found["n"])


def _failed(campaign: Campaign, verdict: Verdict, since: datetime) -> QuerySet[Delivery]:
    """Return the messages let out after `since` that a provider refused at once with `verdict`."""
    rows = Delivery.objects.filter(state=State.FAILED, not_before__gt=since - SPAN)  # as the index is
    return rows.filter(campaign=campaign, reason=verdict.value, permitted_at__gt=since).order_by()


def _complaints(campaign: Campaign, now: datetime) -> Facts | None:
    since = _since(campaign, now)
    count = _told(campaign, since, ("complained",))
    return _facts(count, FEWEST_COMPLAINTS, COMPLAINT_SHARE, lambda: _sent(campaign, since))


def _bounces(campaign: Campaign, now: datetime) -> Facts | None:
    """Addresses that do not exist: what a provider found out later, and what it knew at once."""
    since = _since(campaign, now)
    later = _told(campaign, since, ("bounced", "dropped"), attempt__delivery__state=State.BOUNCED)
    count = later + _failed(campaign, Verdict.BAD_ADDRESS, since).count()
    return _facts(count, FEWEST_BOUNCES, BOUNCE_SHARE, lambda: _sent(campaign, since))


def _render_failures(campaign: Campaign, now: datetime) -> Facts | None:
    since = _since(campaign, now)
    count = Volume.objects.filter(campaign=campaign, at__gt=since).aggregate(n=Sum("unwritten"))["n"] or 0
    share = 0 if count >= MOST_RENDER_FAILURES else RENDER_FAILURE_SHARE
    return _facts(count, FEWEST_RENDER_FAILURES, share, lambda: count + _sent(campaign, since))


def _refusals(campaign: Campaign, now: datetime) -> Facts | None:
    """The same refusal for several people within minutes: it is the message, and nobody's address is to blame."""
    refused = _failed(campaign, Verdict.BAD_MESSAGE, _since(campaign, now, REFUSALS_WITHIN))
    alike = (
        Attempt.objects.filter(delivery__in=refused.values("pk"), outcome=Outcome.FAILED)
        .values("provider", "code")
        .annotate(people=Count("delivery__customer", distinct=True))
        .filter(people__gte=EQUAL_REFUSALS)
        .order_by("-people")
        .first()
    )
    return alike and {"count": alike["people"], "code": f"{alike['provider']} {alike['code']}".strip()}


def _backlog(campaign: Campaign, now: datetime) -> Facts | None:
    """Far more messages waiting than the campaign usually sends in a day, planned since a person last looked."""
    zone = ZoneInfo(Shop.get().timezone)
    days = (
        Volume.objects.filter(campaign=campaign, at__gt=now - USUAL_SPAN, messages__gt=0)
        .values(day=TruncDate("at", tzinfo=zone))
        .annotate(n=Sum("messages"))
        .order_by()
        .values_list("n", flat=True)
    )
    counts = list(days)
    if len(counts) < FEWEST_DAYS:
        return None
    usual = round(median(counts))
    seen = campaign.watched_since or campaign.launched_at or now
    waiting = Delivery.objects.filter(state=State.PLANNED, campaign=campaign, created_at__gt=seen).count()
    if waiting < max(SMALLEST_BACKLOG, BACKLOG_DAYS * usual + 1):
        return None
    return {"count": waiting, "usual": usual}


_RULES: Final[dict[PauseReason, Callable[[Campaign, datetime], Facts | None]]] = {
    PauseReason.COMPLAINTS: _complaints,
    PauseReason.BOUNCES: _bounces,
    PauseReason.RENDER_FAILURES: _render_failures,
    PauseReason.REFUSALS: _refusals,
    PauseReason.BACKLOG: _backlog,
}
