"""When: the moment of a customer's journey at which a gesture is due."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class JourneyMoment(models.Model):
    """A point of the journey, its friction and emotion, and the rule that says who reached it.

    `kind` names a kind registered in campaigns/moment_kinds.py; `rule` holds that kind's own settings.
    """

    class Stage(models.TextChoices):
        """Where in the relation the moment lies."""

        DISCOVERY = "discovery", _("discovery")
        WELCOME = "welcome", _("welcome")
        PURCHASE = "purchase", _("purchase")
        WAITING = "waiting", _("waiting")
        AFTER_PURCHASE = "after_purchase", _("after the purchase")
        LOYALTY = "loyalty", _("loyalty")
        ANNIVERSARY = "anniversary", _("anniversary")
        DEPARTURE = "departure", _("departure")

    slug = models.SlugField(_("key"), unique=True, max_length=80)
    name = models.CharField(_("name"), max_length=120)
    stage = models.CharField(_("stage"), max_length=20, choices=Stage, default=Stage.AFTER_PURCHASE)
    friction = models.TextField(_("which friction does it soften?"), blank=True)
    emotion = models.CharField(_("which emotion, at that moment?"), max_length=200, blank=True)
    kind = models.CharField(_("what happens"), max_length=30)
    rule = models.JSONField(_("rule"), default=dict, blank=True)

    class Meta:
        verbose_name = _("moment")
        verbose_name_plural = _("moments")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
