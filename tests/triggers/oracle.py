"""A second opinion on the planner: plain loops over plain facts, tick by tick, sharing no code with it.

`expected(world)` says what must be stored after the world's ticks; `expected_occasions` says only who was due when.
What a world is made of stands in oracle_facts.py, who reaches which moment in oracle_moments.py.
"""

import hashlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

from tests.triggers.oracle_facts import (
    DAY,
    QUARTER,
    Happening,
    Person,
    Plan,
    Purchase,
    Reach,
    Word,
    World,
    wall_reached,
    zone_of,
)
from tests.triggers.oracle_moments import Moment, moments


@dataclass(frozen=True)
class Told:
    """What must be stored of one occasion."""

    due: datetime
    slot: datetime
    decision: str
    reason: str
    channel: str


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
        known = _known(world, latest)
        for plan in world.plans:
            for person in known.people:
                for moment in moments(known, plan, person, now):
                    name = (plan.slug, person.id, moment.key)
                    missed = last is not None and moment.due > last and moment.fresh_until <= now
                    if name not in stored and moment.due <= now and (moment.fresh_until > now or missed):
                        stored[name] = _decide(world, plan, person, moment, now)
        last = latest
    return stored


def _known(world: World, latest: datetime) -> World:
    """Return the world as far as the shop has told of it; facts are known no sooner than their customer."""
    people = {person.id: person for person in world.people if person.known_from <= latest}

    def told[F: (Purchase, Reach, Happening, Word)](facts: tuple[F, ...]) -> tuple[F, ...]:
        known = [fact for fact in facts if fact.person in people and fact.known_from <= latest]
        # In the order in which they were stored: at which tick, then which in the world's list.
        known.sort(key=lambda fact: _stored_at(world, max(fact.known_from, people[fact.person].known_from)))
        return tuple(known)

    return replace(
        world,
        people=tuple(people.values()),
        purchases=told(world.purchases),
        reaches=told(world.reaches),
        happenings=told(world.happenings),
        words=told(world.words),
    )


def _stored_at(world: World, known_from: datetime) -> datetime:
    return next(tick for tick in world.ticks if tick >= known_from)


def _decide(world: World, plan: Plan, person: Person, moment: Moment, now: datetime) -> Told:
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
        "email": [not person.email, not person.email_consent, bool(person.email_suppressed)],
        "sms": [not person.phone, not person.sms_consent, False],
    }
    for channel in plan.channels:
        if not any(obstacles[channel]):
            return channel, ""
    for rank, name in enumerate(("no_address", "no_consent", "suppressed")):
        if all(any(obstacles[channel][: rank + 1]) for channel in plan.channels):
            return "", name
    raise AssertionError("nobody speaks, and nothing stops them")


def _slot(world: World, person: Person, channel: str, moment: Moment, now: datetime) -> tuple[datetime, str]:
    zone = zone_of(world, person)
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
