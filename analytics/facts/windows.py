"""Windows of civil days in the shop's zone, half-open, as instants and as SQL."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from django.db.models import Case, DateTimeField, Q, When
from django.db.models.expressions import Combinable

from triggers.occasions.kind import later

# 52 whole weeks: the same weekdays a year earlier.
YEAR: Final = 364


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """[since, until), both aware and in UTC."""

    since: datetime
    until: datetime

    def __post_init__(self) -> None:
        """Raise ValueError for a period that is empty or lacks a zone."""
        if self.since.tzinfo is None or self.until.tzinfo is None or self.since >= self.until:
            raise ValueError(f"not a period: {self.since} to {self.until}")

    def within(self, field: str) -> Q:
        """Return the condition that the instant `field` lies in the period."""
        return Q(**{f"{field}__gte": self.since, f"{field}__lt": self.until})


def civil_shift(instant: datetime, days: int, zone: ZoneInfo) -> datetime:
    """Return the instant `days` civil days later (earlier if negative) at the same local time of `zone`."""
    local = instant.astimezone(zone).replace(tzinfo=None) + timedelta(days=days)
    return local.replace(tzinfo=zone).astimezone(UTC)


def civil_day(instant: datetime, zone: ZoneInfo) -> date:
    """Return the civil day of `zone` in which `instant` lies."""
    return instant.astimezone(zone).date()


def day_start(day: date, zone: ZoneInfo) -> datetime:
    """Return the instant at which a civil day of `zone` begins."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def whole_weeks(days: int) -> int:
    """Return `days` rounded down to whole weeks, one at least: weekdays differ, so a part of a week would bias."""
    return max(7, days // 7 * 7)


def before_and_after(launched_at: datetime, days: int, zone: ZoneInfo) -> tuple[Period, Period]:
    """Return [launch − days, launch) and [launch, launch + days), whole weeks; raises ValueError where they are not."""
    if days < 7 or days % 7:
        raise ValueError(f"{days} days are not whole weeks")
    return (
        Period(since=civil_shift(launched_at, -days, zone), until=launched_at),
        Period(since=launched_at, until=civil_shift(launched_at, days, zone)),
    )


def shifted(field: str, days: int, period: Period, zone: ZoneInfo) -> Combinable:
    """Return `field` shifted by civil days as SQL, for instants of `period`.

    Civil days are 23 or 25 hours long when clocks change, and SQLite knows no zones: so the lengths are found here,
    and SQL only picks the right one.
    """
    *firsts, last = _lengths(period, days, zone)
    by_default = later(field, last[1])
    if not firsts:
        return by_default
    return Case(
        *(When(Q(**{f"{field}__lt": until}), then=later(field, length)) for until, length in firsts),
        default=by_default,
        output_field=DateTimeField(),
    )


def _lengths(period: Period, days: int, zone: ZoneInfo) -> list[tuple[datetime, timedelta]]:
    """Return (until, length) of each stretch of `period` whose instants move by one same length."""

    def length(instant: datetime) -> timedelta:
        return civil_shift(instant, days, zone) - instant

    stretches: list[tuple[datetime, timedelta]] = []
    here = period.since
    while here < period.until:
        there = min(here + timedelta(days=1), period.until)
        if length(here) != length(there):
            low, high = here, there
            while high - low > timedelta(microseconds=1):
                middle = low + (high - low) / 2
                low, high = (middle, high) if length(middle) == length(low) else (low, middle)
            stretches.append((high, length(here)))
        here = there
    return [*stretches, (period.until, length(period.until))]
