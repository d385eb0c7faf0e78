"""What people decided about deliveries that the system must not decide by itself."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from triggers.models.delivery import Attempt, Delivery


class Ruling(models.Model):
    """One person's word about one delivery: who, what, when. Append-only; a delivery may have several.

    `attempt` is the provider call that a resend made.
    """

    class Kind(models.TextChoices):
        """What was decided."""

        RESEND = "resend", _("sent again")
        RELEASE = "release", _("put back in the queue")
        LEAVE = "leave", _("left as it is")

    delivery = models.ForeignKey(Delivery, models.CASCADE, related_name="rulings")
    kind = models.CharField(_("decision"), max_length=10, choices=Kind)
    ruled_by = models.CharField(_("by"), max_length=150)
    ruled_at = models.DateTimeField(_("when"))
    attempt = models.OneToOneField(Attempt, models.CASCADE, null=True, blank=True, related_name="ruling")

    class Meta:
        verbose_name = _("a person's decision")
        verbose_name_plural = _("people's decisions")

    def __str__(self) -> str:
        return f"{self.get_kind_display()} ({self.ruled_by})"
