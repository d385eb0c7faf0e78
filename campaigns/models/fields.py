"""Value sets and validators shared by the models: channels, languages, zones, currencies, money."""

import zoneinfo
from decimal import Decimal
from functools import cache
from typing import Final

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

# ISO 4217 currencies whose minor unit is not a hundredth.
_EXPONENTS: Final = {
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV"), 0),
    **dict.fromkeys(("XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}


class ChannelName(models.TextChoices):
    """The ways a message can reach a customer."""

    EMAIL = "email", _("E-mail")
    SMS = "sms", _("SMS")


@cache
def known_timezones() -> frozenset[str]:
    """Return the IANA zone names this machine knows."""
    return frozenset(zoneinfo.available_timezones())


def validate_timezone(value: str) -> None:
    """Raise ValidationError unless `value` is an IANA zone name such as Europe/Paris."""
    if value not in known_timezones():
        raise ValidationError(_("%(value)s is not a time zone; write one like Europe/Paris."), params={"value": value})


def validate_currency(value: str) -> None:
    """Raise ValidationError unless `value` has the form of an ISO 4217 code such as EUR."""
    if not (len(value) == 3 and value.isascii() and value.isalpha() and value.isupper()):
        raise ValidationError(_("%(value)s is not a currency; write one like EUR."), params={"value": value})


def minor_units(amount: Decimal, currency: str) -> int:
    """Return `amount` in whole minor units of `currency` (12.34 EUR is 1234). Raises ValueError where it has more
    decimals than the currency."""
    scaled = amount.scaleb(_EXPONENTS.get(currency, 2))
    if scaled != scaled.to_integral_value():
        raise ValueError(f"{amount} has more decimals than {currency} allows")
    return int(scaled)


def minor_units_of(text: str, currency: str) -> int:
    """Return `minor_units` of an amount without sign or exponent written as text, six times as fast as by Decimal."""
    whole, _point, part = text.partition(".")
    exponent = _EXPONENTS.get(currency, 2)
    if part[exponent:].strip("0"):
        raise ValueError(f"{text} has more decimals than {currency} allows")
    return int(whole + part[:exponent].ljust(exponent, "0"))


def major_units(minor: int, currency: str) -> Decimal:
    """Return `minor` units of `currency` as a decimal amount (1234 EUR is 12.34)."""
    exponent = _EXPONENTS.get(currency, 2)
    return Decimal(minor).scaleb(-exponent).quantize(Decimal(1).scaleb(-exponent))
