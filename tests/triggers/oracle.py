"""A second opinion on the planner: plain loops over plain facts, tick by tick, sharing no code with it.

`expected(world)` says what must be stored after the world's ticks; `expected_occasions` says only who was due when.
"""

import calendar
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import cache
from typing import Literal
from zoneinfo import ZoneInfo

QUARTER = timedelta(minutes=15)
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Person:
    """A customer; `known_from` is the instant from which the shop knows them."""

    id: str
    zone: str = ""
    born: tuple[int, int] | None = None  # (month, day)
    birth_date_changed_on: date | None = None
    known_from: datetime = datetime(2000, 1, 1, tzinfo=UTC)
    email: bool = True
    phone: bool = True
    email_consent: bool = True
    sms_consent: bool = True
    email_suppressed: bool = False
    spoken_on: tuple[date, ...] = ()  # civil days on which another campaign wrote to them


@dataclass(frozen=True)
class Purchase:
    """An order."""

    id: str
    person: str
    placed: datetime
    delivered: datetime | None = None
    known_from: datetime = datetime(2000, 1, 1, tzinfo=UTC)
    counts: bool = True  # paid, not a test, not cancelled, not wholly refunded


@dataclass(frozen=True)
class Reach:
    """A tier first reached."""

    person: str
    tier: str
    at: datetime
    highest: bool = True
    known_from: datetime = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Plan:
    """A campaign. `key` is its database id, which salts the draw; `hours` are hours for all kinds but birthdays."""

    slug: str
    kind: Literal["birthday", "tier", "placed", "delivered"]
    launched: datetime
    key: int = 0
    hours: int = 0
    offset_days: int = 0
    send_hour: int = 9
    tiers: tuple[str, ...] = ()
    channels: tuple[str, ...] = ("email",)
    share: Decimal = Decimal(0)


@dataclass(frozen=True)
class World:
    """All facts, and the instants at which a planner ran."""

    people: tuple[Person, ...]
    plans: tuple[Plan, ...]
    ticks: tuple[datetime, ...]
    purchases: tuple[Purchase, ...] = ()
    reaches: tuple[Reach, ...] = ()
    shop_zone: str = "Europe/Paris"
    leap_day: tuple[int, int] = (2, 28)
    lock_days: int = 30
    daily_cap: int = 1
    # (channel, opens, closes, weekdays) of the channels that keep quiet hours
    quiet: tuple[tuple[str, time, time, str], ...] = ()


@dataclass(frozen=True)
class Told:
    """What must be stored of one occasion."""

    due: datetime
    slot: datetime
    decision: str
    reason: str
    channel: str


@dataclass(frozen=True)
class _Moment:
    key: str
    due: datetime
    fresh_until: datetime
    known_from: datetime = field(default=datetime(2000, 1, 1, tzinfo=UTC))


def expected_occasions(world: World) -> dict[tuple[str, str, str], datetime]:
    """Return the due instants of all that must be stored, by (campaign's slug, customer, key)."""
    return {key: told.due for key, told in expected(world).items()}


def expected(world: World) -> dict[tuple[str, str, str], Told]:
    """Return what must be stored after the world's ticks, by (campaign's slug, customer, key)."""
    stored: dict[tuple[str, str, str], Told] = {}
    last: datetime | None = None
    for now in world.ticks:
        # A clock set back does not make anything unknown again.
        latest = now if last is None else max(last, now)
        for plan in world.plans:
            for person in world.people:
                for moment in _moments(world, plan, person):
                    name = (plan.slug, person.id, moment.key)
                    known = max(moment.known_from, person.known_from) <= latest
                    missed = last is not None and moment.due > last and moment.fresh_until <= now
                    if known and name not in stored and moment.due <= now and (moment.fresh_until > now or missed):
                        stored[name] = _decide(world, plan, person, moment, now)
        last = latest
    return stored


def wall_reached(day: date, hour: time, zone: str) -> datetime:
    """Return the first instant at which the wall clock of `zone` shows `hour` of `day` or anything after it."""
    return _wall_reached(datetime.combine(day, hour), zone)


@cache
def _wall_reached(wall: datetime, zone: str) -> datetime:
    moment = wall.replace(tzinfo=UTC) - timedelta(hours=15)
    while moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None) < wall:
        moment += QUARTER
    return moment


def _zone(world: World, person: Person) -> str:
    return person.zone or world.shop_zone


