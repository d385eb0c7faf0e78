"""Test messages that a person sent to themselves: kept apart from deliveries, so that no report ever counts one."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.models import Campaign, ChannelName


class TrialMessage(models.Model):
    """One "send me a test": who asked, where it went, the words it carried, and what the provider said."""

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="trials", verbose_name=_("campaign"))
    channel = models.CharField(_("channel"), max_length=10, choices=ChannelName)
    language = models.CharField(_("language"), max_length=35)
    requested_by = models.CharField(_("asked by"), max_length=150)
    provider = models.CharField(_("provider"), max_length=20)
    verdict = models.CharField(_("answer"), max_length=20)
    code = models.CharField(_("code"), max_length=40, blank=True, default="")
    detail = models.TextField(_("detail"), blank=True, default="")
    recipient = models.CharField(_("to"), max_length=254)
    subject = models.CharField(_("subject"), max_length=998, blank=True, default="")
    text = models.TextField(_("text"))
    html = models.TextField(_("HTML"), blank=True, default="")
    sent_at = models.DateTimeField(_("sent"))

    class Meta:
        verbose_name = _("test message")
        verbose_name_plural = _("test messages")

    def __str__(self) -> str:
        return f"{self.channel} {self.sent_at:%Y-%m-%d}"
