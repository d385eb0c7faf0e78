"""Figures of a page as they were last computed, so that a question over millions of events is asked once."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Figures(models.Model):
    """The answer to one question (`name` says which, with what was chosen) at one business instant."""

    name = models.CharField(_("name"), max_length=300, unique=True)
    computed_at = models.DateTimeField(_("computed"))
    version = models.CharField(_("code version"), max_length=40)
    content = models.JSONField(_("content"))

    class Meta:
        verbose_name = _("figures")
        verbose_name_plural = _("figures")

    def __str__(self) -> str:
        return self.name
