"""An order as the shop last told it, its money in minor units of the shop's currency."""

from typing import ClassVar

from django.db import models
from django.db.models import ExpressionWrapper, F, Q, Value
from django.db.models.functions import Greatest
from django.utils.translation import gettext_lazy as _

from campaigns.models.customer import Customer


class OrderStatus(models.TextChoices):
    """Where an order stands."""

    PENDING = "pending", _("pending")
    PAID = "paid", _("paid")
    PACKED = "packed", _("packed")
    SHIPPED = "shipped", _("shipped")
    DELIVERED = "delivered", _("delivered")
    RETURNING = "returning", _("on its way back")
    REFUNDED = "refunded", _("refunded")
    CANCELLED = "cancelled", _("cancelled")


class Order(models.Model):
    """One order, unique on the shop's id.

    `lines` holds `[{sku, name, category, quantity, unit_price (decimal string)}]`: lines are read with their order
    and never alone, and one JSON column stores them several times faster than a table of their own.
    `valid` (paid, not a test, not cancelled) and `revenue` (without tax, shipping and refunds) are the database's
    own columns, so that every total and report agrees on them.
    """

    external_id = models.CharField(_("shop's id"), max_length=200)
    customer = models.ForeignKey(
        Customer, models.CASCADE, related_name="orders", verbose_name=_("customer"), db_index=False
    )
    placed_at = models.DateTimeField(_("placed"))
    promised_at = models.DateTimeField(_("promised for"), null=True, blank=True)
    shipped_at = models.DateTimeField(_("shipped"), null=True, blank=True)
    delivered_at = models.DateTimeField(_("delivered"), null=True, blank=True)
    status = models.CharField(_("status"), max_length=10, choices=OrderStatus, default=OrderStatus.PAID)
    channel = models.CharField(_("sold by"), max_length=40, blank=True, default="")
    gift = models.BooleanField(_("gift"), default=False)
    test = models.BooleanField(_("test"), default=False)
    total = models.BigIntegerField(_("total"))
    tax = models.BigIntegerField(_("tax"), default=0)
    shipping = models.BigIntegerField(_("shipping"), default=0)
    discount = models.BigIntegerField(_("discount"), default=0)
    refunded = models.BigIntegerField(_("refunded"), default=0)
    discount_codes = models.JSONField(_("discount codes"), default=list, blank=True)
    lines = models.JSONField(_("lines"), default=list, blank=True)
    updated_at = models.DateTimeField(_("changed in the shop"))
    created_at = models.DateTimeField(_("first seen here"))
    valid = models.GeneratedField(
        expression=ExpressionWrapper(
            Q(test=False) & ~Q(status__in=["pending", "cancelled"]), output_field=models.BooleanField()
        ),
        output_field=models.BooleanField(),
        db_persist=True,
        verbose_name=_("counts"),
    )
    revenue = models.GeneratedField(
        # A refund in full also returns tax and shipping: nothing was earned, but nothing was lost on the goods.
        expression=Greatest(F("total") - F("tax") - F("shipping") - F("refunded"), Value(0)),
        output_field=models.BigIntegerField(),
        db_persist=True,
        verbose_name=_("revenue"),
    )

    class Meta:
        verbose_name = _("order")
        verbose_name_plural = _("orders")
        # A constraint and not unique=True: that would add a second index (for LIKE) to every insert.
        constraints = [models.UniqueConstraint(fields=["external_id"], name="order_external_id_once")]
        indexes: ClassVar = [
            # Reports ask each contact of a campaign for the money in their days: read from here alone, the orders of a
            # million contacts take half as long.
            models.Index(fields=["customer", "placed_at"], include=["valid", "revenue"], name="order_customer_money"),
            models.Index(fields=["placed_at"], name="order_placed"),
            models.Index(fields=["promised_at"], name="order_promised", condition=Q(promised_at__isnull=False)),
            models.Index(fields=["updated_at"], name="order_cancelled", condition=Q(status="cancelled")),
            # Asked of each customer whom a gesture is planned for; without it all their orders were read.
            models.Index(fields=["customer"], name="order_returning", condition=Q(status="returning")),
            models.Index(fields=["shipped_at"], name="order_shipped", condition=Q(shipped_at__isnull=False)),
            models.Index(fields=["delivered_at"], name="order_delivered", condition=Q(delivered_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.external_id
