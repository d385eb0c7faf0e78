"""Who reaches a plan's moment, under which key, due when: one plain loop a kind, over the facts known so far."""

import calendar
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from tests.triggers.oracle_facts import DAY, Happening, Person, Plan, Purchase, World, wall_reached, zone_of

HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Moment:
    """A moment reached, by its key."""

    key: str
    due: datetime
    fresh_until: datetime


def moments(world: World, plan: Plan, person: Person, now: datetime) -> Iterator[Moment]:
    """Yield every moment of the plan that the person reaches by the facts of `world`, as they look at `now`."""
    return KINDS[plan.kind](world, plan, person, now)


def _after(plan: Plan, key: str, anchor: datetime, delay: timedelta, fresh: timedelta = 72 * HOUR) -> Iterator[Moment]:
    due = anchor + delay
    if due > plan.launched:
        yield Moment(key, due, due + fresh)


def _birthdays(world: World, plan: Plan, person: Person, now: datetime) -> Iterator[Moment]:
    if person.born is None:
        return
    zone = zone_of(world, person)
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
            yield Moment(f"birthday:{year}", due, wall_reached(sending_day + 2 * DAY, time(0), zone))


def _anniversaries(world: World, plan: Plan, person: Person, now: datetime) -> Iterator[Moment]:
    began = person.signed_up
    if plan.of == "first_order":
        began = min((purchase.placed for purchase in _bought(world, person)), default=None)
    if began is None:
        return
    zone = zone_of(world, person)
    launch_day = plan.launched.astimezone(ZoneInfo(zone)).date()
    first = began.astimezone(ZoneInfo(zone)).date()
    years = [12 * year for year in range(1, 40)] if 12 in plan.marks else []
    for months in [*(mark for mark in plan.marks if mark != 12), *years]:
        feast = _months_later(world, first, months)
        if feast >= launch_day:
            due = wall_reached(feast, time(plan.send_hour), zone)
            name = f"{months // 12}y" if months % 12 == 0 else f"{months}m"
            yield Moment(f"anniversary:{name}", due, wall_reached(feast + 2 * DAY, time(0), zone))


def _months_later(world: World, first: date, months: int) -> date:
    """Count month by month on the calendar; a day that the month lacks is its last one."""
    year, month = first.year, first.month
    for _month in range(months):
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    if (first.month, first.day) == (2, 29) and months % 12 == 0 and not calendar.isleap(year):
        return date(year, *world.leap_day)
    day = first.day
    while True:
        try:
            return date(year, month, day)
        except ValueError:
            day -= 1


def _calendar_days(world: World, plan: Plan, person: Person, now: datetime) -> Iterator[Moment]:
    zone = zone_of(world, person)
    launch_day = plan.launched.astimezone(ZoneInfo(zone)).date()
    for year in range(plan.day.year, world.ticks[-1].year + 2 if plan.of == "every_year" else plan.day.year + 1):
        if (plan.day.month, plan.day.day) == (2, 29) and not calendar.isleap(year):
            continue
        day = date(year, plan.day.month, plan.day.day)
        due = wall_reached(day, time(plan.send_hour), zone)
        # A day that the zone left out has an end but no hour.
        if day >= launch_day:
            yield Moment(f"calendar:{day}", due, wall_reached(day + DAY, time(0), zone))


def _events(world: World, plan: Plan, person: Person, now: datetime) -> Iterator[Moment]:
    # In the order of time; of those at one instant, in the order stored.
    alike = sorted(
        (event for event in _did(world, person, plan.of) if not plan.page or event.page == plan.page),
        key=lambda event: event.at,
    )
    stored = list(world.happenings)
    for rank, event in enumerate(alike):
        since = [earlier for earlier in alike[: rank + 1] if earlier.at > event.at - plan.days * DAY]
        if plan.times and len(since) != plan.times:
            continue
        off = any(
            event.at < other.at <= now or (other.at == event.at and stored.index(other) > stored.index(event))
            for other in world.happenings
            if other.person == person.id and other.name in plan.unless
        )
        if "order" in plan.unless:
            off = off or any(event.at <= purchase.placed <= now for purchase in _bought(world, person))
        if not off:
            yield from _after(plan, f"event:{event.id}", event.at, plan.hours * HOUR)


