"""The planner: for each live campaign, who reached its moment, what the guards and the draw say, stored once.

One INSERT … SELECT a campaign. Membership is decided by the unique key alone, never by a watermark: two planners at
once, a lost tick, a clock set back change nothing.

Each quarter of an hour, at a launch and after a stop, a tick looks at the whole window in which an occasion is still
fresh; the others look at what fell due of late, which in a large shop takes a hundredth. What a late fact brings is
found by its bell, and where that was not heard, a quarter of an hour later.
"""

import logging
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import batched
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db.models import Exists, Max, Min, OuterRef, Prefetch, Q, QuerySet, Value, prefetch_related_objects
from django.db.models.functions import Now

from campaigns import side_by_side
from campaigns.bell import ANYTHING, Facts
from campaigns.models import Campaign, Customer, Shop
from campaigns.moment_kinds import parse_rule
from campaigns.pauses import PauseReason
from triggers import holdout, insertion
from triggers.auto_pause import SMALLEST_BACKLOG, watch
from triggers.decision import Deciding
from triggers.guards import Setting
from triggers.guards.caps import Caps
from triggers.guards.caps_sql import CapsInSql
from triggers.models import Decision, GlobalHoldout, Heartbeat, Occasion
from triggers.occasions import Window, kind_of
from triggers.occasions.kind import Brings, launch_of
from triggers.opening import Opening

logger = logging.getLogger(__name__)

HEARTBEAT: Final = "plan"
# What expired before a longer stop than this is not even listed as missed.
_LONGEST_STOP: Final = timedelta(days=60)
# More new occasions of a campaign than this are worth a second connection, and so many reading whole tables of facts.
_TWO_HANDS: Final = 5_000
_MANY: Final = 50_000
# How often everything that is fresh is looked at, and how long after the quarters at which most gestures are due.
_SWEEP: Final = timedelta(minutes=15)
_AFTER_THE_QUARTER: Final = timedelta(minutes=7)
# What fell due so long before the last tick at which the campaign was asked is looked at again: facts take their time.
_LATELY: Final = timedelta(minutes=5)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
# How many questions one statement may put together: SQLite takes 500.
_AT_ONCE: Final = 100

# Who reached a moment, and when: see OccasionKind.occasions.
Rows = QuerySet[Any, Any]


@dataclass(slots=True)
class Planned:
    """How many occasions were stored, by (campaign's slug, decision, reason)."""

    counts: Counter[tuple[str, str, str]] = field(default_factory=Counter)

    def decided(self, decision: Decision) -> int:
        """Return how many were decided so, in all campaigns."""
        return sum(count for (_slug, made, _reason), count in self.counts.items() if made == decision)


def plan(now: datetime, customers: Collection[int] | None = None, facts: Facts = ANYTHING) -> Planned:
    """Decide and store what has fallen due by `now` (aware) and is still fresh; idempotent.

    `customers` (database ids) restricts it to those whose facts just changed, `facts` to the moments that these
    can bring about. A plan for everybody, and it alone, also lists as missed what fell due and expired since the last
    such plan, and beats the heart. A campaign whose rule cannot be read is logged and left out; the others are planned.
    """
    planned = Planned()
    opening = Opening.everywhere(Shop.get(), now)
    caps, group = CapsInSql(Caps(opening.shop, now)), GlobalHoldout.at(now)
    last, swept = _beats() if customers is None else (None, None)
    sweeps = _is_sweep(now, last, swept)
    stop = max(last or now, now - _LONGEST_STOP)
    asked: list[tuple[Deciding, Rows]] = []
    for campaign in _running() if opening.places else ():
        with _left_out_if_unreadable(campaign):
            rule, kind = parse_rule(campaign.moment.kind, campaign.moment.rule), kind_of(campaign)
            if customers is None and not _everybody_is_asked(campaign, now, last):
                continue
            if not _brought_about(kind.brought_by(rule), facts, now):
                continue
            deciding = Deciding(Setting(campaign, opening), kind, caps, group, stop)
            lately = None if sweeps or customers is not None else _lately(campaign, last)
            asked += [(deciding, rows) for rows in _reached(deciding, customers, lately)]
    for deciding, rows in asked if customers is None else _answered(asked):
        campaign = deciding.setting.campaign
        with _left_out_if_unreadable(campaign):
            news = _news(deciding, rows, few=customers is not None)
            # Most ticks bring most campaigns nothing: asking that first spares the guards, which are long to write.
            # Counted, as PostgreSQL looks for the first of them, where it takes many for new, by reading all customers.
            if new := news.count():
                stored = _store(deciding, news, new)
                planned.counts.update({(campaign.slug, *decision): count for decision, count in stored.items()})
                if _due(stored) >= SMALLEST_BACKLOG:
                    watch(now, [campaign.pk], PauseReason.BACKLOG)
    if customers is None:
        _beat(now, last, now if sweeps else swept)
    return planned


@contextmanager
def _left_out_if_unreadable(campaign: Campaign) -> Iterator[None]:
    """Let a rule that an older version stored not stop the other campaigns."""
    try:
        yield
    except ValidationError as error:
        logger.error("campaign %s cannot be planned: %s", campaign.pk, error.messages)


def _beats() -> tuple[datetime | None, datetime | None]:
    """Return when everybody was last planned, and when last with all that is fresh."""
    beats = Heartbeat.objects.filter(name=HEARTBEAT).values_list("business_at", "swept_at")
    return beats.first() or (None, None)


def _brought_about(by: Brings, facts: Facts, now: datetime) -> bool:
    # What comes about at once is asked for whatever the shop's clock says.
    return any(not least or facts[fact] <= now - least for fact, least in by.items() if fact in facts)


