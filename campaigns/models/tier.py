"""Loyalty tiers and who reached them first when."""

from typing import ClassVar

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _


class Tier(models.Model):
    """A step of the loyalty programme, reached when `basis` first comes to `threshold`."""

    class Basis(models.TextChoices):
        """What is counted."""

        SPENT = "spent", _("total spent (minor units)")
        ORDERS = "orders", _("number of orders")
        POINTS = "points", _("points")

    class Period(models.TextChoices):
        """Over how long it is counted; a year is the 365 days that end with an order."""

        EVER = "ever", _("ever since")
        YEAR = "year", _("in any 12 months")

    slug = models.SlugField(_("key"), unique=True)
    name = models.CharField(_("name"), max_length=80)
    basis = models.CharField(_("counts"), max_length=10, choices=Basis, default=Basis.SPENT)
    period = models.CharField(
        _("over how long"),
        max_length=4,
        choices=Period,
        default=Period.EVER,
        help_text=_("In any 12 months: it is lost again when the total falls, and can be reached anew each year."),
    )
    threshold = models.PositiveBigIntegerField(_("from"), help_text=_("Money in minor units: 50000 is 500.00."))
    rank = models.PositiveSmallIntegerField(_("rank"), default=0, help_text=_("The highest rank reached counts."))

    class Meta:
        verbose_name = _("tier")
        verbose_name_plural = _("tiers")
        ordering = ["rank", "threshold"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=~models.Q(period="year", basis="points"), name="tier_points_are_a_balance")
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Raise ValidationError for points in 12 months: the shop posts a balance, not what was earned when."""
        if self.period == self.Period.YEAR and self.basis == self.Basis.POINTS:
            raise ValidationError(
                {"period": gettext("Points are a balance, not a sum over time: count them ever since.")}
            )


class TierReach(models.Model):
    """A customer's first reach of a tier: a fact that later refunds or late orders never move.

    `reached_at` is the business instant of the order (or points update) that brought them there, `brought_by` the
    order; `highest` is false for a lower tier reached by the same order as a higher one. A tier counted over 12 months
    is reached at most once a `year` (UTC), by an order before which the total was lower; for the others that is 0.
    """

    customer = models.ForeignKey("campaigns.Customer", models.CASCADE, related_name="tier_reaches")
    tier = models.ForeignKey(Tier, models.CASCADE, related_name="reaches")
    year = models.PositiveSmallIntegerField(default=0)
    reached_at = models.DateTimeField(_("reached"))
    brought_by = models.ForeignKey(
        "campaigns.Order", models.SET_NULL, null=True, blank=True, related_name="tier_reaches"
    )
    highest = models.BooleanField(default=True)

    class Meta:
        verbose_name = _("tier reached")
        verbose_name_plural = _("tiers reached")
        constraints = [models.UniqueConstraint(fields=["customer", "tier", "year"], name="tier_reached_once")]
        indexes = [models.Index(fields=["tier", "reached_at"], name="tier_reach_when")]

    def __str__(self) -> str:
        return f"{self.tier} ({self.reached_at:%Y-%m-%d})"