def _moments(world: World, plan: Plan, person: Person) -> Iterator[_Moment]:
    if plan.kind == "birthday":
        yield from _birthdays(world, plan, person)
    elif plan.kind == "tier":
        for reach in world.reaches:
            counts = reach.highest and (not plan.tiers or reach.tier in plan.tiers)
            if reach.person == person.id and counts:
                yield from _after(plan, f"tier:{reach.tier}", reach.at, reach.known_from)
    else:
        for purchase in world.purchases:
            anchor = purchase.placed if plan.kind == "placed" else purchase.delivered
            if purchase.person == person.id and purchase.counts and anchor:
                yield from _after(plan, f"order:{purchase.id}", anchor, purchase.known_from)


def _after(plan: Plan, key: str, anchor: datetime, known_from: datetime) -> Iterator[_Moment]:
    due = anchor + timedelta(hours=plan.hours)
    if due > plan.launched:
        yield _Moment(key, due, due + timedelta(hours=72), known_from)


def _birthdays(world: World, plan: Plan, person: Person) -> Iterator[_Moment]:
    if person.born is None:
        return
    zone = _zone(world, person)
    launch_day = plan.launched.astimezone(ZoneInfo(zone)).date()
    for year in range(world.ticks[0].year - 1, world.ticks[-1].year + 2):
        month, day = person.born
        if person.born == (2, 29) and not calendar.isleap(year):
            month, day = world.leap_day
        feast = date(year, month, day)
        changed = person.birth_date_changed_on
        if changed is not None and changed > feast - world.lock_days * DAY:
            continue
        sending_day = feast + plan.offset_days * DAY
        if sending_day >= launch_day:
            due = wall_reached(sending_day, time(plan.send_hour), zone)
            yield _Moment(f"birthday:{year}", due, wall_reached(sending_day + 2 * DAY, time(0), zone))


def _decide(world: World, plan: Plan, person: Person, moment: _Moment, now: datetime) -> Told:
    channel, stopped_by = _channel(plan, person)
    if moment.fresh_until <= now:
        return Told(moment.due, moment.due, "skipped", "missed", channel)
    if not channel:
        return Told(moment.due, moment.due, "skipped", stopped_by, "")
    slot, moved_by = _slot(world, person, channel, moment, now)
    if slot >= moment.fresh_until:
        return Told(moment.due, moment.due, "skipped", moved_by, channel)
    digest = hashlib.sha256(f"campaign:{plan.key}|{person.id}".encode()).digest()
    held_out = Decimal(int.from_bytes(digest[:8], "big")) / 2**64 < plan.share
    return Told(moment.due, slot, "held_out" if held_out else "due", moved_by, channel)


def _channel(plan: Plan, person: Person) -> tuple[str, str]:
    """Return the channel that speaks and '', or '' and the first obstacle that no channel passes."""
    obstacles = {
        "email": [not person.email, not person.email_consent, person.email_suppressed],
        "sms": [not person.phone, not person.sms_consent, False],
    }
    for channel in plan.channels:
        if not any(obstacles[channel]):
            return channel, ""
    for rank, name in enumerate(("no_address", "no_consent", "suppressed")):
        if all(any(obstacles[channel][: rank + 1]) for channel in plan.channels):
            return "", name
    raise AssertionError("nobody speaks, and nothing stops them")


def _slot(world: World, person: Person, channel: str, moment: _Moment, now: datetime) -> tuple[datetime, str]:
    zone = _zone(world, person)
    today = now.astimezone(ZoneInfo(zone)).date()
    if person.spoken_on.count(today) >= world.daily_cap:
        return _permitted(world, channel, zone, wall_reached(today + DAY, time(0), zone)), "daily_cap"
    permitted = _permitted(world, channel, zone, now)
    return (moment.due, "") if permitted == now else (permitted, "quiet_hours")


def _permitted(world: World, channel: str, zone: str, start: datetime) -> datetime:
    for quiet_channel, opens, closes, weekdays in world.quiet:
        if quiet_channel != channel:
            continue
        moment = start
        while True:
            wall = moment.astimezone(ZoneInfo(zone))
            if str(wall.isoweekday()) in weekdays and opens <= wall.time() < closes:
                return moment
            moment = moment + QUARTER - (moment - datetime(2000, 1, 1, tzinfo=UTC)) % QUARTER
    return start
