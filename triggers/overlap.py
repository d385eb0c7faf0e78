"""Which other campaigns speak to the same customers: "212 customers also get …"."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Count, OuterRef, Q, Subquery

from campaigns.models import Campaign
from triggers.models import Decision, Occasion

_LATELY: Final = timedelta(days=90)
# Newer ones alone are asked: a page must not wait for a million.
MOST: Final = 5_000


@dataclass(frozen=True, slots=True)
class Overlap:
    """How many of the customers also were due something of `campaign`, and how many of them within a day of it."""

    campaign: Campaign
    customers: int
    close: int


@dataclass(frozen=True, slots=True)
class Overlaps:
    """The overlaps of a campaign's `customers`, of the last 90 days and at most of its latest 5,000 occasions."""

    customers: int
    rows: list[Overlap]


def overlaps(campaign: Campaign, now: datetime) -> Overlaps:
    """Return which campaigns reached the customers of `campaign` too, the most customers first."""
    latest = (
        Occasion.objects.filter(campaign=campaign, decision=Decision.DUE, slot_at__gt=now - _LATELY)
        .order_by("-pk")
        .values_list("pk", "customer_id")[:MOST]
    )
    customers = {customer for _pk, customer in latest}
    ours = Occasion.objects.filter(campaign=campaign, customer=OuterRef("customer"), decision=Decision.DUE)
    others = Occasion.objects.filter(
        ~Q(campaign=campaign), customer__among=customers, decision=Decision.DUE, slot_at__gt=now - _LATELY
    )
    day = timedelta(days=1)
    near = others.annotate(
        beside=Subquery(
            ours.filter(slot_at__gt=OuterRef("slot_at") - day, slot_at__lt=OuterRef("slot_at") + day)
            .order_by()
            .values("pk")[:1]
        )
    )
    counted = near.values("campaign_id").annotate(
        customers=Count("customer_id", distinct=True),
        close=Count("customer_id", distinct=True, filter=Q(beside__isnull=False)),
    )
    names = Campaign.objects.in_bulk([row["campaign_id"] for row in counted])
    rows = [Overlap(names[row["campaign_id"]], row["customers"], row["close"]) for row in counted]
    return Overlaps(len(customers), sorted(rows, key=lambda row: -row.customers))
