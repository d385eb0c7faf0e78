"""Who did what when: the log that nobody can change, not even the database's owner by mistake."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class AuditEntry(models.Model):
    """One thing that a person, an API key or the system did; append-only, held by triggers in the database.

    `actor` is a user's name, "API: <key's name>", or "" for the system itself. `subject` names what was acted on as it
    was called then, and stays readable after it is gone. Nothing here is about customers.
    """

    class Action(models.TextChoices):
        """What was done."""

        CREATED = "created", _("created")
        EDITED = "edited", _("edited")
        DELETED = "deleted", _("deleted")
        SUBMITTED = "submitted", _("asked for review")
        APPROVED = "approved", _("approved")
        SENT_BACK = "sent_back", _("sent back")
        VOIDED = "voided", _("approval voided by an edit")
        SHADOW = "shadow", _("dry run begun")
        CANARY = "canary", _("partial launch")
        LAUNCHED = "launched", _("launched")
        PAUSED = "paused", _("paused")
        RESUMED = "resumed", _("resumed")
        ENDED = "ended", _("stopped for good")
        STOPPED = "stopped", _("sending stopped")
        RELEASED = "released", _("sending resumed")
        DRAWN = "drawn", _("global control group drawn")

    at = models.DateTimeField(_("when"))
    actor = models.CharField(_("by"), max_length=150, blank=True, default="")
    action = models.CharField(_("what"), max_length=20, choices=Action)
    kind = models.CharField(_("of what kind"), max_length=40)
    subject_id = models.BigIntegerField(null=True, blank=True)
    subject = models.CharField(_("on what"), max_length=200, blank=True, default="")
    detail = models.JSONField(_("detail"), default=dict, blank=True)

    class Meta:
        verbose_name = _("audit log entry")
        verbose_name_plural = _("audit log")
        ordering = ["-pk"]
        indexes = [models.Index(fields=["kind", "subject_id"], name="audit_subject")]

    def __str__(self) -> str:
        return f"{self.get_action_display()}: {self.subject}"
