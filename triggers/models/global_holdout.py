"""The global control group: customers whom no campaign writes to, drawn anew each quarter."""

from datetime import datetime
from decimal import Decimal

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _


class GlobalHoldout(models.Model):
    """One epoch of the global control group, in force from `since` until the next one's; append-only.

    Its members are not stored: they are the customers whose draw with `salt` falls below `share` (triggers/holdout.py).
    A share of 0 ends the group. Service messages and promised benefits reach its members all the same.
    """

    epoch = models.CharField(_("epoch"), max_length=20, unique=True)
    share = models.DecimalField(
        _("share of the customers"),
        max_digits=4,
        decimal_places=3,
        validators=[MinValueValidator(Decimal(0)), MaxValueValidator(Decimal("0.5"))],
    )
    since = models.DateTimeField(_("since"), db_index=True)
    drawn_by = models.CharField(_("drawn by"), max_length=150, blank=True, default="")

    class Meta:
        verbose_name = _("global control group")
        verbose_name_plural = _("global control groups")
        ordering = ["-since", "-pk"]

    def __str__(self) -> str:
        return self.epoch

    @property
    def salt(self) -> str:
        """The salt of its draw, independent of every campaign's and every other epoch's."""
        return f"global:{self.epoch}"

    @classmethod
    def at(cls, now: datetime) -> "GlobalHoldout | None":
        """Return the epoch in force at `now` (aware), None before the first."""
        return cls.objects.filter(since__lte=now).order_by("-since", "-pk").first()
