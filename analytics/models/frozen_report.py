"""A finished campaign's report as it was told, never changed afterwards."""

import hashlib
import json
from typing import Any, NoReturn

from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.models import Campaign


class Frozen(Exception):
    """Somebody tried to change or delete what is frozen."""


class FrozenReports(models.QuerySet["FrozenReport"]):
    """Frozen reports, which can be read and added to, and nothing else."""

    def update(self, **_values: Any) -> NoReturn:
        """Raise Frozen."""
        raise Frozen("a frozen report never changes")

    def delete(self) -> NoReturn:
        """Raise Frozen."""
        raise Frozen("a frozen report is kept")


class FrozenReport(models.Model):
    """The figures of a finished campaign with all that they were computed from.

    `settings` are the campaign's as read, `inputs` the sums of both arms (minor units), `version` the code's and
    `libraries` those of statistics. `seal` is the SHA-256 of everything else: a row changed behind our back shows.
    """

    campaign = models.OneToOneField(Campaign, models.PROTECT, related_name="frozen_report")
    frozen_at = models.DateTimeField(_("frozen"))
    version = models.CharField(_("code version"), max_length=40)
    libraries = models.JSONField(_("libraries"))
    settings = models.JSONField(_("settings"))
    inputs = models.JSONField(_("inputs"))
    content = models.JSONField(_("content"))
    seal = models.CharField(max_length=64, editable=False)

    objects = FrozenReports.as_manager()

    class Meta:
        verbose_name = _("frozen report")
        verbose_name_plural = _("frozen reports")

    def __str__(self) -> str:
        return f"{self.campaign} {self.frozen_at:%Y-%m-%d}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Store the row once, sealed; raises Frozen where it is already stored."""
        if self.pk is not None:
            raise Frozen("a frozen report never changes")
        self.seal = self.sealed()
        super().save(*args, **kwargs)

    def delete(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        """Raise Frozen."""
        raise Frozen("a frozen report is kept")

    def sealed(self) -> str:
        """Return the digest that the row must bear."""
        told = [self.version, self.libraries, self.settings, self.inputs, self.content]
        # Through JSON and back: what the database returns has lists for tuples and one kind of number.
        text = json.dumps(json.loads(json.dumps(told)), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def unbroken(self) -> bool:
        """Whether the row is still as it was sealed."""
        return self.seal == self.sealed()
