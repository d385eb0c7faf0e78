"""The holdout draw: a stable hash decides who is a control customer, the same in Python and in SQL."""

import hashlib
import math
from decimal import Decimal
from typing import Any

from django.db.models import BooleanField, F, Func, Value
from django.db.models.functions import Concat

from campaigns.models import Campaign, GestureTemplate


def salt_of(campaign: Campaign) -> str:
    """Return the campaign's own salt, so that the draws of two campaigns are independent."""
    return f"campaign:{campaign.pk}"


def share_of(campaign: Campaign) -> Decimal:
    """Return the share held out, frozen at launch; a service message and a promised benefit are never withheld."""
    if campaign.promised or campaign.gesture.purpose == GestureTemplate.Purpose.SERVICE:
        return Decimal(0)
    return Decimal(campaign.holdout_share)


def bucket(salt: str, unit_id: str) -> float:
    """Return a uniform number in [0, 1): the first 8 bytes of sha256("salt|unit_id"), big-endian, over 2^64."""
    digest = hashlib.sha256(f"{salt}|{unit_id}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def held_out(salt: str, unit_id: str, share: Decimal) -> bool:
    """Return whether the unit is held out, bucket < share, without rounding."""
    return hashlib.sha256(f"{salt}|{unit_id}".encode()).hexdigest() < _threshold(share)


class _Draw(Func):
    """Whether the SHA-256 of a text comes before the threshold, as bytes or as the hexadecimal digits that sort alike.

    A digest that begins with the threshold comes after it, so the first 64 bits alone decide, without arithmetic on
    unsigned numbers, which neither database has. PostgreSQL's own sha256 needs no extension, unlike Django's.
    """

    output_field = BooleanField()

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, Any]:
        """Compare bytes."""
        template = "SHA256(CONVERT_TO(%(expressions)s, 'UTF8')) < DECODE('%(threshold)s', 'hex')"
        return super().as_sql(compiler, connection, template=template, **context)

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, Any]:
        """Compare the digits that Django's function for SQLite gives."""
        template = "SHA256(%(expressions)s) < '%(threshold)s'"
        return super().as_sql(compiler, connection, template=template, **context)


def held_out_in_sql(salt: str, unit_id: str, share: Decimal) -> Any:
    """Return the same draw as a boolean expression; `unit_id` is the path of the field that holds the unit's id."""
    if not share:
        return Value(False)
    return _Draw(Concat(Value(f"{salt}|"), F(unit_id)), threshold=_threshold(share))


def _threshold(share: Decimal) -> str:
    """Return the 16 hexadecimal digits that a digest must come before; `share` is at most 0.9."""
    return f"{math.ceil(share * 2**64):016x}"
