"""The how manieth time a gesture speaks to a customer, which chooses its text, and who would read one again."""

from collections.abc import Mapping, Sequence

from django.db.models import Count, Q

from campaigns.gestures.variants import times_covered
from campaigns.models import Campaign
from triggers.claimed import Claimed
from triggers.models import MAY_HAVE_SPOKEN, Decision, Delivery, Occasion


def ranks(batch: Sequence[Claimed], campaigns: Mapping[int, Campaign]) -> dict[int, int]:
    """Return the how manieth time each delivery's gesture speaks to its customer, by delivery id.

    Only of gestures with texts for several times: of the others nobody asks. What any campaign of the gesture may have
    said counts. One query a batch; none where no gesture of it has several.
    """
    gestures = {
        campaign.pk: campaign.gesture_id
        for campaign in campaigns.values()
        if any(variant.rank > 1 for variant in campaign.gesture.variants.all())
    }
    if not gestures:
        return {}
    said = (
        Delivery.objects.filter(
            ~Q(pk__among={delivery.pk for delivery in batch}),  # one that is sent again is the same time
            customer__among={delivery.customer_id for delivery in batch if delivery.campaign_id in gestures},
            campaign__gesture__in=set(gestures.values()),
            spoken_on__isnull=False,
            state__in=MAY_HAVE_SPOKEN,
        )
        .order_by()
        .values_list("customer_id", "campaign__gesture_id")
        .annotate(times=Count("pk"))
    )
    times = {(customer, gesture): count for customer, gesture, count in said}
    return {
        delivery.pk: 1 + times.get((delivery.customer_id, gestures[delivery.campaign_id]), 0)
        for delivery in batch
        if delivery.campaign_id in gestures
    }


def would_repeat(campaign: Campaign, most: int) -> tuple[int, int]:
    """Return how many customers would read a text of the campaign's gesture again the next time, counted up to `most`,
    and how many times its texts cover. Nothing repeats while nobody was planned for more often than that."""
    covered = times_covered(campaign.gesture, campaign.channels)
    told = Occasion.objects.filter(campaign__in=campaign.gesture.campaigns.all(), decision=Decision.DUE)
    often = told.order_by().values("customer").annotate(times=Count("pk")).filter(times__gte=max(covered, 1))
    return often[:most].count(), covered
