"""The ledger of entries into audiences: looks who is inside now and was not, and who no longer is.

The first look at a campaign after its launch only notes who is inside: they have not entered.
"""

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from typing import Final

from django.db import connection
from django.db.models import Exists, Max, Min, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from campaigns.audience import audience_q
from campaigns.models import Campaign, Customer
from campaigns.moment_kinds import parse_rule
from triggers.models import SegmentEntry, SegmentLook

SWEEP: Final = timedelta(hours=1)
# Customers looked at by one statement, so that none holds its locks, or SQLite's only writer, for long.
_SLICE: Final = 50_000
_TABLE: Final = SegmentEntry._meta.db_table


def note_entries(
    now: datetime, customers: Collection[int] | None = None, *, without: Collection[int] = frozenset()
) -> None:
    """Note who entered or left each segment by `now` (aware): among `customers` (database ids), else among everybody.

    Everybody is looked at once an hour; a campaign is first looked at with everybody. Paused campaigns keep their
    ledger, so that whoever entered meanwhile did so then. Looking again changes nothing. A rehearsal goes on `without`
    the campaigns (database ids) that it leaves out.
    """
    begun = Q(launched_at__lte=now) | Q(status=Campaign.Status.SHADOW, shadow_at__lte=now)
    running = Campaign.objects.filter(begun, moment__kind="segment").exclude(status=Campaign.Status.ENDED)
    running = running.exclude(pk__in=without)
    for campaign in running.select_related("moment"):
        last = SegmentLook.objects.filter(campaign=campaign).values_list("looked_at", flat=True).first()
        if customers is not None:
            if last is not None:
                _look(campaign, now, Q(pk__among=customers), Q(customer__among=customers))
        elif last is None or abs(now - last) >= SWEEP:
            for first, past in _slices():
                inside = Q(pk__gte=first, pk__lt=past)
                _look(campaign, now, inside, Q(customer__gte=first, customer__lt=past), baseline=last is None)
            SegmentLook.objects.update_or_create(campaign=campaign, defaults={"looked_at": now})


def _slices() -> Iterator[tuple[int, int]]:
    ids = Customer.objects.aggregate(first=Min("pk"), last=Max("pk"))
    if ids["first"] is not None:
        yield from ((first, first + _SLICE) for first in range(ids["first"], ids["last"] + 1, _SLICE))


def _look(campaign: Campaign, now: datetime, who: Q, whose: Q, *, baseline: bool = False) -> None:
    """Look at the customers of `who`; their entries are those of `whose`."""
    tree = parse_rule("segment", campaign.moment.rule).model_dump()["audience"]
    inside = Customer.objects.filter(audience_q(tree, now=now))
    stays = SegmentEntry.objects.filter(campaign=campaign)
    _enter(campaign, inside.filter(who), stays, None if baseline else now)
    gone = stays.filter(whose, ~Exists(inside.filter(pk=OuterRef("customer"))), left_at__isnull=True)
    gone.update(left_at=now)


def _enter(
    campaign: Campaign, inside: QuerySet[Customer], stays: QuerySet[SegmentEntry], entered_at: datetime | None
) -> None:
    """Store an entry for each customer of `inside` who has no open one."""
    theirs = stays.filter(customer=OuterRef("pk")).order_by()
    latest = theirs.values("customer").annotate(latest=Max("number")).values("latest")
    number = Value(0) if entered_at is None else Coalesce(Subquery(latest), 0) + 1
    new = inside.filter(~Exists(theirs.filter(left_at__isnull=True))).order_by()
    sql, params = new.annotate(number=number).values("pk", "number").query.get_compiler(connection=connection).as_sql()
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {_TABLE} (campaign_id, entered_at, customer_id, number)"  # noqa: S608 - our own names
            f" SELECT %s, %s, entered.* FROM ({sql}) AS entered WHERE true ON CONFLICT DO NOTHING",
            [campaign.pk, entered_at and connection.ops.adapt_datetimefield_value(entered_at), *params],
        )
