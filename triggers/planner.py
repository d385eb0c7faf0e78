"""The planner: for each live campaign, who reached its moment, what the guards and the draw say, stored once.

One INSERT … SELECT a campaign over the whole window in which an occasion is still fresh. Membership is decided by the
unique key alone, never by a watermark: two planners at once, a lost tick, a clock set back change nothing.
"""

import logging
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models import Exists, F, Max, Min, OuterRef, Q, QuerySet
from django.db.models.functions import Now

from campaigns.models import Campaign, Customer, Shop
from triggers import holdout, insertion
from triggers.guards import TEMPORARY, Guard, Setting, setting_of, speaker
from triggers.local_time import zones_in_use
from triggers.models import Decision, Heartbeat, Occasion
from triggers.occasions import Window, kind_of
from triggers.occasions.kind import launch_of

logger = logging.getLogger(__name__)

HEARTBEAT: Final = "plan"
# What expired before a longer stop than this is not even listed as missed; no kind takes a shorter window.
_LONGEST_STOP: Final = timedelta(days=56)
# More new occasions of a campaign than this are worth a second connection.
_MUCH: Final = 50_000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class Planned:
    """How many occasions were stored, by (campaign's slug, decision, reason)."""

    counts: Counter[tuple[str, str, str]] = field(default_factory=Counter)

    def decided(self, decision: Decision) -> int:
        """Return how many were decided so, in all campaigns."""
        return sum(count for (_slug, made, _reason), count in self.counts.items() if made == decision)


def plan(now: datetime, customers: Collection[int] | None = None) -> Planned:
    """Decide and store what has fallen due by `now` (aware) and is still fresh; idempotent.

    `customers` (database ids) restricts it to those whose facts just changed. A plan for everybody also lists as
    missed what fell due and expired since the last such plan, and beats the heart. A campaign whose rule cannot be read
    is logged and left out; the others are planned.
    """
    planned = Planned()
    shop, zones = Shop.get(), zones_in_use()
    last = Heartbeat.objects.filter(name=HEARTBEAT).values_list("business_at", flat=True).first()
    live = (
        Campaign.objects.filter(status=Campaign.Status.LIVE)
        .select_related("moment", "gesture")
        .prefetch_related("gesture__variants")
        .order_by("-priority", "pk")
    )
    for campaign in live if zones else ():
        try:
            if customers is None and not _everybody_is_asked(campaign, now, last):
                continue
            news = _news(campaign, now, last or now, customers)
        except ValidationError as error:
            logger.error("campaign %s cannot be planned: %s", campaign.pk, error.messages)
            continue
        # Most ticks bring a campaign nothing: asking that first spares the guards, whose SQL takes longest to write.
        if not news.exists():
            continue
        setting = setting_of(campaign, shop, zones, now)
        stored = insertion.insert(campaign, now, [_decided(campaign, setting, part) for part in _parts(campaign, news)])
        planned.counts.update({(campaign.slug, *decision): count for decision, count in stored.items()})
    if customers is None:
        _beat(now, last)
    return planned


def _everybody_is_asked(campaign: Campaign, now: datetime, last: datetime | None) -> bool:
    """Return whether a plan for everybody concerns the campaign: see OccasionKind.asks_everybody_every.

    A clock set back, a first plan and a launch since the `last` one always do.
    """
    every = kind_of(campaign).asks_everybody_every
    if not every or last is None or now < last or launch_of(campaign) > last:
        return True
    return (now - _EPOCH) // every > (last - _EPOCH) // every


def _beat(now: datetime, last: datetime | None) -> None:
    """Keep the latest instant planned: a clock set back does not make what was planned already look like a stop."""
    Heartbeat.objects.update_or_create(
        name=HEARTBEAT, defaults={"business_at": max(now, last or now), "finished_at": Now()}
    )


def _news(campaign: Campaign, now: datetime, last: datetime, customers: Collection[int] | None) -> QuerySet[Any, Any]:
    """Return who reached the moment and is not stored yet: fresh, or missed since the plan of `last`."""
    kind = kind_of(campaign)
    stop = max(last, now - _LONGEST_STOP)
    rows = kind.occasions(campaign, Window(min(now - kind.longest_fresh, stop), now), customers)
    customer = OuterRef(f"{kind.customer_path}pk")
    # Asked before ON CONFLICT would: a tick without news then writes nothing, and costs a tenth.
    known = Occasion.objects.filter(campaign=campaign, customer=customer, key=OuterRef("key"))
    fresh_or_missed = Q(fresh_until__gt=now) | Q(due_at__gt=stop)
    return rows.filter(~Exists(known), fresh_or_missed).order_by()