def _tiers(world: World, plan: Plan, person: Person, now: datetime) -> Iterator[Moment]:
    for reach in world.reaches:
        if reach.person != person.id or not reach.highest or (plan.tiers and reach.tier not in plan.tiers):
            continue
        anchor: datetime | None = reach.at
        if plan.of == "order_delivered":
            by_it = [purchase for purchase in _bought(world, person) if purchase.id == reach.order]
            anchor = by_it[0].delivered if by_it else None
        if anchor:
            year = f":{reach.year}" if reach.year else ""
            yield from _after(plan, f"tier:{reach.tier}{year}", anchor, plan.hours * HOUR)


def look_around(world: World, known: World, now: datetime) -> World:
    """Return `world` with who is inside the audience of each segment now, and who entered it since the last look.

    The audience of every segment here is who bought within the last two days.
    """
    entries = {name: list(times) for name, times in world.entries.items()}
    inside = set()
    for plan in world.plans:
        if plan.kind != "segment" or plan.launched > now:
            continue
        first_look = (plan.slug, "") not in entries
        entries[plan.slug, ""] = []
        for person in known.people:
            name = (plan.slug, person.id)
            if any(now - 2 * DAY < purchase.placed <= now for purchase in _bought(known, person)):
                inside.add(name)
                if name not in world.inside:
                    entries.setdefault(name, []).append(None if first_look else now)
    return replace(world, entries=entries, inside=frozenset(inside))


def _entries(world: World, plan: Plan, person: Person, now: datetime) -> Iterator[Moment]:
    name = (plan.slug, person.id)
    entered = [at for at in world.entries.get(name, []) if at is not None]
    if name in world.inside and entered and world.entries[name][-1] is not None:
        yield from _after(plan, f"segment:{len(entered)}", entered[-1], timedelta(0))


