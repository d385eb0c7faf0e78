"""Loyalty tiers and who reached them first when."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Tier(models.Model):
    """A step of the loyalty programme, reached when `basis` first comes to `threshold`."""

    class Basis(models.TextChoices):
        """What is counted, over the customer's whole life."""

        SPENT = "spent", _("total spent (minor units)")
        ORDERS = "orders", _("number of orders")
        POINTS = "points", _("points")

    slug = models.SlugField(_("key"), unique=True)
    name = models.CharField(_("name"), max_length=80)
    basis = models.CharField(_("counts"), max_length=10, choices=Basis, default=Basis.SPENT)
    threshold = models.PositiveBigIntegerField(_("from"), help_text=_("Money in minor units: 50000 is 500.00."))
    rank = models.PositiveSmallIntegerField(_("rank"), default=0, help_text=_("The highest rank reached counts."))

    class Meta:
        verbose_name = _("tier")
        verbose_name_plural = _("tiers")
        ordering = ["rank", "threshold"]

    def __str__(self) -> str:
        return self.name


class TierReach(models.Model):
    """A customer's first reach of a tier: a fact that later refunds or late orders never move.

    `reached_at` is the business instant of the order (or points update) that brought them there;
    `highest` is false for a lower tier reached by the same order as a higher one.
    """

    customer = models.ForeignKey("campaigns.Customer", models.CASCADE, related_name="tier_reaches")
    tier = models.ForeignKey(Tier, models.CASCADE, related_name="reaches")
    reached_at = models.DateTimeField(_("reached"))
    highest = models.BooleanField(default=True)

    class Meta:
        verbose_name = _("tier reached")
        verbose_name_plural = _("tiers reached")
        constraints = [models.UniqueConstraint(fields=["customer", "tier"], name="tier_reached_once")]
        indexes = [models.Index(fields=["tier", "reached_at"], name="tier_reach_when")]

    def __str__(self) -> str:
        return f"{self.tier} ({self.reached_at:%Y-%m-%d})"
