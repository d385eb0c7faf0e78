"""A customer's next gestures over all running campaigns, as things now stand."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.core.exceptions import ValidationError

from campaigns.models import Campaign, Customer
from triggers.models import Decision, Delivery, Occasion, State
from triggers.occasions import Window
from triggers.why.answers import foreseen
from triggers.why.moments import HORIZON, Reach, reaches

NUMBER: Final = 5


@dataclass(frozen=True, slots=True)
class Upcoming:
    """One gesture to come.

    `at` is when it would be sent, after quiet hours; `decision` and `reason` are what would be decided as things now
    stand: due, held_out or skipped for a guard that only the customer or the shop can satisfy. `planned` says that it
    was already decided and waits.
    """

    campaign: Campaign
    key: str
    due_at: datetime
    at: datetime
    decision: str
    reason: str
    channel: str
    planned: bool = False


def next_gestures(customer: Customer, now: datetime, number: int = NUMBER) -> list[Upcoming]:
    """Return up to `number` gestures to come, the earliest first, those that would be skipped or held out among them.

    Nothing is stored. A moment that needs something to happen first (an order, an event) is not foreseen.
    """
    found = _planned(customer, now)
    campaigns = (
        Campaign.objects.filter(status__in=Campaign.SENDING)
        .select_related("moment", "gesture")
        .prefetch_related("gesture__variants", "absorbed_by")
    )
    for campaign in campaigns:
        known = set(Occasion.objects.filter(campaign=campaign, customer=customer).values_list("key", flat=True))
        try:
            coming = list(reaches(campaign, customer, Window(now, now + HORIZON)))
        except ValidationError:
            continue  # the planner logs it, and the campaign's page says what is wrong
        found += [_foreseen(campaign, customer, reach) for reach in coming if reach.key not in known][:number]
    return sorted(found, key=lambda gesture: (gesture.at, -gesture.campaign.priority, gesture.campaign.pk))[:number]


def _planned(customer: Customer, now: datetime) -> list[Upcoming]:
    waiting = Delivery.objects.filter(
        customer=customer, state__in=(State.PLANNED, State.CLAIMED), occasion__fresh_until__gt=now
    ).select_related("campaign", "occasion")
    return [
        Upcoming(
            campaign=delivery.campaign,
            key=delivery.occasion.key,
            due_at=delivery.occasion.due_at,
            at=delivery.not_before,
            decision=Decision.DUE,
            reason=delivery.reason or delivery.occasion.reason,
            channel=delivery.channel,
            planned=True,
        )
        for delivery in waiting
    ]


def _foreseen(campaign: Campaign, customer: Customer, reach: Reach) -> Upcoming:
    said = foreseen(campaign, customer, reach.due_at)
    skipped = not said.channel or said.at >= reach.fresh_until
    return Upcoming(
        campaign=campaign,
        key=reach.key,
        due_at=reach.due_at,
        at=reach.due_at if skipped else said.at,
        decision=Decision.SKIPPED if skipped else Decision.HELD_OUT if said.held_out else Decision.DUE,
        reason=said.reason,
        channel=said.channel,
    )