def _surprises(world: World, plan: Plan, person: Person, now: datetime) -> Iterator[Moment]:
    zone, lot = zone_of(world, person), person.key % 8192
    # How many of the days that count must pass for the others to have passed as well.
    monday = date(1, 1, 1)
    counting = [monday + number * DAY for number in range(1000) if number % 7 in plan.weekdays]
    apart = next(
        n
        for n in range(1, 400)
        if all(b - a >= plan.every_days * DAY for a, b in zip(counting, counting[n:], strict=False))
    )
    turn = int(_drawn(f"surprise:{plan.key}:day", lot) * apart)
    first = plan.launched.astimezone(ZoneInfo(zone)).date()
    day = min(first, world.ticks[0].date()) - 20 * DAY
    nth = sum((day - monday).days // 7 + (weekday < day.weekday()) for weekday in plan.weekdays)
    while day <= max(tick.date() for tick in world.ticks) + 2 * DAY:
        if day.weekday() in plan.weekdays:
            salt = f"surprise:{plan.key}:{nth // apart}"
            if nth % apart == turn and _drawn(salt, lot) < plan.share_percent / 100:
                opens, closes = plan.hours_of_day
                hour = opens + int(_drawn(f"{salt}:hour", lot) * (closes - opens))
                due = wall_reached(day, time(hour), zone)
                if due > plan.launched:
                    yield Moment(f"surprise:{day}", due, wall_reached(day + DAY, time(0), zone))
            nth += 1
        day += DAY


def _drawn(salt: str, lot: int) -> float:
    return int(hashlib.sha256(f"{salt}|{lot}".encode()).hexdigest()[:16], 16) / 2**64


def _purchases(world: World, plan: Plan, person: Person, now: datetime) -> Iterator[Moment]:
    for purchase in _bought(world, person):
        anchor = purchase.placed if plan.of == "placed" else purchase.delivered
        if anchor:
            yield from _after(plan, f"order:{purchase.id}", anchor, plan.hours * HOUR)


def _welcomes(world: World, plan: Plan, person: Person, now: datetime) -> Iterator[Moment]:
    began = person.signed_up
    if plan.of == "first_order":
        began = min((purchase.placed for purchase in _bought(world, person)), default=None)
    if began:
        yield from _after(plan, "welcome", began, plan.hours * HOUR)


def _waits(world: World, plan: Plan, person: Person, now: datetime) -> Iterator[Moment]:
    delay, step = plan.hours * HOUR, f"{plan.hours}h" if plan.hours else "0d"
    for purchase in _bought(world, person) if plan.of == "order" else ():
        there = purchase.delivered is not None and purchase.delivered <= now
        if purchase.promised and not there:
            yield from _after(plan, f"waiting:order:{purchase.id}:{step}", purchase.promised, delay, 24 * HOUR)
    for asked in _did(world, person, "ticket_opened") if plan.of == "ticket" else ():
        replies = [*_did(world, person, "ticket_answered"), *_did(world, person, "ticket_closed")]
        if not any(reply.ticket == asked.ticket and asked.at <= reply.at <= now for reply in replies):
            yield from _after(plan, f"waiting:ticket:{asked.id}:{step}", asked.at, delay, 24 * HOUR)


def _silences(world: World, plan: Plan, person: Person, now: datetime) -> Iterator[Moment]:
    if plan.of == "order":
        seen = [(purchase.placed, purchase.id) for purchase in _bought(world, person)]
    else:
        seen = [(visit.at, visit.id) for visit in _did(world, person, "page_view")]
    seen = [fact for fact in seen if fact[0] <= now]
    if seen:
        # max() takes the first of equals: of two at one instant, the one that was stored first.
        last, name = max(seen, key=lambda fact: fact[0])
        yield from _after(plan, f"away:{name}", last, plan.days * DAY, 7 * DAY)


def _departures(world: World, plan: Plan, person: Person, now: datetime) -> Iterator[Moment]:
    # Without an address there is none that could have been reported.
    if person.email and person.email_suppressed == "complained":
        return
    nothing = timedelta(0)
    if plan.of == "unsubscribed":
        for key, at in _withdrawals(world, person, now):
            yield from _after(plan, f"departure:unsubscribed:{key}", at, nothing, 7 * DAY)
    elif plan.of == "order_cancelled":
        for purchase in world.purchases:
            if purchase.person == person.id and purchase.cancelled:
                yield from _after(plan, f"departure:order:{purchase.id}", purchase.cancelled, nothing, 7 * DAY)
    else:
        for event in _did(world, person, "subscription_cancelled"):
            yield from _after(plan, f"departure:event:{event.id}", event.at, nothing, 7 * DAY)


def _withdrawals(world: World, person: Person, now: datetime) -> Iterator[tuple[int, datetime]]:
    """Yield the refusals whose last word before them was a grant, and that no grant until now took back."""
    for channel, agreed in (("email", person.email_consent), ("sms", person.sms_consent)):
        words = [word for word in world.words if word.person == person.id and word.channel == channel]
        for refusal in words:
            earlier = [word for word in words if word.at < refusal.at]
            last = max((word.at for word in earlier), default=None)
            agreed_before = all(word.granted for word in earlier if word.at == last) if earlier else agreed
            back = any(word.granted and refusal.at < word.at <= now for word in words)
            if not refusal.granted and agreed_before and not back:
                yield refusal.key, refusal.at


def _bought(world: World, person: Person) -> Iterator[Purchase]:
    return (purchase for purchase in world.purchases if purchase.person == person.id and purchase.counts)


def _did(world: World, person: Person, name: str) -> Iterator[Happening]:
    return (event for event in world.happenings if event.person == person.id and event.name == name)


KINDS: dict[str, Callable[[World, Plan, Person, datetime], Iterator[Moment]]] = {
    "birthday": _birthdays,
    "anniversary": _anniversaries,
    "calendar": _calendar_days,
    "event": _events,
    "segment": _entries,
    "surprise": _surprises,
    "tier": _tiers,
    "post_purchase": _purchases,
    "welcome": _welcomes,
    "waiting": _waits,
    "silence": _silences,
    "departure": _departures,
}
