"""The dose in plain loops: closed days, caps, trouble, absorption, and who goes first of what is due together."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import holidays

from tests.triggers.oracle_facts import DAY, QUARTER, Person, Plan, World, wall_reached, zone_of
from tests.triggers.oracle_moments import Moment, moments

FADES = 30 * DAY
_KNOWN = holidays.list_supported_countries()
# Kinds whose freshness ends with a civil day, and is not lengthened by closed ones.
BY_THE_DAY = ("birthday", "anniversary", "surprise", "calendar")


@dataclass
class Sending:
    """One message on its way. `state` is waiting, sent or skipped; `sent_on` is the recipient's civil day."""

    plan: Plan
    person: Person
    moment: Moment
    channel: str
    not_before: datetime
    state: str = "waiting"
    reason: str = ""
    value: str = ""
    sent_on: date | None = None
    sent_at: datetime | None = None


@dataclass
class Outbox:
    """Every message so far, in the order in which they were planned."""

    sendings: list[Sending] = field(default_factory=list)

    def to(self, person: Person) -> list[Sending]:
        return [sending for sending in self.sendings if sending.person.id == person.id]


def today(world: World, person: Person, now: datetime) -> date:
    return now.astimezone(ZoneInfo(zone_of(world, person))).date()


def closed(world: World, plan: Plan, person: Person, channel: str, day: date) -> bool:
    """Return whether the channel keeps silent for the whole civil day of the person."""
    if day in world.blackout and plan.purpose != "service":
        return True
    for quiet_channel, _opens, _closes, weekdays, on_holidays in world.quiet:
        if quiet_channel == channel:
            country = person.country or world.shop_country
            if str(day.isoweekday()) not in weekdays:
                return True
            if on_holidays and country in _KNOWN and day in holidays.country_holidays(country, years=day.year):
                return True
    return False


def permitted(world: World, plan: Plan, person: Person, channel: str, start: datetime) -> datetime:
    """Return the first instant from `start` on at which the channel may speak, by quarters of an hour."""
    zone = ZoneInfo(zone_of(world, person))
    hours = [(opens, closes) for name, opens, closes, _days, _kept in world.quiet if name == channel]
    instant = start
    while True:
        wall = instant.astimezone(zone)
        if not closed(world, plan, person, channel, wall.date()) and all(a <= wall.time() < b for a, b in hours):
            return instant
        instant = instant + QUARTER - (instant - datetime(2000, 1, 1, tzinfo=UTC)) % QUARTER


def opening(world: World, plan: Plan, person: Person, channel: str, day: date) -> datetime:
    return permitted(world, plan, person, channel, wall_reached(day, time(0), zone_of(world, person)))


def deadline(world: World, plan: Plan, person: Person, channel: str, moment: Moment) -> datetime:
    """Return until when the moment is fresh on the channel: each closed day that touches it adds one, and so do those
    that follow without a break."""
    if not channel or plan.kind in BY_THE_DAY:
        return moment.fresh_until
    zone = zone_of(world, person)
    lengthened, run_begins = moment.fresh_until, None
    first = moment.due.astimezone(ZoneInfo(zone)).date() - 8 * DAY
    for number in range(40):
        day = first + number * DAY
        begins, ends = wall_reached(day, time(0), zone), wall_reached(day + DAY, time(0), zone)
        if begins == ends:
            continue  # a day that the zone left out
        if not closed(world, plan, person, channel, day):
            run_begins = None
            continue
        run_begins = run_begins or begins
        if run_begins < moment.fresh_until and ends > moment.due:
            lengthened += DAY
    return lengthened


def told(world: World, outbox: Outbox, person: Person, now: datetime) -> Iterator[tuple[date, str, str, bool]]:
    """Yield (day, channel, purpose, survey) of all that the person was told, by whomever."""
    for day in person.spoken_on:
        yield day, "email", "relation", False
    for event in world.happenings:
        if event.person == person.id and event.name == "external_message" and event.at <= now:
            yield today(world, person, event.at), event.channel, event.purpose or "commercial", event.survey
    for sending in outbox.to(person):
        if sending.sent_on:
            yield sending.sent_on, sending.channel, sending.plan.purpose, sending.plan.survey


