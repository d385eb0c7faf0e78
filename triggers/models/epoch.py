"""How far this database has come in sending, so that one restored from a backup can be told."""

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _


class Epoch(models.Model):
    """The one row that counts permit batches (triggers/epoch.py).

    `lineage` is made with the database: a backup of it has the same, another database never. Sending is on hold from
    `held_at` until a person releases it. What fell due until `lost_until` may have been sent by the database that was
    lost, and is skipped. Both in business time.
    """

    lineage = models.UUIDField(default=uuid.uuid4, editable=False)
    number = models.BigIntegerField(default=0)
    held_at = models.DateTimeField(_("on hold since"), null=True, blank=True)
    lost_until = models.DateTimeField(null=True, blank=True)
    released_by = models.CharField(_("released by"), max_length=150, blank=True, default="")
    released_at = models.DateTimeField(_("released"), null=True, blank=True)

    class Meta:
        verbose_name = _("epoch")
        verbose_name_plural = _("epochs")

    def __str__(self) -> str:
        return str(self.number)

    @classmethod
    def get(cls) -> "Epoch":
        """Return the row, made where it does not exist yet."""
        row, _created = cls.objects.get_or_create(pk=1)
        return row
