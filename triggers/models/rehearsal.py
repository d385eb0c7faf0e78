"""Rehearsals of a campaign over past days, and the messages shown of each."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from campaigns.models import Campaign, ChannelName, Customer


class Rehearsal(models.Model):
    """What a campaign would have done between `after` and `until`; `result` is made by triggers/rehearsal/outcome.py.

    `content` is the hash of the campaign as it was rehearsed (campaigns/launch.py): a later edit makes the result old.
    `share` (0 to 1) and `reached` (the instant lived through last) tell how far it is; `touched_at` is real time, by
    which a worker that died is noticed.
    """

    class Status(models.TextChoices):
        """Where it stands."""

        QUEUED = "queued", _("in the queue")
        RUNNING = "running", _("running")
        CANCELLED = "cancelled", _("cancelled")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="rehearsals", verbose_name=_("campaign"))
    after = models.DateTimeField(_("from"))
    until = models.DateTimeField(_("to"))
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.QUEUED)
    share = models.FloatField(default=0)
    reached = models.DateTimeField(null=True, blank=True)
    content = models.CharField(max_length=64)
    requested_by = models.CharField(_("asked by"), max_length=150)
    requested_at = models.DateTimeField(_("asked for"))
    touched_at = models.DateTimeField()
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    fault = models.CharField(max_length=200, blank=True, default="")
    result = models.JSONField(default=dict, blank=True)

    class Meta:
        verbose_name = _("rehearsal")
        verbose_name_plural = _("rehearsals")
        constraints = [
            models.UniqueConstraint(
                fields=["campaign"], condition=Q(status__in=["queued", "running"]), name="rehearsal_once_at_a_time"
            )
        ]
        ordering: ClassVar = ["-pk"]

    def __str__(self) -> str:
        return f"{self.campaign} {self.after:%Y-%m-%d}"

    @property
    def pending(self) -> bool:
        """Whether it still waits or runs."""
        return self.status in (self.Status.QUEUED, self.Status.RUNNING)


class RehearsedMessage(models.Model):
    """One message that a rehearsal would have sent, as its customer would have seen it; it goes with its customer."""

    rehearsal = models.ForeignKey(Rehearsal, models.CASCADE, related_name="messages")
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="+")
    channel = models.CharField(_("channel"), max_length=10, choices=ChannelName)
    language = models.CharField(_("language"), max_length=35)
    sent_at = models.DateTimeField(_("sent"))
    subject = models.CharField(_("subject"), max_length=998, blank=True, default="")
    text = models.TextField(_("text"))
    html = models.TextField(_("HTML"), blank=True, default="")

    class Meta:
        verbose_name = _("rehearsed message")
        verbose_name_plural = _("rehearsed messages")

    def __str__(self) -> str:
        return f"{self.channel} {self.sent_at:%Y-%m-%d}"