def capped(
    world: World, outbox: Outbox, plan: Plan, person: Person, channel: str, now: datetime
) -> tuple[str, str, date] | None:
    """Return the cap that lets a message pass last, what it saw, and on which day; None where all let it pass today."""
    weekly, monthly, commercial = world.caps
    limits = [("", world.daily_cap, weekly, monthly, commercial)]
    limits += [limit for limit in world.channel_caps if limit[0] == channel]
    said = list(told(world, outbox, person, now))
    found: list[tuple[date, str, str]] = []

    def ask(name: str, words: str, most: int, days: int, counted: Iterable[date]) -> None:
        latest = sorted(counted, reverse=True)
        if len(latest) >= most:
            found.append((latest[most - 1] + days * DAY, name, f"{most}/{days}d{words}"))

    for of, day, week, month, sales in limits if plan.purpose != "service" else ():
        counts = [(on, purpose) for on, by, purpose, _survey in said if purpose != "service" and of in ("", by)]
        words = f" {of}" if of else ""
        for name, most, days in (("daily_cap", day, 1), ("weekly_cap", week, 7), ("monthly_cap", month, 30)):
            ask(name, words, most, days, [on for on, _purpose in counts])
        if plan.purpose == "commercial":
            sold = [on for on, purpose in counts if purpose == "commercial"]
            ask("commercial_cap", f"{words} commercial", sales, 30, sold)
    if plan.survey:
        ask("survey_cap", " survey", 1, world.survey_days, [on for on, _by, _purpose, survey in said if survey])
    last = max(found, key=lambda cap: cap[0], default=None)  # of equals the first
    if last is None or last[0] <= today(world, person, now):
        return None
    return last[1], f"{last[2]} → {last[0]}", last[0]


def trouble(world: World, plan: Plan, person: Person, now: datetime) -> str:
    """Return what trouble the person is in, as far as the plan must heed it."""
    if plan.purpose == "service" or plan.even_in_trouble or plan.kind == "waiting":
        return ""
    mine = [event for event in world.happenings if event.person == person.id]
    for asked in mine:
        if asked.name == "ticket_opened" and now - FADES <= asked.at <= now:
            replies = [e for e in mine if e.name in ("ticket_answered", "ticket_closed") and e.ticket == asked.ticket]
            if not any(asked.at <= reply.at <= now for reply in replies):
                return "ticket"
    bought = [purchase for purchase in world.purchases if purchase.person == person.id and purchase.counts]
    for purchase in bought:
        there = purchase.delivered is not None and purchase.delivered <= now
        if purchase.promised and now - FADES <= purchase.promised <= now and not there:
            return "late"
    if any(purchase.returning and now - FADES <= purchase.returning <= now for purchase in bought):
        return "return"
    given = [score for score in world.scores if score.person == person.id and score.at <= now]
    for bad in given:
        if bad.score <= 6 and now - FADES <= bad.at and not any(s.score > 6 and s.at > bad.at for s in given):
            return "score"
    return ""


def absorbed(outbox: Outbox, plan: Plan, person: Person, now: datetime) -> bool:
    """Return whether a gesture that absorbs the plan's is about to go to the person, or went within a day."""
    for other in outbox.to(person):
        if other.plan.slug in plan.absorbed_by:
            if other.state == "waiting" and other.not_before <= now:
                return True
            if other.sent_at and other.sent_at > now - DAY:
                return True
    return False


def obstacle(
    world: World, outbox: Outbox, plan: Plan, person: Person, channel: str, now: datetime
) -> tuple[str, str, datetime] | None:
    """Return what makes the message wait, what it saw, and until when; None where it may go now."""
    cap = capped(world, outbox, plan, person, channel, now)
    if cap:
        return cap[0], cap[1], opening(world, plan, person, channel, cap[2])
    mess = trouble(world, plan, person, now)
    if mess:
        return "in_trouble", mess, opening(world, plan, person, channel, today(world, person, now) + DAY)
    start = permitted(world, plan, person, channel, now)
    return ("quiet_hours", "", start) if start > now else None


def send(known: World, outbox: Outbox, now: datetime) -> None:
    """Send what is due, the more urgent first of what is due to one person."""
    due = [sending for sending in outbox.sendings if sending.state == "waiting" and sending.not_before <= now]
    due.sort(key=lambda s: (-s.plan.priority, s.moment.fresh_until, s.moment.due, s.plan.key, s.moment.key))
    swallowed = [sending for sending in due if absorbed(outbox, sending.plan, sending.person, now)]
    for sending in due:
        plan, person, moment = sending.plan, sending.person, sending.moment
        batch = [other for other in due if other.plan.slug == plan.slug and other.moment.fresh_until > now]
        until = max((other.moment.fresh_until for other in batch), default=now)
        if moment.fresh_until <= now:
            sending.state, sending.reason = "skipped", "stale"
        elif not _still_reached(known, sending, until):
            sending.state, sending.reason = "skipped", "condition_gone"
        elif sending in swallowed:
            sending.state, sending.reason = "skipped", "absorbed"
        elif wait := obstacle(known, outbox, plan, person, sending.channel, now):
            sending.reason = wait[0]
            if wait[2] < moment.fresh_until:
                sending.not_before = wait[2]
            else:
                sending.state = "skipped"
        else:
            sending.state, sending.sent_at, sending.sent_on = "sent", now, today(known, person, now)


def _still_reached(known: World, sending: Sending, until: datetime) -> bool:
    plan, person = sending.plan, next(p for p in known.people if p.id == sending.person.id)
    return any(moment.key == sending.moment.key for moment in moments(known, plan, person, until))


def lengthened(moment: Moment, fresh_until: datetime) -> Moment:
    return replace(moment, fresh_until=fresh_until)
