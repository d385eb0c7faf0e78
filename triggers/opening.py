"""When a channel may speak to someone: permitted hours, public holidays of their country, the shop's blackout days."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from campaigns.models import BlackoutDay, PermittedHours, Shop
from triggers import local_time

_DAY: Final = timedelta(days=1)
# Whose public holidays a tick must know: those of the days in which something it plans may be due or be sent.
_BEHIND: Final = timedelta(days=15)
_AHEAD: Final = timedelta(days=20)


@lru_cache(maxsize=2_000)
def public_holidays(country: str, year: int) -> frozenset[date]:
    """Return the national public holidays of a country (ISO 3166-1 alpha-2); none of one that is not known."""
    import holidays  # half a second, which a shop whose channels keep no holidays never spends

    try:
        return frozenset(holidays.country_holidays(country, years=year))
    except NotImplementedError:
        return frozenset()


class Clock:
    """The recipients' time in one place, for one channel.

    `open_at` is now where the channel may speak, else when it next may; `tomorrow_at` is when it first may once the
    civil day `today` is over. Both are local_time.NEVER where it never may.
    """

    def __init__(
        self,
        now: datetime,
        zone: ZoneInfo,
        hours: PermittedHours | None,
        blackout: Collection[date] = (),
        country: str = "",
    ) -> None:
        self._zone, self._hours, self._blackout, self._country = zone, hours, blackout, country
        self._may_close = bool(blackout or (hours and country))
        self._openings: dict[date, datetime] = {}
        self.today = local_time.civil_day(now, zone)
        self.open_at = self._first(now)
        self.tomorrow_at = self.opening(self.today + _DAY)

    def opening(self, day: date) -> datetime:
        """Return when the channel first may speak from the beginning of `day` on."""
        if day not in self._openings:
            self._openings[day] = self._first(local_time.instant(day, local_time.MIDNIGHT, self._zone))
        return self._openings[day]

    def closed(self, day: date) -> bool:
        """Return whether the channel is silent for the whole civil day."""
        return bool(self._hours and str(day.isoweekday()) not in self._hours.weekdays) or self._silent(day)

    def closed_days(self, after: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Yield for each closed day between the two instants when the run of closed days that it belongs to begins, and
        when the day itself ends."""
        run: datetime | None = None
        for day in local_time.civil_days(after, until, self._zone):
            if not self.closed(day):
                run = None
                continue
            run = run or local_time.instant(day, local_time.MIDNIGHT, self._zone)
            yield run, local_time.day_end(day, self._zone)

    def _first(self, start: datetime) -> datetime:
        return local_time.next_permitted(start, self._zone, self._hours, self._silent if self._may_close else None)

    def _silent(self, day: date) -> bool:
        if day in self._blackout:
            return True
        return bool(
            self._country
            and self._hours
            and self._hours.closed_on_holidays
            and day in public_holidays(self._country, day.year)
        )


@dataclass(slots=True)
class Opening:
    """The clocks of a tick or a batch, made once for all its campaigns.

    `places` are the (zone name, country) of those it is about. Clocks are kept by (channel, zone name, country), the
    country '' for every one without a public holiday in sight: mostly a channel has one clock a zone.
    """

    shop: Shop
    now: datetime
    places: Collection[tuple[str, str]]
    hours: dict[str, PermittedHours] = field(default_factory=lambda: _hours())
    keeping_holidays: frozenset[str] = field(init=False)
    _blackout: frozenset[date] = field(init=False)
    _clocks: dict[tuple[str, bool], dict[tuple[str, str, str], Clock]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        near = (self.now - 3 * _BEHIND, self.now + 4 * _AHEAD)
        days = BlackoutDay.objects.filter(day__range=[instant.date() for instant in near])
        self._blackout = frozenset(days.values_list("day", flat=True))
        self.keeping_holidays = frozenset(
            country for country in {self.country_of(country) for _zone, country in self.places} if self._keeps(country)
        )

    @classmethod
    def everywhere(cls, shop: Shop, now: datetime) -> "Opening":
        """Return the clocks of all places with customers."""
        hours = _hours()
        if any(channel.closed_on_holidays for channel in hours.values()):
            return cls(shop, now, local_time.places_in_use(), hours)
        return cls(shop, now, [(zone, "") for zone in local_time.zones_in_use()], hours)

    def country_of(self, country: str) -> str:
        """Return whose public holidays count for a customer of `country` ('' is not known)."""
        return country or self.shop.country

    def clocks(self, channel: str, *, blackout: bool) -> dict[tuple[str, str, str], Clock]:
        """Return the clocks of a channel; without the shop's blackout days for a service message."""
        if (channel, blackout) not in self._clocks:
            hours = self.hours.get(channel)
            silent = self._blackout if blackout else frozenset[date]()
            keys = {
                (channel, zone, kept)
                for zone, country in self.places
                for kept in ("", self.country_of(country))
                if not kept or kept in self.keeping_holidays
            }
            self._clocks[channel, blackout] = {
                key: Clock(self.now, local_time.zone_of(key[1], self.shop), hours, silent, key[2])
                for key in sorted(keys)
            }
        return self._clocks[channel, blackout]

    def _keeps(self, country: str) -> bool:
        """Return whether some channel is silent on a public holiday of `country` that is in sight."""
        if not any(hours.closed_on_holidays for hours in self.hours.values()):
            return False
        first, last = (self.now - _BEHIND).date(), (self.now + _AHEAD).date()
        years = {first.year, last.year}
        return any(first <= day <= last for year in years for day in public_holidays(country, year))


def _hours() -> dict[str, PermittedHours]:
    return {hours.channel: hours for hours in PermittedHours.objects.all()}
