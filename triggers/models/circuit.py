"""How each provider fared of late, where every worker sees it."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Circuit(models.Model):
    """One provider's last verdicts, and the pause that they led to.

    `recent` holds a letter for each of the last calls, the newest last: a(ccepted), l(ater), s(ettings), u(nknown).
    `open_until` is on the database's clock: until then nothing is handed to the provider, then one message tries, whose
    answer alone counts while it is `on_trial`.
    """

    class Cause(models.TextChoices):
        """Why the provider is paused."""

        SETTINGS = "settings", _("account or settings refused")
        UNKNOWN = "unknown", _("answers are missing or unclear")
        LATER = "later", _("busy or out of reach")

    provider = models.CharField(_("provider"), max_length=20, primary_key=True)
    recent = models.CharField(max_length=20, blank=True, default="")
    # Unix seconds of the last unknown ones.
    unknown_at = models.JSONField(default=list, blank=True)
    open_until = models.DateTimeField(_("paused until"), null=True, blank=True)
    on_trial = models.BooleanField(default=False)
    cause = models.CharField(_("because"), max_length=10, choices=Cause, blank=True, default="")
    detail = models.TextField(_("last refusal"), blank=True, default="")

    class Meta:
        verbose_name = _("provider's state")
        verbose_name_plural = _("providers' states")

    def __str__(self) -> str:
        return self.provider
