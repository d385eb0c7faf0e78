"""A customer's gestures in their timeline."""

from collections.abc import Iterator

from django.urls import reverse

from campaigns.admin.panels import Entry, on_timeline
from campaigns.models import Customer
from triggers.admin.words import reason_words
from triggers.models import Decision, Occasion


@on_timeline
def gestures(customer: Customer, limit: int) -> Iterator[Entry]:
    """Yield the customer's occasions with what was decided."""
    occasions = Occasion.objects.filter(customer=customer).select_related("campaign").order_by("-pk")
    for occasion in occasions[:limit]:
        detail = str(Decision(occasion.decision).label)
        if occasion.reason:
            detail = f"{detail}: {reason_words(occasion.reason)}"
        url = reverse("admin:triggers_occasion_change", args=(occasion.pk,))
        yield Entry(occasion.slot_at, "gesture", str(occasion.campaign), detail, url)
