"""A second opinion on the planner: plain loops over plain facts, tick by tick, sharing no code with it.

`expected(world)` says what must be stored after the world's ticks, `lived(world)` also what became of each message;
`expected_occasions` says only who was due when. What a world is made of stands in oracle_facts.py, who reaches which
moment in oracle_moments.py, what the dose lets pass in oracle_dose.py.
"""

import hashlib
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from tests.triggers.oracle_dose import Outbox, Sending, absorbed, deadline, lengthened, obstacle, send
from tests.triggers.oracle_facts import Happening, Person, Plan, Purchase, Reach, Score, Word, World
from tests.triggers.oracle_moments import Moment, look_around, moments


@dataclass(frozen=True)
class Told:
    """What must be stored of one occasion."""

    due: datetime
    slot: datetime
    decision: str
    reason: str
    channel: str
    fresh_until: datetime
    value: str = ""


@dataclass(frozen=True)
class Fate:
    """What must have become of one message: waiting until when, sent on which day, or skipped for which reason."""

    state: str
    not_before: datetime | None = None
    sent_on: date | None = None
    reason: str = ""


Name = tuple[str, str, str]  # campaign's slug, customer, key


def expected_occasions(world: World) -> dict[tuple[str, str, str], datetime]:
    """Return the due instants of all that must be stored, by (campaign's slug, customer, key)."""
    return {key: told.due for key, told in expected(world).items()}


def expected(world: World) -> dict[Name, Told]:
    """Return what must be stored after the world's ticks, by (campaign's slug, customer, key)."""
    return lived(world)[0]


def lived(world: World) -> tuple[dict[Name, Told], dict[Name, Fate]]:
    """Return what must be stored after the world's ticks, and what must have become of each message."""
    stored: dict[Name, Told] = {}
    outbox = Outbox()
    last: datetime | None = None
    for now in world.ticks:
        # A clock set back does not make anything unknown again.
        latest = now if last is None else max(last, now)
        world = look_around(world, _known(world, latest), now)
        known = _known(world, latest)
        # What may be absorbed is asked when it is known what absorbs it.
        for plan in sorted(world.plans, key=lambda plan: (bool(plan.absorbed_by), -plan.priority, plan.key)):
            _plan(known, outbox, plan, stored, now, last)
        send(known, outbox, now)
        last = latest
    return stored, {
        (sending.plan.slug, sending.person.id, sending.moment.key): Fate(
            sending.state,
            sending.not_before if sending.state == "waiting" else None,
            sending.sent_on,
            sending.reason if sending.state == "skipped" else "",
        )
        for sending in outbox.sendings
    }


def _plan(
    known: World, outbox: Outbox, plan: Plan, stored: dict[Name, Told], now: datetime, last: datetime | None
) -> None:
    """Decide what is news of one plan; messages planned together do not see each other."""
    news: list[Sending] = []
    for person in known.people:
        for moment in moments(known, plan, person, now):
            name = (plan.slug, person.id, moment.key)
            channel, stopped_by = _channel(known, outbox, plan, person, now)
            fresh_until = deadline(known, plan, person, channel, moment)
            missed = last is not None and moment.due > last and fresh_until <= now
            if name not in stored and moment.due <= now and (fresh_until > now or missed):
                moment = lengthened(moment, fresh_until)
                arms = {told.decision for (slug, id_, _key), told in stored.items() if (slug, id_) == name[:2]}
                told = _decide(known, outbox, plan, person, moment, (channel, stopped_by), now, arms)
                stored[name] = told
                if told.decision == "due":
                    news.append(Sending(plan, person, moment, channel, told.slot))
    outbox.sendings += news


def _known(world: World, latest: datetime) -> World:
    """Return the world as far as the shop has told of it; facts are known no sooner than their customer."""
    people = {person.id: person for person in world.people if person.known_from <= latest}

    def told[F: (Purchase, Reach, Happening, Word, Score)](facts: tuple[F, ...]) -> tuple[F, ...]:
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
        scores=told(world.scores),
    )


def _stored_at(world: World, known_from: datetime) -> datetime:
    return next(tick for tick in world.ticks if tick >= known_from)


def _decide(
    world: World,
    outbox: Outbox,
    plan: Plan,
    person: Person,
    moment: Moment,
    speaks: tuple[str, str],
    now: datetime,
    arms: set[str],
) -> Told:
    channel, stopped_by = speaks
    due, fresh = moment.due, moment.fresh_until
    if fresh <= now:
        return Told(due, due, "skipped", "missed", channel, fresh)
    if not channel:
        return Told(due, due, "skipped", stopped_by, "", fresh)
    reason, value, slot = obstacle(world, outbox, plan, person, channel, now) or ("", "", due)
    if reason and slot >= fresh:
        return Told(due, due, "skipped", reason, channel, fresh, value)
    owed = plan.purpose == "service" or plan.promised
    if not owed and _kept_out(world, person, now, arms):
        return Told(due, slot, "global", reason, channel, fresh, value)
    held_out = not owed and _drawn(f"campaign:{plan.key}", person) < plan.share
    return Told(due, slot, "held_out" if held_out else "due", reason, channel, fresh, value)


def _kept_out(world: World, person: Person, now: datetime, arms: set[str]) -> bool:
    """Return whether the global group keeps the person out; `arms` are the decisions of their earlier occasions."""
    begun = [(rank, share) for rank, (since, share) in enumerate(world.groups) if since <= now]
    if not begun or not begun[-1][1]:
        return False
    if "global" in arms or arms & {"due", "held_out"}:
        return "global" in arms
    rank, share = begun[-1]
    return _drawn(f"global:{rank}", person) < share


def _drawn(salt: str, person: Person) -> Decimal:
    digest = hashlib.sha256(f"{salt}|{person.id}".encode()).digest()
    return Decimal(int.from_bytes(digest[:8], "big")) / 2**64


def _channel(world: World, outbox: Outbox, plan: Plan, person: Person, now: datetime) -> tuple[str, str]:
    """Return the channel that speaks and '', or '' and the first obstacle that no channel passes."""
    swallowed = absorbed(outbox, plan, person, now)
    service = plan.purpose == "service"
    obstacles = {
        "email": [not person.email, not (person.email_consent or service), bool(person.email_suppressed), swallowed],
        "sms": [not person.phone, not (person.sms_consent or service), False, swallowed],
    }
    for channel in plan.channels:
        if not any(obstacles[channel]):
            return channel, ""
    for rank, name in enumerate(("no_address", "no_consent", "suppressed", "absorbed")):
        if all(any(obstacles[channel][: rank + 1]) for channel in plan.channels):
            return "", name
    raise AssertionError("nobody speaks, and nothing stops them")
