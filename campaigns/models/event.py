"""What customers do: events with properties, some of them key events."""

from typing import ClassVar, Final

from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.models.customer import Customer

# A request of a customer and what ends the wait for an answer; `properties.ticket` says which one.
TICKET_OPENED: Final = "ticket_opened"
TICKET_REPLIES: Final = ("ticket_answered", "ticket_closed")
# A message that another tool sent; `properties.channel`, `.purpose` (service, relation; else commercial), `.survey`.
EXTERNAL_MESSAGE: Final = "external_message"


class Event(models.Model):
    """One action of a customer (or of an anonymous visitor), named in the GA4 or Segment e-commerce vocabulary."""

    external_id = models.CharField(_("shop's id"), max_length=200)
    customer = models.ForeignKey(
        Customer,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="events",
        verbose_name=_("customer"),
        db_index=False,
        # Ingest joins each event to its customer in the statement that stores it; checking that again by a trigger a
        # row makes the insert half as slow again (13.4 instead of 9.1 ms for 1,000 rows on PostgreSQL 15).
        db_constraint=False,
    )
    anonymous_id = models.CharField(_("anonymous id"), max_length=200, blank=True, default="")
    name = models.CharField(_("name"), max_length=100)
    occurred_at = models.DateTimeField(_("when"))
    properties = models.JSONField(_("properties"), default=dict, blank=True)
    recorded_at = models.DateTimeField(_("recorded"))

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        # A constraint and not unique=True: that would add a second index (for LIKE) to every insert.
        constraints = [models.UniqueConstraint(fields=["external_id"], name="event_external_id_once")]
        indexes: ClassVar = [
            models.Index(fields=["customer", "occurred_at"], name="event_customer_when"),
            # Which events of a name a tick is about; with the customer in it, funnels and signals of millions of events
            # are read off the index alone.
            models.Index(fields=["name", "occurred_at"], include=["customer"], name="event_name_when"),
            # What is a visitor's until they sign in.
            models.Index(fields=["anonymous_id"], name="event_stranger", condition=models.Q(customer__isnull=True)),
            # What the dose asks about a customer, among thousands of page views.
            models.Index(
                fields=["customer", "occurred_at"],
                name="event_dose",
                condition=models.Q(name__in=[EXTERNAL_MESSAGE, TICKET_OPENED, *TICKET_REPLIES]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.occurred_at:%Y-%m-%d}"


class KeyEvent(models.Model):
    """An event name that counts as a micro- or macro-conversion."""

    class Kind(models.TextChoices):
        """Its place before the sale."""

        MACRO = "macro", _("macro-conversion")
        MILESTONE = "milestone", _("step of the funnel")
        SECONDARY = "secondary", _("secondary action")

    name = models.CharField(_("event name"), max_length=100, unique=True)
    label = models.CharField(_("label"), max_length=120, blank=True, default="")
    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.MILESTONE)
    rank = models.PositiveSmallIntegerField(
        _("place in the funnel"), default=0, help_text=_("Steps are taken in this order: 1, 2, 3 …")
    )

    class Meta:
        verbose_name = _("key event")
        verbose_name_plural = _("key events")

    def __str__(self) -> str:
        return self.label or self.name
