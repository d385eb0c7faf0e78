"""The codes by which customers recommend the shop: an order of somebody else with one of them is a referral."""

from typing import ClassVar, Final

from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.models.customer import Customer

# The event that the owner of a code gets for each first order that another customer places with it.
REFERRAL_EVENT: Final = "referral"
# A customer told others of the shop; GA4's own name for it.
SHARE_EVENT: Final = "share"


class ReferralCode(models.Model):
    """A customer's own code, as it stands among an order's discount codes; capitals make no difference."""

    code = models.CharField(_("code"), max_length=100)
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="referral_codes", verbose_name=_("customer"))

    class Meta:
        verbose_name = _("referral code")
        verbose_name_plural = _("referral codes")
        constraints: ClassVar = [models.UniqueConstraint(fields=["code"], name="referral_code_once")]

    def __str__(self) -> str:
        return self.code

    def save(self, *args: object, **kwargs: object) -> None:
        """Keep the code in capitals, as it is looked for."""
        self.code = self.code.strip().upper()
        super().save(*args, **kwargs)  # type: ignore[arg-type]
