"""Who entered the audience of a segment moment, and when they left it: kept, because no fact says so."""

from typing import ClassVar

from django.db import models

from campaigns.models import Campaign, Customer


class SegmentEntry(models.Model):
    """One stay of a customer in the audience that a campaign's moment watches; written by triggers/entries.py.

    `number` counts a customer's entries from 1. Who was inside when the campaign was first looked at has number 0 and
    never entered: `entered_at` is empty. `left_at` is empty while they are inside.
    """

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="entries", db_index=False)
    # Rows come from a SELECT over the customers, as those of Occasion do.
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="+", db_index=False, db_constraint=False)
    number = models.PositiveIntegerField()
    entered_at = models.DateTimeField(null=True)
    left_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["customer", "campaign", "number"], name="segment_entry_once")]
        indexes: ClassVar = [
            models.Index(
                fields=["campaign", "entered_at"],
                name="segment_entered",
                condition=models.Q(entered_at__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return f"{self.campaign_id} {self.number}"


class SegmentLook(models.Model):
    """When everybody was last looked at for a campaign, in business time; without a row nobody was yet."""

    campaign = models.OneToOneField(Campaign, models.CASCADE, primary_key=True, related_name="look")
    looked_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.campaign_id} {self.looked_at:%Y-%m-%d %H:%M}"
