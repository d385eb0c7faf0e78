"""How much each campaign sent when, in small: what rates and usual days are counted from."""

from django.db import models

from campaigns.models import Campaign


class Volume(models.Model):
    """What one permit batch let out of one campaign at `at` (business time), and how many it could not write.

    A sum over a few of these stands for a count over the deliveries, of which there may be millions; several workers
    add theirs without waiting for each other.
    """

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="+", db_index=False, db_constraint=False)
    at = models.DateTimeField()
    messages = models.PositiveIntegerField(default=0)
    unwritten = models.PositiveIntegerField(default=0)

    class Meta:
        indexes = [models.Index(fields=["campaign", "at"], name="volume_campaign_at")]

    def __str__(self) -> str:
        return f"{self.campaign_id} {self.at:%Y-%m-%d %H:%M} {self.messages}"
