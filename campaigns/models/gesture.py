"""What: a gesture and its texts, one for each channel and language."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.models.fields import ChannelName


class GestureTemplate(models.Model):
    """A small gesture: its category, its intention, its purpose before the law, and its variants."""

    class Category(models.TextChoices):
        """The six kinds of micro-attention."""

        ONBOARDING = "onboarding", _("easy onboarding")
        PERSONALISATION = "personalisation", _("emotional personalisation")
        RECOGNITION = "recognition", _("moment of recognition")
        SURPRISE = "surprise", _("surprise and delight")
        REASSURANCE = "reassurance", _("micro-reassurance")
        POST_PURCHASE = "post_purchase", _("post-purchase care")

    class Purpose(models.TextChoices):
        """Why it is sent; a service message may reach those without marketing consent and is never held out."""

        SERVICE = "service", _("service: about an order or a request")
        RELATION = "relation", _("relation")
        COMMERCIAL = "commercial", _("commercial")

    class MissingLanguage(models.TextChoices):
        """What happens to a customer for whose language there is no text."""

        SHOP_LANGUAGE = "shop_language", _("write in the shop's language")
        SKIP = "skip", _("do not write")

    slug = models.SlugField(_("key"), unique=True, max_length=80)
    name = models.CharField(_("name"), max_length=120)
    category = models.CharField(_("category"), max_length=20, choices=Category, default=Category.POST_PURCHASE)
    intention = models.TextField(_("intention"), blank=True)
    purpose = models.CharField(_("purpose"), max_length=20, choices=Purpose, default=Purpose.RELATION)
    missing_language = models.CharField(
        _("where a language is missing"), max_length=20, choices=MissingLanguage, default=MissingLanguage.SHOP_LANGUAGE
    )

    class Meta:
        verbose_name = _("gesture")
        verbose_name_plural = _("gestures")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Variant(models.Model):
    """The text of a gesture on one channel in one language, as a template (campaigns/gestures/).

    `rank` is the how manieth time it is for: who reads the gesture again reads the next text, where there is one.
    """

    gesture = models.ForeignKey(GestureTemplate, models.CASCADE, related_name="variants")
    channel = models.CharField(_("channel"), max_length=10, choices=ChannelName, default=ChannelName.EMAIL)
    language = models.CharField(_("language"), max_length=35, default="fr")
    rank = models.PositiveSmallIntegerField(
        _("which time"),
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(100)],
        help_text=_(
            "1: the first time a customer reads the gesture, 2: the second. A missing one repeats the one before."
        ),
    )
    subject = models.CharField(_("subject"), max_length=300, blank=True, default="")
    preheader = models.CharField(_("line shown after the subject"), max_length=300, blank=True, default="")
    body = models.TextField(_("text"), help_text=_("E-mail: HTML. SMS: plain text."))
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("text")
        verbose_name_plural = _("texts")
        constraints = [
            models.UniqueConstraint(
                fields=["gesture", "channel", "language", "rank"], name="variant_once_a_channel_language_rank"
            )
        ]

    def __str__(self) -> str:
        return f"{self.gesture} · {self.get_channel_display()} · {self.language} · {self.rank}"


class Link(models.Model):
    """A web address in a gesture's text; messages carry its id, never the address, so that it cannot be swapped.

    It outlives its text: the messages already sent still lead there.
    """

    variant = models.ForeignKey(Variant, models.SET_NULL, null=True, related_name="links")
    url = models.URLField(_("address"), max_length=2000)

    class Meta:
        verbose_name = _("link")
        verbose_name_plural = _("links")
        constraints = [models.UniqueConstraint(fields=["variant", "url"], name="link_once_a_variant")]

    def __str__(self) -> str:
        return self.url
