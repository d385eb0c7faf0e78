"""The holdout draws: a stable hash decides who is a control customer, the same in Python and in SQL.

First the global group, whom no campaign writes to; among the others each campaign draws its own.
"""

import hashlib
import math
from decimal import Decimal
from typing import Any

from django.db.models import BooleanField, Case, Exists, F, Func, OuterRef, Q, Value, When
from django.db.models.functions import Concat

from campaigns.models import Campaign, GestureTemplate
from triggers.models import Decision, GlobalHoldout, Occasion


def salt_of(campaign: Campaign) -> str:
    """Return the campaign's own salt, so that the draws of two campaigns are independent."""
    return f"campaign:{campaign.pk}"


def owed(campaign: Campaign) -> bool:
    """Whether neither draw may withhold the gesture: a service message, or a promised benefit."""
    return campaign.promised or campaign.gesture.purpose == GestureTemplate.Purpose.SERVICE


def share_of(campaign: Campaign) -> Decimal:
    """Return the share held out, frozen at launch; what is owed to everybody is never withheld."""
    return Decimal(0) if owed(campaign) else Decimal(campaign.holdout_share)


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


def members_in_sql(group: GlobalHoldout | None, unit_id: str = "external_id") -> Any:
    """Return as a boolean expression who belongs to a global control group: `annotate(member=…)` of customers."""
    return Value(False) if group is None else held_out_in_sql(group.salt, unit_id, group.share)


def globally_held_in_sql(campaign: Campaign, group: GlobalHoldout | None, path: str) -> Any:
    """Return as a boolean expression whom the global control group in force keeps out of a campaign.

    A customer's first occasion in the campaign fixes it: a new epoch moves nobody who had one. `path` leads to the
    customer. A campaign launched in this epoch has no earlier occasions: the draw alone answers.
    """
    if group is None or not group.share or owed(campaign):
        return Value(False)
    drawn = members_in_sql(group, f"{path}external_id")
    if campaign.launched_at is not None and campaign.launched_at >= group.since:
        return drawn
    before = Occasion.objects.filter(campaign=campaign, customer=OuterRef(f"{path}pk"))
    kept_out, in_an_arm = Q(decision=Decision.GLOBAL), Q(decision__in=(Decision.DUE, Decision.HELD_OUT))
    return Case(
        When(Exists(before.filter(kept_out)), then=Value(True)),
        When(Q(drawn) & ~Exists(before.filter(in_an_arm)), then=Value(True)),
        default=Value(False),
        output_field=BooleanField(),
    )


def canary_q(campaign: Campaign, unit_id: str) -> Q:
    """Return the condition that a partial launch reaches a customer; no condition while the campaign is for all.

    The draw has a salt of its own, so that both arms lie within it in their usual shares, and it stays the same when
    the share grows. Whom it leaves out is not decided at all: what is still fresh when all are reached is planned then.
    """
    if campaign.canary_share is None:
        return Q()
    return Q(held_out_in_sql(f"canary:{campaign.pk}", unit_id, campaign.canary_share))


def _threshold(share: Decimal) -> str:
    """Return the 16 hexadecimal digits that a digest must come before; `share` is at most 0.9."""
    return f"{math.ceil(share * 2**64):016x}"
