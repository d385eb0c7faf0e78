"""A campaign joins a moment and a gesture, for an audience, with its dose and its measurement."""

from decimal import Decimal
from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from campaigns.models.gesture import GestureTemplate
from campaigns.models.moment import JourneyMoment


def default_channels() -> list[str]:
    """Return the channels of a new campaign, in the order tried."""
    return ["email"]


class Campaign(models.Model):
    """Moment × gesture × audience × dose × measurement.

    `shadow_at` begins its latest dry run; `canary_share` is set while only that share of the customers is written to.
    `paused_for` and `paused_facts` say why it was paused by itself (campaigns/pauses.py), and since `watched_since`,
    its launch or last resumption, what it does is watched for that.

    `channels` is tried in order: the first with an address, a consent and a text speaks. `audience` is a tree of
    conditions (campaigns/audience.py). `holdout_share` is frozen at launch. `before_after_days` and
    `attribution_days` are civil days of the shop's zone. Costs are minor units of the shop's currency a message.
    """

    class Status(models.TextChoices):
        """Its life: a dry run decides and sends nothing, a partial launch writes to a share, a live one to all."""

        DRAFT = "draft", _("draft")
        IN_REVIEW = "in_review", _("in review")
        APPROVED = "approved", _("approved")
        SHADOW = "shadow", _("dry run")
        CANARY = "canary", _("partial launch")
        LIVE = "live", _("running")
        PAUSED = "paused", _("paused")
        ENDED = "ended", _("ended")

    # Which campaigns decide, and which of them also send.
    SENDING: ClassVar = (Status.CANARY, Status.LIVE)
    PLANNING: ClassVar = (Status.SHADOW, *SENDING)

    slug = models.SlugField(_("key"), unique=True, max_length=80)
    name = models.CharField(_("name"), max_length=120)
    moment = models.ForeignKey(JourneyMoment, models.PROTECT, related_name="campaigns", verbose_name=_("moment"))
    gesture = models.ForeignKey(GestureTemplate, models.PROTECT, related_name="campaigns", verbose_name=_("gesture"))
    channels = models.JSONField(_("channels, in the order tried"), default=default_channels)
    audience = models.JSONField(_("audience"), default=dict, blank=True, help_text=_("Empty: everybody."))
    priority = models.SmallIntegerField(_("priority"), default=0, help_text=_("The higher goes first."))
    absorbs = models.ManyToManyField(
        "self",
        symmetrical=False,
        blank=True,
        related_name="absorbed_by",
        verbose_name=_("absorbs"),
        help_text=_("Who gets this gesture does not also get these the same day."),
    )
    even_in_trouble = models.BooleanField(
        _("even to a customer in trouble"),
        default=False,
        help_text=_(
            "Otherwise it waits while a ticket is open, a parcel late, a return under way or the score at most 6."
        ),
    )
    promised = models.BooleanField(
        _("promised in the loyalty terms"), default=False, help_text=_("What is promised is owed: nobody is held out.")
    )
    holdout_share = models.DecimalField(
        _("share of the control group"),
        max_digits=4,
        decimal_places=3,
        default=Decimal("0.100"),
        validators=[MinValueValidator(Decimal(0)), MaxValueValidator(Decimal("0.9"))],
    )
    macro_conversion = models.CharField(
        _("counts as success"), max_length=100, default="order", help_text=_("“order”, or the name of a key event.")
    )
    before_after_days = models.PositiveSmallIntegerField(_("days before and after"), default=28)
    attribution_days = models.PositiveSmallIntegerField(_("days a gesture may act"), default=14)
    unit_costs = models.JSONField(_("cost a message (minor units)"), default=dict, blank=True)
    incentive_cost = models.PositiveIntegerField(_("cost of a redeemed gift (minor units)"), default=0)
    margin_share = models.DecimalField(
        _("margin share of revenue"), max_digits=4, decimal_places=3, default=Decimal("0.400")
    )
    smallest_useful_effect = models.DecimalField(
        _("smallest useful effect (purchases for 1,000 contacts)"),
        max_digits=6,
        decimal_places=2,
        default=Decimal("5.00"),
    )
    utm = models.BooleanField(_("tag links with UTM"), default=False)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.DRAFT, db_index=True)
    approved_at = models.DateTimeField(_("approved"), null=True, blank=True)
    approved_by = models.CharField(_("approved by"), max_length=150, blank=True, default="")
    approved_hash = models.CharField(max_length=64, blank=True, default="", editable=False)
    shadow_at = models.DateTimeField(_("dry run since"), null=True, blank=True)
    canary_share = models.DecimalField(
        _("share of the partial launch"), max_digits=4, decimal_places=3, null=True, blank=True
    )
    paused_for = models.CharField(max_length=20, blank=True, default="", editable=False)
    paused_facts = models.JSONField(default=dict, blank=True, editable=False)
    watched_since = models.DateTimeField(null=True, blank=True, editable=False)
    launched_at = models.DateTimeField(_("launched"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("campaign")
        verbose_name_plural = _("campaigns")
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(status__in=["canary", "live"]) | Q(launched_at__isnull=False),
                name="live_campaign_was_launched",
            ),
            models.CheckConstraint(
                condition=~Q(status="shadow") | Q(shadow_at__isnull=False, launched_at__isnull=True),
                name="dry_run_before_launch",
            ),
        ]
        permissions: ClassVar = [
            ("approve_campaign", _("Can approve a campaign")),
            ("run_campaign", _("Can launch, resume and stop a campaign")),
            ("pause_campaign", _("Can pause a campaign")),
        ]

    def __str__(self) -> str:
        return self.name
