"""One message of an occasion on one channel, its provider calls, and what providers said of them."""

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from campaigns.models import Campaign, ChannelName, Customer, Link
from triggers.models.occasion import Occasion


class State(models.TextChoices):
    """Where a delivery stands (the state machine of docs/delivery.md)."""

    PLANNED = "planned", _("planned")
    CLAIMED = "claimed", _("claimed")
    SENDING = "sending", _("sending")
    ACCEPTED = "accepted", _("accepted")
    DELIVERED = "delivered", _("delivered")
    BOUNCED = "bounced", _("bounced")
    FAILED = "failed", _("failed")
    UNKNOWN = "unknown", _("unknown")
    UNCONFIRMED = "unconfirmed", _("unconfirmed")
    SKIPPED = "skipped", _("skipped")
    QUARANTINED = "quarantined", _("quarantined")


# States after which the customer may have been written to: they count for caps and close the occasion.
MAY_HAVE_SPOKEN = (
    State.SENDING,
    State.ACCEPTED,
    State.DELIVERED,
    State.BOUNCED,
    State.UNKNOWN,
    State.UNCONFIRMED,
)


class Delivery(models.Model):
    """One message, from plan to end state.

    `step` is the rank of its channel in the campaign's order. `not_before` is business time. `claims` counts those in
    a row that never reached the permit. `lease_until` (the database's clock) is when the sweeper takes over a claimed,
    sending or unknown one. `spoken_on` is the recipient's civil day of the permit, by which the daily cap counts;
    `address_key` is the mailbox or phone written to, by which two profiles of one person are found.
    """

    occasion = models.ForeignKey(
        Occasion, models.CASCADE, related_name="deliveries", db_index=False, db_constraint=False
    )
    step = models.PositiveSmallIntegerField(default=0)
    campaign = models.ForeignKey(
        Campaign, models.PROTECT, related_name="deliveries", db_index=False, db_constraint=False
    )
    customer = models.ForeignKey(
        Customer, models.CASCADE, related_name="deliveries", db_index=False, db_constraint=False
    )
    channel = models.CharField(_("channel"), max_length=10, choices=ChannelName)
    state = models.CharField(_("state"), max_length=12, choices=State, default=State.PLANNED)
    reason = models.CharField(_("reason"), max_length=30, blank=True, default="")
    not_before = models.DateTimeField(_("not before"))
    claim = models.UUIDField(null=True, blank=True)
    claims = models.PositiveSmallIntegerField(default=0)
    refusals = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    spoken_on = models.DateField(null=True, blank=True)
    address_key = models.CharField(max_length=32, blank=True, default="")
    permitted_at = models.DateTimeField(_("sent"), null=True, blank=True)
    created_at = models.DateTimeField(_("planned"))

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        constraints = [models.UniqueConstraint(fields=["occasion", "step"], name="delivery_once_a_step")]
        indexes: ClassVar = [
            models.Index(fields=["not_before"], name="delivery_queue", condition=Q(state="planned")),
            models.Index(
                fields=["lease_until"],
                name="delivery_leases",
                condition=Q(state__in=["claimed", "sending", "unknown"]),
            ),
            models.Index(
                fields=["customer", "spoken_on"], name="delivery_spoken", condition=Q(spoken_on__isnull=False)
            ),
            models.Index(fields=["address_key"], name="delivery_address", condition=~Q(address_key="")),
            # What the page of what needs a person counts and lists; few rows ever stand there.
            models.Index(
                fields=["state", "not_before"],
                name="delivery_for_a_person",
                condition=Q(state__in=["unknown", "unconfirmed", "quarantined", "failed"]),
            ),
            models.Index(fields=["reason", "not_before"], name="delivery_skipped", condition=Q(state="skipped")),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.pk}"


class Outcome(models.TextChoices):
    """What one provider call came to."""

    PENDING = "pending", _("under way")
    ACCEPTED = "accepted", _("accepted")
    REFUSED = "refused", _("surely not sent")
    FAILED = "failed", _("refused for good")
    UNKNOWN = "unknown", _("unknown")


class Attempt(models.Model):
    """One provider call for a delivery, with the words it carried; its id is the only thing the provider learns.

    A second attempt can exist only where the first was provably refused, or as a person's confirmed resend.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # No foreign key in the database: the permit writes it for rows that it has just updated, and the check of each took
    # as long as its insert.
    delivery = models.ForeignKey(Delivery, models.CASCADE, related_name="attempts", db_constraint=False)
    resend_of = models.OneToOneField("self", models.PROTECT, null=True, blank=True, related_name="resend")
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome, default=Outcome.PENDING)
    provider = models.CharField(_("provider"), max_length=20)
    provider_id = models.CharField(_("provider's id"), max_length=120, blank=True, default="")
    code = models.CharField(_("answer"), max_length=40, blank=True, default="")
    detail = models.TextField(_("detail"), blank=True, default="")
    language = models.CharField(_("language"), max_length=35, blank=True, default="")
    sender = models.CharField(_("from"), max_length=400, blank=True, default="")
    recipient = models.CharField(_("to"), max_length=254)
    subject = models.CharField(_("subject"), max_length=998, blank=True, default="")
    text = models.TextField(_("text"))
    html = models.TextField(_("HTML"), blank=True, default="")
    business_at = models.DateTimeField(_("sent"))
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("attempt")
        verbose_name_plural = _("attempts")
        constraints = [
            models.UniqueConstraint(
                fields=["delivery"],
                condition=~Q(outcome="refused") & Q(resend_of__isnull=True),
                name="attempt_once_a_delivery",
            )
        ]
        # An index and not db_index=True: that would add a second one (for LIKE) to every insert.
        indexes: ClassVar = [models.Index(fields=["provider_id"], name="attempt_provider_id")]

    def __str__(self) -> str:
        return str(self.pk)


class DeliveryEvent(models.Model):
    """A provider's word about an attempt, as it came, once. `event_id` is SendGrid's sg_event_id, or Twilio's
    MessageSid and status."""

    provider = models.CharField(_("provider"), max_length=20)
    event_id = models.CharField(max_length=200)
    attempt = models.ForeignKey(Attempt, models.CASCADE, null=True, blank=True, related_name="events")
    kind = models.CharField(_("kind"), max_length=20)
    code = models.CharField(_("code"), max_length=40, blank=True, default="")
    payload = models.JSONField(_("payload"), default=dict)
    occurred_at = models.DateTimeField(_("when"))
    recorded_at = models.DateTimeField(_("recorded"))

    class Meta:
        verbose_name = _("provider's event")
        verbose_name_plural = _("providers' events")
        constraints = [models.UniqueConstraint(fields=["provider", "event_id"], name="provider_event_once")]
        # What speaks against a campaign (triggers/auto_pause.py); few rows ever do.
        indexes: ClassVar = [
            models.Index(
                fields=["recorded_at"],
                name="provider_event_harm",
                condition=Q(kind__in=["bounced", "complained", "dropped"]),
            )
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.kind}"


class Click(models.Model):
    """A customer followed a link of a message."""

    delivery = models.ForeignKey(Delivery, models.CASCADE, related_name="clicks")
    link = models.ForeignKey(Link, models.CASCADE, related_name="clicks")
    clicked_at = models.DateTimeField(_("when"))

    class Meta:
        verbose_name = _("click")
        verbose_name_plural = _("clicks")

    def __str__(self) -> str:
        return f"{self.link_id} {self.clicked_at:%Y-%m-%d}"