def _parts(campaign: Campaign, news: QuerySet[Any, Any]) -> list[QuerySet[Any, Any]]:
    """Return `news` as one, or where it is much in two halves of the customers, to be stored side by side."""
    if not insertion.side_by_side() or not news[_MUCH : _MUCH + 1].exists():
        return [news]
    ids = Customer.objects.aggregate(first=Min("pk"), last=Max("pk"))
    middle = (ids["first"] + ids["last"]) // 2
    customer = f"{kind_of(campaign).customer_path}pk"
    return [news.filter(**{f"{customer}__lte": middle}), news.filter(**{f"{customer}__gt": middle})]


def _reached(campaign: Campaign, setting: Setting, news: QuerySet[Any, Any]) -> tuple[str, tuple[Any, ...]]:
    """Return the SQL of `news` with what the guards and the draw would say."""
    path = kind_of(campaign).customer_path
    draw = holdout.held_out_in_sql(holdout.salt_of(campaign), f"{path}external_id", holdout.share_of(campaign))
    asked = {
        _column(guard, channel): guard.content(setting, channel, path)
        for guard in TEMPORARY
        for channel in campaign.channels
    }
    query = (
        news.annotate(zone=F(f"{path}timezone"), speaker=speaker(setting, path), held_out=draw, **asked)
        .values("customer_id", "key", "due_at", "fresh_until", "order_id", "zone", "speaker", "held_out", *asked)
        .query
    )
    sql, params = query.get_compiler(connection=connection).as_sql()
    return sql, tuple(params)


def _decided(campaign: Campaign, setting: Setting, news: QuerySet[Any, Any]) -> tuple[str, tuple[Any, ...]]:
    """Return the SELECT of the rows to store (insertion.COLUMNS) and its parameters.

    Each layer names what the next one uses, behind a fence: PostgreSQL would unfold the layers into one and ask each
    guard once more for every mention.
    """
    reached, params = _reached(campaign, setting, news)
    clocks = [
        value
        for (channel, zone), clock in setting.clocks.items()
        for value in (channel, zone, _instant(clock.open_at), _instant(clock.tomorrow_at))
    ]
    fence = "OFFSET 0" if connection.vendor == "postgresql" else ""
    sql = f"""
        WITH reached AS ({reached} {fence}),
        clock (channel, zone, open_at, tomorrow_at) AS (VALUES {", ".join(["(%s, %s, %s, %s)"] * len(setting.clocks))}),
        asked AS (
            SELECT reached.*, clock.channel, clock.open_at, clock.tomorrow_at, {_moved_by(campaign)} AS moved_by
            FROM reached LEFT JOIN clock ON clock.channel = reached.speaker AND clock.zone = reached.zone {fence}
        ),
        moved AS (
            SELECT asked.*, CASE moved_by {_moves()} ELSE due_at END AS moved_to FROM asked
        ),
        judged AS (
            SELECT moved.*, CASE WHEN fresh_until <= %s THEN 'missed' WHEN channel IS NULL THEN speaker
                WHEN moved_to >= fresh_until THEN moved_by ELSE '' END AS skipped_for FROM moved {fence}
        )
        SELECT customer_id, key, due_at, fresh_until, order_id,
            CASE WHEN skipped_for = '' THEN moved_to ELSE due_at END,
            COALESCE(channel, ''),
            CASE WHEN skipped_for <> '' THEN 'skipped' WHEN held_out THEN 'held_out' ELSE 'due' END,
            CASE WHEN skipped_for <> '' THEN skipped_for ELSE moved_by END
        FROM judged WHERE true"""  # noqa: S608 - only names of guards, channels and columns are put in
    return sql, (*params, *clocks, _instant(setting.now))


def _moved_by(campaign: Campaign) -> str:
    """Return the SQL of which temporary guard of the channel that speaks is not content, '' for none."""
    guards = {
        channel: " ".join(f"WHEN NOT {_column(guard, channel)} THEN '{guard.name}'" for guard in TEMPORARY)
        for channel in campaign.channels
    }
    channels = " ".join(f"WHEN '{channel}' THEN CASE {asked} ELSE '' END" for channel, asked in guards.items())
    return f"CASE clock.channel {channels} ELSE '' END"


def _column(guard: Guard, channel: str) -> str:
    return f"{guard.name}_{channel}" if guard.by_channel else guard.name


def _moves() -> str:
    return " ".join(f"WHEN '{guard.name}' THEN {guard.moves_to}" for guard in TEMPORARY)


def _instant(value: datetime) -> Any:
    return connection.ops.adapt_datetimefield_value(value)
