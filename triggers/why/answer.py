"""Why, or why not: what was decided for one customer and campaign, and what would be decided now."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from campaigns.audience import Leaf, audience_leaves, audience_q
from campaigns.models import Campaign, Customer
from triggers.models import MAY_HAVE_SPOKEN, Decision, Delivery, Occasion, State
from triggers.occasions import Window
from triggers.why.answers import GuardAnswer, guard_answers
from triggers.why.moments import HORIZON, Reach, ever_launched, reaches

# The latest decisions that are told.
_DECISIONS: Final = 10


class Verdict(StrEnum):
    """The one thing that says why, or why not."""

    SENT = "sent"  # the latest occasion's message went out
    PLANNED = "planned"  # it waits for its hour
    FAILED = "failed"  # it went out, or should have, and did not arrive
    STOPPED = "stopped"  # planned, and skipped by what was found just before sending
    HELD_OUT = "held_out"
    SKIPPED = "skipped"
    NOT_RUNNING = "not_running"  # the campaign does not run
    OUTSIDE = "outside"  # not in the audience
    NOT_REACHED = "not_reached"  # never at the moment, nor soon
    BEFORE_LAUNCH = "before_launch"  # at the moment, when the campaign did not run yet
    AHEAD = "ahead"  # the moment will come


@dataclass(frozen=True, slots=True)
class Why:
    """The answer as of `at`.

    `decisions` are the latest first, with their findings and deliveries. `audience` has each condition by itself;
    `inside` is what they come to together. `last` and `coming` are the moment's own instants, whatever the audience.
    `guards` say what they would say now. `next_at` is the earliest instant at which a gesture could reach the customer,
    None where none can be named.
    """

    campaign: Campaign
    customer: Customer
    at: datetime
    verdict: Verdict
    reason: str
    decisions: list[Occasion]
    inside: bool
    audience: list[Leaf]
    last: Reach | None
    coming: Reach | None
    guards: list[GuardAnswer]
    next_at: datetime | None = None


def why(campaign: Campaign, customer: Customer, now: datetime) -> Why:
    """Return the answer for one customer and campaign at `now`; raises ValidationError for a campaign that cannot be
    read."""
    decisions = list(
        Occasion.objects.filter(campaign=campaign, customer=customer)
        .prefetch_related("deliveries", "findings")
        .order_by("-pk")[:_DECISIONS]
    )
    audience = audience_leaves(campaign.audience, customer, now)
    inside = Customer.objects.filter(audience_q(campaign.audience, now=now), pk=customer.pk).exists()
    last, coming = _moments(campaign, customer, now)
    guards = guard_answers(campaign, customer, now)
    verdict, reason = _verdict(campaign, decisions, inside, last, coming)
    answer = Why(campaign, customer, now, verdict, reason, decisions, inside, audience, last, coming, guards)
    return replace(answer, next_at=_next(answer))


def _moments(campaign: Campaign, customer: Customer, now: datetime) -> tuple[Reach | None, Reach | None]:
    """Return the last and the next time that the customer is at the moment, audience and launch left aside."""
    anybody = ever_launched(campaign, since=now - HORIZON)
    anybody.audience = {}
    past = list(reaches(anybody, customer, Window(now - HORIZON, now)))
    future = next(reaches(anybody, customer, Window(now, now + HORIZON)), None)
    return (past[-1] if past else None), future


def _verdict(
    campaign: Campaign, decisions: list[Occasion], inside: bool, last: Reach | None, coming: Reach | None
) -> tuple[Verdict, str]:
    if decisions:
        return _decided(decisions[0])
    if not inside:
        return Verdict.OUTSIDE, ""
    if campaign.status not in Campaign.SENDING:
        return Verdict.NOT_RUNNING, campaign.status
    if last is not None and campaign.launched_at is not None and last.due_at <= campaign.launched_at:
        return Verdict.BEFORE_LAUNCH, ""
    return (Verdict.AHEAD if coming else Verdict.NOT_REACHED), ""


def _decided(occasion: Occasion) -> tuple[Verdict, str]:
    """Return what became of a decided occasion."""
    if occasion.decision in (Decision.HELD_OUT, Decision.GLOBAL):
        return Verdict.HELD_OUT, ""
    if occasion.decision in (Decision.WOULD_SEND, Decision.WOULD_HOLD):
        return Verdict.NOT_RUNNING, occasion.campaign.status
    if occasion.decision == Decision.SKIPPED:
        return Verdict.SKIPPED, occasion.reason
    delivery: Delivery | None = occasion.deliveries.all().first() if occasion.pk else None
    if delivery is None:
        return Verdict.PLANNED, occasion.reason
    state = State(delivery.state)
    if state is State.SKIPPED:
        return Verdict.STOPPED, delivery.reason
    if state in (State.FAILED, State.BOUNCED, State.QUARANTINED):
        return Verdict.FAILED, delivery.reason
    return (Verdict.SENT if state in MAY_HAVE_SPOKEN else Verdict.PLANNED), delivery.reason


def _next(answer: Why) -> datetime | None:
    """Return when the gesture could next reach the customer: what waits for its hour, else the next moment as far as no
    guard says never."""
    if answer.verdict is Verdict.PLANNED:
        waiting = [delivery.not_before for delivery in answer.decisions[0].deliveries.all()]
        return min(waiting, default=answer.decisions[0].slot_at)
    if answer.coming is None or not answer.inside:
        return None
    channels = {guard.channel for guard in answer.guards}
    closed = {guard.channel for guard in answer.guards if not guard.content and guard.next_at is None}
    return answer.coming.due_at if channels - closed else None
