"""A campaign's report as it was computed, so that it opens at once and a finished one never changes."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.models import Campaign


class Report(models.Model):
    """The figures of one campaign at one business instant. `final` ones are the frozen copy of a mature campaign."""

    campaign = models.OneToOneField(Campaign, models.CASCADE, related_name="report")
    computed_at = models.DateTimeField(_("computed"))
    final = models.BooleanField(_("final"), default=False)
    version = models.CharField(_("code version"), max_length=40, blank=True, default="")
    content = models.JSONField(_("content"))

    class Meta:
        verbose_name = _("report")
        verbose_name_plural = _("reports")

    def __str__(self) -> str:
        return f"{self.campaign} {self.computed_at:%Y-%m-%d}"
