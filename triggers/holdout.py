"""The holdout draw: a stable hash decides who is a control customer, the same in Python and in SQL."""

import hashlib
import math
from decimal import Decimal
from typing import Any

from django.db.models import F, Value
from django.db.models.functions import SHA256, Concat
from django.db.models.lookups import LessThan

from campaigns.models import Campaign, GestureTemplate


def salt_of(campaign: Campaign) -> str:
    """Return the campaign's own salt, so that the draws of two campaigns are independent."""
    return f"campaign:{campaign.pk}"


def share_of(campaign: Campaign) -> Decimal:
    """Return the share held out, frozen at launch; a service message is never withheld."""
    if campaign.gesture.purpose == GestureTemplate.Purpose.SERVICE:
        return Decimal(0)
    return Decimal(campaign.holdout_share)


def bucket(salt: str, unit_id: str) -> float:
    """Return a uniform number in [0, 1): the first 8 bytes of sha256("salt|unit_id"), big-endian, over 2^64."""
    digest = hashlib.sha256(f"{salt}|{unit_id}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def held_out(salt: str, unit_id: str, share: Decimal) -> bool:
    """Return whether the unit is held out, bucket < share, without rounding."""
    return hashlib.sha256(f"{salt}|{unit_id}".encode()).hexdigest() < _threshold(share)


class _Digest(SHA256):
    """SHA-256 in hexadecimal by PostgreSQL itself; Django's own would need the pgcrypto extension."""

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, Any]:
        """See the class."""
        template = "ENCODE(SHA256(CONVERT_TO(%(expressions)s, 'UTF8')), 'hex')"
        return super(SHA256, self).as_sql(compiler, connection, template=template, **context)


def held_out_in_sql(salt: str, unit_id: str, share: Decimal) -> Any:
    """Return the same draw as a boolean expression; `unit_id` is the path of the field that holds the unit's id.

    Hexadecimal digests of equal case sort like the numbers they write, and a digest longer than the threshold that
    begins it comes after: the comparison needs no arithmetic on 64 bits, which SQLite does not have unsigned.
    """
    if not share:
        return Value(False)
    return LessThan(_Digest(Concat(Value(f"{salt}|"), F(unit_id))), Value(_threshold(share)))


def _threshold(share: Decimal) -> str:
    """Return the 16 hexadecimal digits that a digest must come before; `share` is at most 0.9."""
    return f"{math.ceil(share * 2**64):016x}"
