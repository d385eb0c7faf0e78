"""How many contacts of each arm did each key event in their windows: one pass over the events, counts come back."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, F, Q
from django.db.models.query_utils import FilteredRelation

from analytics.facts.contacts import ARMS, Assignment, contacts, mature_before
from analytics.facts.windows import civil_shift, shifted
from analytics.kernel import Counts
from campaigns.models import Campaign


def arm_deeds(
    campaign: Campaign, names: Sequence[str], now: datetime, zone: ZoneInfo, assigned: Assignment
) -> dict[str, dict[str, Counts]]:
    """Return {event: {arm: contacts who did it of all}} over contacts whose window is over at `now`."""
    anchors, days = assigned.anchors, campaign.attribution_days
    counted: dict[str, dict[str, int]] = {name: dict.fromkeys(ARMS, 0) for name in names}
    if anchors is not None and names:
        rows: Any = (
            contacts(campaign)
            .filter(slot_at__lte=mature_before(campaign, now, zone))
            .annotate(
                window_end=shifted("slot_at", days, anchors, zone),
                deed=FilteredRelation(
                    "customer__events",
                    condition=Q(
                        customer__events__name__in=list(names),
                        customer__events__occurred_at__gte=anchors.since,
                        customer__events__occurred_at__lt=civil_shift(anchors.until, days, zone),
                    )
                    & Q(
                        customer__events__occurred_at__gte=F("slot_at"),
                        customer__events__occurred_at__lt=F("window_end"),
                    ),
                ),
            )
            .filter(deed__isnull=False)
            .values("deed__name", "decision")
            .annotate(people=Count("pk", distinct=True))
        )
        arm_of = {decision: arm for arm, decision in ARMS.items()}
        for row in rows:
            counted[row["deed__name"]][arm_of[row["decision"]]] = row["people"]
    sizes = {"treated": assigned.mature_treated, "control": assigned.mature_control}
    return {
        name: {arm: Counts(n=sizes[arm], successes=count) for arm, count in arms.items()}
        for name, arms in counted.items()
    }
