"""Local hours as instants: made here in Python, once a zone and civil day, never by a database.

SQLite and PostgreSQL disagree with each other, and with next year's rules; zoneinfo is asked instead, and its answers
are grouped by instant, so that four hundred zones become some forty branches of SQL.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from django.db import connection

from campaigns.models import Customer, PermittedHours, Shop
from campaigns.models.fields import known_timezones

NEVER: Final = datetime(9999, 1, 1, tzinfo=UTC)
MIDNIGHT: Final = time(0)
_AHEAD: Final = timedelta(days=60)


def zone_of(name: str, shop: Shop) -> ZoneInfo:
    """Return a customer's zone; the shop's where the customer has none, or one that this machine does not know."""
    return ZoneInfo(name if name in known_timezones() else shop.timezone)


@lru_cache(maxsize=100_000)
def instant(day: date, hour: time, zone: ZoneInfo) -> datetime:
    """Return the UTC instant at which `hour` comes on civil `day` in `zone`.

    An hour that exists twice (clocks go back) is its first pass; one that does not exist (clocks go forward, a day
    skipped at the date line) is the first instant after the gap.
    """
    wall = datetime.combine(day, hour, zone)
    first, second = wall.astimezone(UTC), wall.replace(fold=1).astimezone(UTC)
    if first.astimezone(zone).replace(tzinfo=None) == wall.replace(tzinfo=None):
        return first
    # In a gap fold=1 reads the wall with the later offset: an instant before the jump, where fold=0 gives one after.
    before, after = second, first
    jumped = after.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) // 2
        middle = middle.replace(microsecond=0)
        before, after = (before, middle) if middle.astimezone(zone).utcoffset() == jumped else (middle, after)
    return after


def civil_day(now: datetime, zone: ZoneInfo) -> date:
    """Return the date on the wall in `zone` at `now`."""
    return now.astimezone(zone).date()


def civil_days(after: datetime, until: datetime, zone: ZoneInfo) -> Iterator[date]:
    """Yield each civil day of `zone` that has an instant between `after` and `until`, both included."""
    day, last = civil_day(after, zone), civil_day(until, zone)
    while day <= last:
        yield day
        day += timedelta(days=1)


def next_permitted(
    now: datetime, zone: ZoneInfo, hours: PermittedHours | None, closed: Callable[[date], bool] | None = None
) -> datetime:
    """Return `now` where the channel may speak in `zone`, else the instant it next may; NEVER where it does not within
    two months.

    `hours` are half-open, [opens, closes), and None permits the whole day; `closed` says of a civil day that it is
    silent whatever its weekday.
    """
    if hours is None and closed is None:
        return now
    for day in civil_days(now, now + _AHEAD, zone):
        if (hours and str(day.isoweekday()) not in hours.weekdays) or (closed and closed(day)):
            continue
        if now < (instant(day, hours.closes, zone) if hours else day_end(day, zone)):
            return max(now, instant(day, hours.opens if hours else MIDNIGHT, zone))
    return NEVER


def next_permitted_day(day: date, zone: ZoneInfo, hours: PermittedHours | None) -> datetime:
    """Return the first permitted instant after civil `day` is over in `zone`."""
    return next_permitted(day_end(day, zone), zone, hours)


def day_end(day: date, zone: ZoneInfo) -> datetime:
    """Return the instant at which civil `day` is over in `zone`."""
    return instant(day + timedelta(days=1), MIDNIGHT, zone)


def zones_in_use() -> list[str]:
    """Return the distinct zone names of all customers, '' among them where some have none.

    One short look-up a zone along the index on (timezone, birth_day), not a scan of five million customers: neither
    database skips through an index by itself when asked for DISTINCT.
    """
    table = connection.ops.quote_name(Customer._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH RECURSIVE zone(name) AS (SELECT MIN(timezone) FROM {table} UNION ALL"  # noqa: S608
            f" SELECT (SELECT MIN(timezone) FROM {table} WHERE timezone > zone.name) FROM zone"
            " WHERE zone.name IS NOT NULL) SELECT name FROM zone WHERE name IS NOT NULL"
        )
        return [row[0] for row in cursor.fetchall()]


def places_in_use() -> list[tuple[str, str]]:
    """Return the distinct (zone name, country) of all customers, either '' where it is not known; see zones_in_use."""
    table = connection.ops.quote_name(Customer._meta.db_table)
    in_order = "ORDER BY timezone, country LIMIT 1"
    beyond = f"FROM {table} WHERE (timezone, country) > (place.zone, place.country) {in_order}"
    sql = f"""
        WITH RECURSIVE place(zone, country) AS (
            SELECT (SELECT timezone FROM {table} {in_order}), (SELECT country FROM {table} {in_order}) UNION ALL
            SELECT (SELECT timezone {beyond}), (SELECT country {beyond}) FROM place WHERE place.zone IS NOT NULL)
        SELECT zone, country FROM place WHERE zone IS NOT NULL"""  # noqa: S608 - our own table
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return [(zone, country) for zone, country in cursor.fetchall()]
