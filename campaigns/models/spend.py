"""What the shop spent to win customers."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Spend(models.Model):
    """Acquisition cost of one channel in one week that begins on a Monday, in minor units of the shop's currency."""

    week = models.DateField(_("week (its Monday)"))
    channel = models.CharField(_("acquisition channel"), max_length=60)
    amount = models.PositiveBigIntegerField(_("amount (minor units)"))

    class Meta:
        verbose_name = _("spend")
        verbose_name_plural = _("spend")
        constraints = [models.UniqueConstraint(fields=["week", "channel"], name="spend_once_a_week_and_channel")]

    def __str__(self) -> str:
        return f"{self.channel} {self.week}"
