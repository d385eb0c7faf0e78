"""A form field for an amount in the shop's currency, kept in minor units."""

from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from campaigns.models import Shop
from campaigns.models.fields import major_units, minor_units


class MoneyField(forms.DecimalField):
    """Shows minor units as an amount (1234 is 12.34) and gives minor units back."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("min_value", 0)
        super().__init__(**kwargs)

    def prepare_value(self, value: Any) -> Any:
        """Return stored minor units as an amount; what was typed, as it was typed."""
        return major_units(value, Shop.get().currency) if isinstance(value, int) else value

    def clean(self, value: Any) -> Any:
        """Return minor units; raises ValidationError where the currency has fewer decimals."""
        amount: Decimal | None = super().clean(value)
        if amount is None:
            return None
        currency = Shop.get().currency
        try:
            return minor_units(amount, currency)
        except ValueError:
            raise ValidationError(
                _("%(currency)s has fewer decimals than that."), params={"currency": currency}
            ) from None

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compare as amounts."""
        return super().has_changed(self.prepare_value(initial), data)
