"""Whose an anonymous id is: known from the first event that names both it and a customer (a sign-in)."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.models.customer import Customer


class Visitor(models.Model):
    """One anonymous id and its customer; None where several customers signed in with it (a shared device).

    What was done under the id before the sign-in, and is done later, is the customer's; on a shared device nobody's.
    """

    anonymous_id = models.CharField(_("anonymous id"), max_length=200)
    customer = models.ForeignKey(
        Customer, models.CASCADE, null=True, related_name="visitors", verbose_name=_("customer")
    )
    known_since = models.DateTimeField(_("known since"))

    class Meta:
        verbose_name = _("visitor")
        verbose_name_plural = _("visitors")
        # A constraint and not unique=True: that would add a second index (for LIKE) to every insert.
        constraints: ClassVar = [models.UniqueConstraint(fields=["anonymous_id"], name="visitor_anonymous_id_once")]

    def __str__(self) -> str:
        return self.anonymous_id