def _running() -> list[Campaign]:
    """Return the campaigns that decide, the more urgent first; what may be absorbed comes when it is known what absorbs
    it."""
    running = (
        Campaign.objects.filter(status__in=Campaign.PLANNING)
        .select_related("moment", "gesture")
        .order_by(Exists(Campaign.objects.filter(absorbs=OuterRef("pk"))), "-priority", "pk")
    )
    for campaign in running:
        # In memory alone: a dry run plans as if it had been launched when it began.
        campaign.launched_at = campaign.launched_at or campaign.shadow_at
    return list(running)


def _store(deciding: Deciding, news: Rows, count: int) -> Counter[tuple[str, str]]:
    """Decide and store the `count` of `news`, side by side where that is worth it and can be; return how many, by
    (decision, reason)."""
    campaign, now = deciding.setting.campaign, deciding.setting.now
    # Only now: most ticks and bells bring most campaigns nothing, and guards and caps alone read these.
    absorbing = Prefetch("absorbed_by", Campaign.objects.order_by().only("pk"))
    prefetch_related_objects([campaign], "gesture__variants", absorbing)
    parts = _halves(campaign, news) if count > _TWO_HANDS and side_by_side.possible() else [news]
    many = count > _MANY and len(parts) > 1
    return insertion.insert(campaign, now, [deciding.select(part, many=many) for part in parts])


def _due(stored: Counter[tuple[str, str]]) -> int:
    return sum(count for (decision, _reason), count in stored.items() if decision == Decision.DUE)


def _everybody_is_asked(campaign: Campaign, now: datetime, last: datetime | None) -> bool:
    """Return whether a plan for everybody concerns the campaign: see OccasionKind.asks_everybody_every.

    A clock set back, a first plan and a launch since the `last` one always do.
    """
    every = kind_of(campaign).asks_everybody_every
    if not every or last is None or now < last or launch_of(campaign) > last:
        return True
    return (now - _EPOCH) // every > (last - _EPOCH) // every


def _is_sweep(now: datetime, last: datetime | None, swept: datetime | None) -> bool:
    """Return whether a plan for everybody looks at all that is fresh: see the module's words. One with the clock set
    back does."""
    if last is None or swept is None or now < max(last, swept):
        return True
    before, present = ((at - _AFTER_THE_QUARTER - _EPOCH) // _SWEEP for at in (swept, now))
    return before < present


def _lately(campaign: Campaign, last: datetime | None) -> datetime | None:
    """Return after which instant a tick looks that is no sweep; None, at all that is fresh, for a campaign that was
    launched or resumed after the last sweep."""
    if last is None or max(launch_of(campaign), campaign.watched_since or _EPOCH) > last - _SWEEP:
        return None
    return last - kind_of(campaign).asks_everybody_every - _LATELY


def _beat(now: datetime, last: datetime | None, swept: datetime | None) -> None:
    """Keep the latest instant planned: a clock set back does not make what was planned already look like a stop."""
    Heartbeat.objects.update_or_create(
        name=HEARTBEAT, defaults={"business_at": max(now, last or now), "swept_at": swept, "finished_at": Now()}
    )


def _reached(deciding: Deciding, customers: Collection[int] | None, lately: datetime | None) -> Iterator[Rows]:
    """Yield who reached the moment (after `lately`, if given) so that it is fresh or was missed since the last plan: at
    once, or after a long stop in parts as long as the kind's longest window."""
    campaign, kind, now = deciding.setting.campaign, deciding.kind, deciding.setting.now
    since = lately or min(now - deciding.longest_stretch - kind.longest_fresh, deciding.stop)
    for window in Window(since, now).parts(kind.longest_window):
        yield kind.occasions(campaign, window, customers).order_by()


def _answered(asked: Sequence[tuple[Deciding, Rows]]) -> list[tuple[Deciding, Rows]]:
    """Return those of the questions that have an answer at all.

    A bell is about a customer or two, who mostly reached nothing: one short statement spares writing many long ones.
    """
    numbered = (rows.annotate(nth_asked=Value(nth)).values_list("nth_asked") for nth, (_by, rows) in enumerate(asked))
    answered: set[int] = set()
    for first, *others in batched(numbered, _AT_ONCE):
        answered.update(nth for (nth,) in first.union(*others))
    return [asked[nth] for nth in sorted(answered)]


def _news(deciding: Deciding, rows: Rows, *, few: bool) -> Rows:
    """Return those of `rows` that are not stored yet, and fresh, or missed unless they are `few`.

    One whose freshness closed days lengthened comes too; the SELECT that decides sorts out those that are too late.
    """
    campaign, path = deciding.setting.campaign, deciding.kind.customer_path
    fresh_or_missed = Q(fresh_until__gt=deciding.setting.now - deciding.longest_stretch)
    if not few:
        fresh_or_missed |= Q(due_at__gt=deciding.stop)
    # Asked before ON CONFLICT would: a tick without news then writes nothing, and costs a tenth.
    known = Occasion.objects.filter(campaign=campaign, customer=OuterRef(f"{path}pk"), key=OuterRef("key"))
    return rows.filter(~Exists(known), fresh_or_missed, holdout.canary_q(campaign, f"{path}external_id"))


def _halves(campaign: Campaign, news: Rows) -> list[Rows]:
    """Return `news` in two halves of the customers."""
    ids = Customer.objects.aggregate(first=Min("pk"), last=Max("pk"))
    middle = (ids["first"] + ids["last"]) // 2
    customer = f"{kind_of(campaign).customer_path}pk"
    return [news.filter(**{f"{customer}__lte": middle}), news.filter(**{f"{customer}__gt": middle})]
