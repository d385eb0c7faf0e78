"""The shop: who it is, in whose name it writes, and when it may."""

from datetime import time
from typing import Any, ClassVar, Final

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.models.fields import ChannelName, validate_currency, validate_timezone

WEEKDAYS: Final = "1234567"


class Shop(models.Model):
    """The one shop of an installation; `Shop.get()` returns its row."""

    class LeapDay(models.TextChoices):
        """When 29 February is celebrated in a common year."""

        FEBRUARY_28 = "02-28", _("28 February")
        MARCH_1 = "03-01", _("1 March")

    name = models.CharField(_("name"), max_length=120, default="My shop")
    website = models.URLField(_("website"), blank=True)
    postal_address = models.TextField(_("postal address"), blank=True, help_text=_("Shown below every e-mail."))
    country = models.CharField(_("country"), max_length=2, default="FR")
    timezone = models.CharField(_("time zone"), max_length=64, default="Europe/Paris", validators=[validate_timezone])
    currency = models.CharField(_("currency"), max_length=3, default="EUR", validators=[validate_currency])
    language = models.CharField(_("language"), max_length=35, default="fr")
    leap_day = models.CharField(
        _("29 February in common years"), max_length=5, choices=LeapDay, default=LeapDay.FEBRUARY_28
    )
    birth_date_lock_days = models.PositiveSmallIntegerField(
        _("days a changed birth date must wait"),
        default=30,
        help_text=_("A birth date changed less than this many days before the new birthday earns nothing this year."),
    )
    daily_cap = models.PositiveSmallIntegerField(
        _("messages a customer a day"),
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(10)],
        help_text=_("Over all campaigns, in the customer's own civil day."),
    )
    weekly_cap = models.PositiveSmallIntegerField(
        _("messages in any 7 days"), default=3, validators=[MinValueValidator(1), MaxValueValidator(70)]
    )
    monthly_cap = models.PositiveSmallIntegerField(
        _("messages in any 30 days"), default=6, validators=[MinValueValidator(1), MaxValueValidator(300)]
    )
    commercial_cap = models.PositiveSmallIntegerField(
        _("of which commercial"), default=2, validators=[MinValueValidator(1), MaxValueValidator(300)]
    )
    survey_rest_days = models.PositiveSmallIntegerField(
        _("days between two surveys"),
        default=30,
        validators=[MinValueValidator(1), MaxValueValidator(366)],
        help_text=_("One budget for all of them: a gesture whose text holds the survey's address is one."),
    )
    sms_price = models.PositiveIntegerField(
        _("price of an SMS segment"),
        default=8,
        help_text=_("What the provider bills, about: the daily limit counts it."),
    )
    sms_daily_budget = models.PositiveIntegerField(
        _("SMS budget a day"),
        default=20_000,
        help_text=_("What would cost more waits for the next day; 0 sets no limit."),
    )
    sending_stopped = models.BooleanField(_("all sending stopped"), default=False)
    stopped_channels = models.JSONField(_("channels stopped"), default=list, blank=True)

    class Meta:
        verbose_name = _("shop")
        verbose_name_plural = _("shop")
        permissions: ClassVar = [("stop_sending", _("Can stop and resume all sending"))]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep the installation's only row under key 1."""
        self.pk = 1
        super().save(*args, **kwargs)

    @classmethod
    def get(cls) -> "Shop":
        """Return the shop's row, made with defaults where it does not exist yet: no SMS at night, on Sundays or
        public holidays."""
        shop, created = cls.objects.get_or_create(pk=1)
        if created:
            PermittedHours.objects.get_or_create(
                channel=ChannelName.SMS,
                defaults={"shop": shop, "opens": time(8), "closes": time(20), "weekdays": "123456"},
            )
        return shop


class Sender(models.Model):
    """In whose name the shop writes in one language."""

    shop = models.ForeignKey(Shop, models.CASCADE, related_name="senders")
    language = models.CharField(_("language"), max_length=35)
    email_name = models.CharField(_("e-mail sender's name"), max_length=120)
    email_address = models.EmailField(_("e-mail sender's address"))
    reply_to = models.EmailField(_("reply to"), blank=True)
    sms_from = models.CharField(
        _("SMS sender"), max_length=20, blank=True, help_text=_("A number (+33…) or up to 11 letters.")
    )
    farewell = models.CharField(
        _("farewell"),
        max_length=500,
        blank=True,
        default="",
        help_text=_("Plain text on the page of whoever leaves, in place of our own thanks and goodbye."),
    )

    class Meta:
        verbose_name = _("sender")
        verbose_name_plural = _("senders")
        constraints = [models.UniqueConstraint(fields=["shop", "language"], name="sender_once_a_language")]

    def __str__(self) -> str:
        return f"{self.email_name} ({self.language})"


class PermittedHours(models.Model):
    """When a channel may speak, in the recipient's zone; a channel without a row may always. The rest is quiet."""

    shop = models.ForeignKey(Shop, models.CASCADE, related_name="permitted_hours")
    channel = models.CharField(_("channel"), max_length=10, choices=ChannelName, unique=True)
    opens = models.TimeField(_("opens"))
    closes = models.TimeField(_("closes"))
    weekdays = models.CharField(
        _("days"), max_length=7, default=WEEKDAYS, help_text=_("1 is Monday, 7 is Sunday: 123456 closes on Sunday.")
    )
    closed_on_holidays = models.BooleanField(
        _("closed on public holidays"),
        default=True,
        help_text=_("Those of the customer's country, else of the shop's."),
    )

    class Meta:
        verbose_name = _("permitted hours")
        verbose_name_plural = _("permitted hours")
        constraints = [
            models.CheckConstraint(condition=models.Q(opens__lt=models.F("closes")), name="hours_open_before_closing")
        ]

    def __str__(self) -> str:
        return f"{self.get_channel_display()} {self.opens:%H:%M}-{self.closes:%H:%M} ({self.weekdays})"


class ChannelCap(models.Model):
    """How often one channel may speak to a customer, beside the caps over all channels."""

    shop = models.ForeignKey(Shop, models.CASCADE, related_name="channel_caps")
    channel = models.CharField(_("channel"), max_length=10, choices=ChannelName, unique=True)
    daily = models.PositiveSmallIntegerField(_("a day"), default=1, validators=[MinValueValidator(1)])
    weekly = models.PositiveSmallIntegerField(_("in any 7 days"), default=3, validators=[MinValueValidator(1)])
    monthly = models.PositiveSmallIntegerField(_("in any 30 days"), default=6, validators=[MinValueValidator(1)])
    commercial = models.PositiveSmallIntegerField(
        _("of which commercial"), default=2, validators=[MinValueValidator(1)]
    )

    class Meta:
        verbose_name = _("caps of a channel")
        verbose_name_plural = _("caps of single channels")

    def __str__(self) -> str:
        return f"{self.get_channel_display()} {self.daily} / {self.weekly} / {self.monthly}"


class BlackoutDay(models.Model):
    """A day on which the shop keeps silent, in the recipient's zone; service messages alone still go."""

    shop = models.ForeignKey(Shop, models.CASCADE, related_name="blackout_days")
    day = models.DateField(_("day"), unique=True)
    label = models.CharField(_("why"), max_length=120, blank=True, default="")

    class Meta:
        verbose_name = _("blackout day")
        verbose_name_plural = _("blackout days")
        ordering = ["day"]

    def __str__(self) -> str:
        return f"{self.day} {self.label}".strip()
