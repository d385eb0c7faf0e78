"""Who reads the weekly digest, and which weeks they have had."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class DigestReader(models.Model):
    """One person of the studio who asked for the digest, in the language asked in."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="digest", verbose_name=_("user"))
    language = models.CharField(_("language"), max_length=10, choices=settings.LANGUAGES, default="en")
    subscribed_at = models.DateTimeField(_("since"))

    class Meta:
        verbose_name = _("reader of the digest")
        verbose_name_plural = _("readers of the digest")

    def __str__(self) -> str:
        return str(self.user)


class DigestSent(models.Model):
    """One digest of one week (its Monday), stored before it is sent: nobody gets a week twice."""

    reader = models.ForeignKey(DigestReader, models.CASCADE, related_name="sent", verbose_name=_("reader"))
    week = models.DateField(_("week (its Monday)"))
    sent_at = models.DateTimeField(_("sent"))

    class Meta:
        verbose_name = _("digest sent")
        verbose_name_plural = _("digests sent")
        constraints: ClassVar = [models.UniqueConstraint(fields=["reader", "week"], name="digest_once_a_week")]

    def __str__(self) -> str:
        return f"{self.reader} {self.week}"
