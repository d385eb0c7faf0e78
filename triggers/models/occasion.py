"""One customer reaching one campaign's moment once, and what was decided."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.models import Campaign, ChannelName, Customer, Order


class Decision(models.TextChoices):
    """What the planner decided. A customer held out globally is in neither arm of the campaign.

    A dry run's decisions bear names of their own: whatever counts arms, doses or messages never sees them.
    """

    DUE = "due", _("due")
    HELD_OUT = "held_out", _("control group")
    GLOBAL = "global", _("global control group")
    SKIPPED = "skipped", _("skipped")
    WOULD_SEND = "would_send", _("dry run: would be written to")
    WOULD_HOLD = "would_hold", _("dry run: control group")


class Occasion(models.Model):
    """A customer at a campaign's moment, unique by its key (`birthday:2026`, `order:8123`), decided when inserted.

    `due_at` is the moment's own instant, `slot_at` the planned one after quiet hours and caps: the anchor of both
    arms in every report. `channel` is the one that speaks (or would have, for a held-out customer). `reason` names
    the guard that skipped it, or that moved `slot_at` behind `due_at`; `value` is what that guard saw, and `next_at`
    when it would be content again, None for never.
    """

    # No foreign keys in the database here and in Delivery: every row comes from a SELECT over the tables referred to,
    # and their checks took longer than planning a million occasions.
    campaign = models.ForeignKey(
        Campaign, models.PROTECT, related_name="occasions", db_index=False, db_constraint=False
    )
    customer = models.ForeignKey(
        Customer, models.CASCADE, related_name="occasions", verbose_name=_("customer"), db_constraint=False
    )
    key = models.CharField(_("key"), max_length=230)
    due_at = models.DateTimeField(_("due"))
    fresh_until = models.DateTimeField(_("fresh until"))
    slot_at = models.DateTimeField(_("planned for"))
    order = models.ForeignKey(
        Order, models.SET_NULL, null=True, blank=True, related_name="+", db_index=False, db_constraint=False
    )
    channel = models.CharField(_("channel"), max_length=10, choices=ChannelName, blank=True, default="")
    decision = models.CharField(_("decision"), max_length=10, choices=Decision)
    reason = models.CharField(_("reason"), max_length=30, blank=True, default="")
    value = models.CharField(_("value seen"), max_length=100, blank=True, default="")
    next_at = models.DateTimeField(_("not before"), null=True, blank=True)
    decided_at = models.DateTimeField(_("decided"))

    class Meta:
        verbose_name = _("occasion")
        verbose_name_plural = _("occasions")
        constraints = [models.UniqueConstraint(fields=["campaign", "customer", "key"], name="occasion_once")]

    def __str__(self) -> str:
        return self.key


class GuardFinding(models.Model):
    """What a guard said of an occasion after it was planned (at the fire permit): skip, or not before `next_at`."""

    occasion = models.ForeignKey(Occasion, models.CASCADE, related_name="findings")
    guard = models.CharField(_("guard"), max_length=30)
    value = models.CharField(_("value seen"), max_length=200, blank=True, default="")
    found_at = models.DateTimeField(_("when"))
    next_at = models.DateTimeField(_("not before"), null=True, blank=True)

    class Meta:
        verbose_name = _("guard's finding")
        verbose_name_plural = _("guards' findings")
        ordering: ClassVar = ["id"]

    def __str__(self) -> str:
        return self.guard


class Heartbeat(models.Model):
    """When a periodic job last finished, in business and in real time.

    `swept_at`, of the planner alone: when it last looked at all that is fresh, in business time.
    """

    name = models.CharField(max_length=30, primary_key=True)
    business_at = models.DateTimeField()
    finished_at = models.DateTimeField()
    swept_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.name
