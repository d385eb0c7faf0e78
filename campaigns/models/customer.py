"""A customer as the shop knows them, with the ledger of what changed."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.models.lot import Lot
from campaigns.models.tier import Tier


class Customer(models.Model):
    """One customer; `external_id` is the shop's own id and the only one that leaves the database.

    Totals (`orders_count` to `last_order_at`) count valid orders and are kept by ingest in the transaction that
    stores the order. `email_marketing` and `sms_marketing` mirror the consent ledger's last word. `email_key` and
    `phone_key` are keyed hashes of the normalised addresses (campaigns/address.py), by which suppressions are found.
    """

    external_id = models.CharField(_("shop's id"), max_length=200)
    email = models.CharField(_("e-mail"), max_length=254, blank=True, default="")
    phone = models.CharField(_("phone"), max_length=16, blank=True, default="", help_text=_("E.164: +33639980001"))
    email_key = models.CharField(max_length=32, blank=True, default="", editable=False)
    phone_key = models.CharField(max_length=32, blank=True, default="", editable=False)
    first_name = models.CharField(_("first name"), max_length=120, blank=True, default="")
    last_name = models.CharField(_("last name"), max_length=120, blank=True, default="")
    birth_year = models.PositiveSmallIntegerField(_("birth year"), null=True, blank=True)
    # Month and day as one number (314 is 14 March), so that one index answers "whose birthday is it".
    birth_day = models.PositiveSmallIntegerField(_("birthday (month × 100 + day)"), null=True, blank=True)
    birth_date_changed_on = models.DateField(
        null=True, blank=True, editable=False, help_text="When a known birth date was last replaced by another one."
    )
    language = models.CharField(_("language"), max_length=35, blank=True, default="")
    timezone = models.CharField(_("time zone"), max_length=64, blank=True, default="")
    country = models.CharField(_("country"), max_length=2, blank=True, default="")
    tags = models.JSONField(_("tags"), default=list, blank=True)
    points = models.IntegerField(_("points"), default=0)
    attributes = models.JSONField(_("attributes"), default=dict, blank=True)
    signed_up_at = models.DateTimeField(_("signed up"), null=True, blank=True)
    updated_at = models.DateTimeField(_("changed in the shop"), null=True, blank=True)
    created_at = models.DateTimeField(_("first seen here"))
    email_marketing = models.BooleanField(_("accepts e-mails"), default=False, editable=False)
    sms_marketing = models.BooleanField(_("accepts SMS"), default=False, editable=False)
    orders_count = models.PositiveIntegerField(_("orders"), default=0, editable=False)
    total_spent = models.BigIntegerField(_("total spent (minor units)"), default=0, editable=False)
    first_order_at = models.DateTimeField(_("first order"), null=True, blank=True, editable=False)
    last_order_at = models.DateTimeField(_("last order"), null=True, blank=True, editable=False)
    tier = models.ForeignKey(
        Tier, models.SET_NULL, null=True, blank=True, editable=False, verbose_name=_("tier"), related_name="customers"
    )

    class Meta:
        verbose_name = _("customer")
        verbose_name_plural = _("customers")
        # A constraint and not unique=True: that would add a second index (for LIKE) to every insert.
        constraints = [models.UniqueConstraint(fields=["external_id"], name="customer_external_id_once")]
        indexes: ClassVar = [
            # By zone first: whose birthday it is where, and which zones are in use without reading every customer.
            models.Index(fields=["timezone", "birth_day"], name="customer_zone_birthday"),
            # Which public holidays a tick must know, without reading every customer either.
            models.Index(fields=["timezone", "country"], name="customer_zone_country"),
            models.Index(fields=["signed_up_at"], name="customer_signed_up"),
            models.Index(fields=["first_order_at"], name="customer_first_order"),
            models.Index(Lot("id"), name="customer_lot"),
            models.Index(fields=["email_key"], name="customer_email_key", condition=~models.Q(email_key="")),
            models.Index(fields=["phone_key"], name="customer_phone_key", condition=~models.Q(phone_key="")),
        ]

    def __str__(self) -> str:
        return f"{self.first_name} {self.last_name}".strip() or self.external_id


class CustomerChange(models.Model):
    """One field of one customer that changed: what it was, what it became, when. Append-only."""

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="changes")
    field = models.CharField(_("field"), max_length=40)
    old = models.JSONField(_("before"), null=True)
    new = models.JSONField(_("after"), null=True)
    changed_at = models.DateTimeField(_("when"))

    class Meta:
        verbose_name = _("change of a customer")
        verbose_name_plural = _("changes of customers")

    def __str__(self) -> str:
        return f"{self.field} ({self.changed_at:%Y-%m-%d})"
