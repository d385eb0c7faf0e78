"""What a campaign sent and what that cost, and whom it left out and why."""

from dataclasses import dataclass

from django.db.models import Count, QuerySet

from campaigns.models import Campaign
from triggers.models import MAY_HAVE_SPOKEN, Decision, Delivery, Occasion


@dataclass(frozen=True, slots=True, kw_only=True)
class Messages:
    """Messages that may have reached someone, and their cost in minor units."""

    sent: int
    cost: float


def messages(campaign: Campaign) -> Messages:
    """Return the messages of a campaign's life, priced by its `unit_costs`; a channel without a price is free."""
    rows = _deliveries(campaign).filter(state__in=MAY_HAVE_SPOKEN).values_list("channel").annotate(count=Count("pk"))
    counts = dict(rows)
    return Messages(
        sent=sum(counts.values()),
        cost=sum(count * float(campaign.unit_costs.get(channel, 0)) for channel, count in counts.items()),
    )


def exclusions(campaign: Campaign) -> dict[str, int]:
    """Return how many occasions were skipped before the draw, by the guard that said so, the most frequent first."""
    rows = (
        Occasion.objects.filter(campaign=campaign, decision=Decision.SKIPPED)
        .values_list("reason")
        .annotate(count=Count("pk"))
        .order_by("-count", "reason")
    )
    return dict(rows)


def withheld(campaign: Campaign) -> dict[str, int]:
    """Return how many planned messages were not sent after all, by reason; their customers stay in the comparison."""
    rows = (
        _deliveries(campaign)
        .filter(state="skipped")
        .values_list("reason")
        .annotate(count=Count("pk"))
        .order_by("-count", "reason")
    )
    return dict(rows)


def _deliveries(campaign: Campaign) -> QuerySet[Delivery]:
    """Return a campaign's deliveries, by way of its due occasions, which an index finds; no others have any."""
    due = {"occasion__campaign": campaign, "occasion__decision": Decision.DUE}
    return Delivery.objects.filter(campaign=campaign, **due)
