"""Drawing the global control group: how large it should be, and a new epoch each quarter."""

from datetime import datetime
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from django.db import transaction

from campaigns import audit
from campaigns.models import AuditEntry, Customer, Shop
from triggers.models import GlobalHoldout

SMALL_SHOP: Final = 5000
# A share as small as the figures allow: with few contacts less than a fifth shows nothing within a quarter.
SHARE: Final = Decimal("0.10")
SMALL_SHOP_SHARE: Final = Decimal("0.20")


def suggested_share() -> Decimal:
    """Return 20 % below 5,000 contacts, else 10 % (5 % is enough for very large bases)."""
    contacts = Customer.objects.all()[:SMALL_SHOP].count()
    return SMALL_SHOP_SHARE if contacts < SMALL_SHOP else SHARE


def quarter(at: datetime) -> str:
    """Return the quarter of the shop's civil day, like 2026Q4."""
    day = at.astimezone(ZoneInfo(Shop.get().timezone)).date()
    return f"{day.year}Q{(day.month + 2) // 3}"


def draw(share: Decimal, *, by: str, now: datetime) -> GlobalHoldout:
    """Begin a new epoch at `now`, of which `share` is held out; 0 ends the group.

    Whoever already had an occasion in a campaign stays where they are in it.
    """
    name = quarter(now)
    with transaction.atomic():
        drawn = GlobalHoldout.objects.filter(epoch__startswith=name).count()
        epoch = f"{name}-{drawn + 1}" if drawn else name
        group = GlobalHoldout.objects.create(epoch=epoch, share=share, since=now, drawn_by=by[:150])
        audit.note(AuditEntry.Action.DRAWN, group, by=by, now=now, share=str(share))
    return group


def draw_each_quarter(now: datetime) -> GlobalHoldout | None:
    """Draw again with the same share where the group in force is of an earlier quarter; return what was drawn."""
    group = GlobalHoldout.at(now)
    if group is None or not group.share or quarter(group.since) == quarter(now):
        return None
    return draw(Decimal(group.share), by=audit.SYSTEM, now=now)
