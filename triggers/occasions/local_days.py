"""The civil days whose send hour falls due in a window, zone by zone, for the kinds that keep to a local hour."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Case, DateTimeField, Value, When

from campaigns.models import Campaign, Shop
from triggers import local_time
from triggers.occasions.kind import Window, launch_of


@dataclass(frozen=True, slots=True)
class LocalDay:
    """Civil `day` where customers have the zone `name` ("" is the shop's), due at an instant of it."""

    name: str
    zone: ZoneInfo
    day: date
    due: datetime

    def end(self, days_later: int = 0) -> datetime:
        """Return the instant at which the day, or one some days later, is over there."""
        return local_time.day_end(self.day + timedelta(days=days_later), self.zone)


def local_days(campaign: Campaign, window: Window, hour: int, shop: Shop) -> Iterator[LocalDay]:
    """Yield each civil day on which `hour` comes within `window` in a zone in use, from the day of the launch on.

    A launch at noon still owes this morning's customers their gesture.
    """
    launched_at = launch_of(campaign)
    for name, zone, day in civil_days_in_use(window, shop):
        due = local_time.instant(day, time(hour), zone)
        if local_time.civil_day(launched_at, zone) <= day and window.after < due <= window.until:
            yield LocalDay(name, zone, day, due)


def civil_days_in_use(window: Window, shop: Shop) -> Iterator[tuple[str, ZoneInfo, date]]:
    """Yield each civil day of each zone in use that has an instant of `window`."""
    for name in local_time.zones_in_use():
        zone = local_time.zone_of(name, shop)
        for day in local_time.civil_days(window.after, window.until, zone):
            yield name, zone, day


def by_zone(instants: Mapping[datetime, Sequence[str]]) -> Case:
    """Return the expression of the instant at which a customer's zone is listed."""
    return Case(
        *(When(timezone__in=names, then=Value(instant)) for instant, names in instants.items()),
        output_field=DateTimeField(),
    )
