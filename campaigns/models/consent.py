"""Who agreed to be written to, and which addresses must never be."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.models.customer import Customer
from campaigns.models.fields import ChannelName


class Consent(models.Model):
    """One word a customer gave about being written to. Append-only; the last by `given_at` counts, a refusal wins
    a tie, and a grant counts only when given later than the last refusal."""

    class Purpose(models.TextChoices):
        """What was agreed to."""

        MARKETING = "marketing", _("relation and commercial messages")

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="consents")
    channel = models.CharField(_("channel"), max_length=10, choices=ChannelName)
    purpose = models.CharField(_("purpose"), max_length=20, choices=Purpose, default=Purpose.MARKETING)
    granted = models.BooleanField(_("granted"))
    source = models.CharField(_("source"), max_length=80, blank=True, default="")
    text = models.TextField(_("text shown"), blank=True, default="")
    given_at = models.DateTimeField(_("given"))
    recorded_at = models.DateTimeField(_("recorded"))

    class Meta:
        verbose_name = _("consent")
        verbose_name_plural = _("consents")
        constraints = [
            models.UniqueConstraint(
                fields=["customer", "channel", "purpose", "given_at", "granted"], name="consent_recorded_once"
            )
        ]
        indexes = [models.Index(fields=["given_at"], name="consent_withdrawn", condition=models.Q(granted=False))]

    def __str__(self) -> str:
        return f"{self.channel} {'+' if self.granted else '-'} {self.given_at:%Y-%m-%d}"


class Suppression(models.Model):
    """An address that is never written to again on a channel, kept as a keyed hash (campaigns/address.py)."""

    class Reason(models.TextChoices):
        """Why the address is closed."""

        UNSUBSCRIBED = "unsubscribed", _("unsubscribed")
        COMPLAINED = "complained", _("reported as spam")
        BOUNCED = "bounced", _("does not exist")
        STOPPED = "stopped", _("answered STOP")
        BY_HAND = "by_hand", _("added by hand")

    channel = models.CharField(_("channel"), max_length=10, choices=ChannelName)
    address_key = models.CharField(max_length=32)
    reason = models.CharField(_("reason"), max_length=20, choices=Reason)
    created_at = models.DateTimeField(_("since"))

    class Meta:
        verbose_name = _("suppressed address")
        verbose_name_plural = _("suppressed addresses")
        constraints = [models.UniqueConstraint(fields=["channel", "address_key"], name="suppressed_once")]

    def __str__(self) -> str:
        return f"{self.get_channel_display()}: {self.get_reason_display()}"
