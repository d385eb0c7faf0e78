"""Surprises: a random share of an audience, each customer at most once in so many days, at a day and hour of the draw.

The draw is made among lots of customers (campaigns/models/lot.py) in Python and found by an index: nobody is hashed in
SQL. It depends on the campaign, the lot and the number of the turn alone, so that it is the same whenever it is asked.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from itertools import count
from typing import Any, Final, Literal, Self

from django.db.models import Case, CharField, DateTimeField, F, QuerySet, Value, When
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from campaigns.bell import Fact
from campaigns.models import LOTS, Campaign, Customer, Lot, Shop
from campaigns.moment_kinds import MomentRule
from triggers import local_time
from triggers.holdout import bucket
from triggers.occasions.kind import AT_ONCE, NO_ORDER, Brings, OccasionKind, Window, launch_of
from triggers.occasions.local_days import by_zone, civil_days_in_use
from triggers.occasions.words import listed

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
_DAYS: Final[tuple[Weekday, ...]] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# The shortest time between two surprises of a customer that a rule may name.
_SHORTEST: Final = 7


class SurpriseRule(MomentRule):
    """How many, how often, and when: a day of those chosen, an hour from `from_hour` until before `until_hour`."""

    share_percent: int = Field(default=5, ge=1, le=100, title=gettext_noop("share of the audience, in percent"))
    every_days: int = Field(
        default=30,
        ge=_SHORTEST,
        le=366,
        title=gettext_noop("days between two surprises"),
        description=gettext_noop("In each such span a customer is drawn once, or not."),
    )
    days: tuple[Weekday, ...] = Field(default=(), title=gettext_noop("on these days (none chosen: any day)"))
    from_hour: int = Field(default=10, ge=0, le=23, title=gettext_noop("from this hour, on the customer's clock"))
    until_hour: int = Field(default=18, ge=1, le=24, title=gettext_noop("until this hour"))

    @model_validator(mode="after")
    def _some_hours(self) -> Self:
        if self.until_hour <= self.from_hour:
            raise PydanticCustomError("no_hours", _("The last hour must come after the first."))
        return self

    @property
    def weekdays(self) -> tuple[int, ...]:
        """The days on which a surprise may come, 0 is Monday."""
        return tuple(number for number, name in enumerate(_DAYS) if name in (self.days or _DAYS))


class Surprise(OccasionKind):
    """Key `surprise:2026-11-21`, due at the drawn hour, fresh until the end of that day."""

    name = "surprise"
    label = gettext_lazy("surprise")
    rule_model = SurpriseRule
    customer_path = ""
    longest_fresh = timedelta(hours=26)
    counts_permitted_time = False
    # Two draws of a customer lie further apart, whatever their hours.
    longest_window = timedelta(days=_SHORTEST - 1)
    asks_everybody_every = timedelta(minutes=15)

    def brought_by(self, _rule: MomentRule, /) -> Brings:
        """See OccasionKind."""
        return {Fact.CUSTOMER: AT_ONCE}

    def sentence(self, rule: MomentRule) -> str:
        """Return for example "A surprise for 5 % by lot, at most every 30 days, between 10:00 and 18:00 local time"."""
        assert isinstance(rule, SurpriseRule)
        words = {"share": rule.share_percent, "days": rule.every_days, "weekdays": ""}
        words |= {"first": f"{rule.from_hour}:00", "last": f"{rule.until_hour}:00"}
        if rule.days:
            names = listed([str(WEEKDAYS[number]) for number in rule.weekdays])
            words["weekdays"] = _(", on %(weekdays)s") % {"weekdays": names}
        return (
            _(
                "For %(share)d%% of them by lot, at most every %(days)d days%(weekdays)s, between %(first)s and "
                "%(last)s local time"
            )
            % words
        )

    def occasions(
        self, campaign: Campaign, window: Window, customers: Collection[int] | None = None
    ) -> QuerySet[Any, Any]:
        """See OccasionKind; raises ValueError for a window of more than 6 days."""
        self.refuse_long(window)
        rule = SurpriseRule.model_validate(campaign.moment.rule)
        drawn, keys, due_at, fresh_until = set[int](), [], [], []
        for (day, hour), (due, ends) in _turns(rule, campaign, window).items():
            lots = _drawn(campaign.pk, rule, day).get(hour, ())
            drawn.update(lots)
            there = {"lot__among": lots, "timezone__in": [name for names in due.values() for name in names]}
            keys.append(When(**there, then=Value(f"surprise:{day}")))
            due_at.append(When(**there, then=by_zone(due)))
            fresh_until.append(When(**there, then=by_zone(ends)))
        return (
            Customer.objects.alias(lot=Lot("pk"))
            .filter(self.among(campaign, customers), **({"lot__among": sorted(drawn)} if drawn else {"pk__in": []}))
            .annotate(
                customer_id=F("pk"),
                key=Case(*keys, output_field=CharField()),
                due_at=Case(*due_at, output_field=DateTimeField()),
                fresh_until=Case(*fresh_until, output_field=DateTimeField()),
                order_id=NO_ORDER,
            )
            .filter(key__isnull=False)
        )


# Zone names by instant: when an hour comes there, and when its day is over.
_ByInstant = Mapping[datetime, list[str]]


def _turns(
    rule: SurpriseRule, campaign: Campaign, window: Window
) -> dict[tuple[date, int], tuple[_ByInstant, _ByInstant]]:
    """Return each local day and hour that comes within `window` and after the launch, with its instants."""
    since = window.starting(launch_of(campaign))
    turns: dict[tuple[date, int], Any] = defaultdict(lambda: (defaultdict(list), defaultdict(list)))
    for name, zone, day in civil_days_in_use(since, Shop.get()):
        for hour in range(rule.from_hour, rule.until_hour) if day.weekday() in rule.weekdays else ():
            due = local_time.instant(day, time(hour), zone)
            if since.after < due <= since.until:
                turns[day, hour][0][due].append(name)
                turns[day, hour][1][local_time.day_end(day, zone)].append(name)
    return turns


@lru_cache(maxsize=1_000)
def _drawn(campaign_id: int, rule: SurpriseRule, day: date) -> dict[int, tuple[int, ...]]:
    """Return the lots that are surprised on `day`, by hour.

    Each lot has its turn once in so many of the days that count, on one of its own; at each turn it is drawn or not.
    """
    apart, nth = _apart(rule.weekdays, rule.every_days), _rank(rule.weekdays, day)
    by_hour: dict[int, list[int]] = defaultdict(list)
    for lot in _lots_of_turn(campaign_id, apart)[nth % apart]:
        salt = f"surprise:{campaign_id}:{nth // apart}"
        if bucket(salt, str(lot)) * 100 < rule.share_percent:
            hours = rule.until_hour - rule.from_hour
            by_hour[rule.from_hour + int(bucket(f"{salt}:hour", str(lot)) * hours)].append(lot)
    return {hour: tuple(lots) for hour, lots in by_hour.items()}


@lru_cache(maxsize=100)
def _lots_of_turn(campaign_id: int, apart: int) -> list[list[int]]:
    """Return the lots whose turn is on each of `apart` days that count."""
    turns: list[list[int]] = [[] for _day in range(apart)]
    for lot in range(LOTS):
        turns[int(bucket(f"surprise:{campaign_id}:day", str(lot)) * apart)].append(lot)
    return turns


@lru_cache(maxsize=100)
def _apart(weekdays: tuple[int, ...], days: int) -> int:
    """Return after how many of the `weekdays` at least `days` days have always passed."""
    week = len(weekdays)
    for apart in count(1):
        ends = ((7 * ((i + apart) // week) + weekdays[(i + apart) % week] - first) for i, first in enumerate(weekdays))
        if min(ends) >= days:
            return apart
    raise AssertionError("count() never ends")


def _rank(weekdays: tuple[int, ...], day: date) -> int:
    """Return the how manieth of all `weekdays` `day` is, counted from Monday, 1 January of the year 1."""
    weeks, weekday = divmod(day.toordinal() - 1, 7)
    return weeks * len(weekdays) + weekdays.index(weekday)
