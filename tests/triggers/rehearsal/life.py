"""Really living through a world whose facts the shop tells as they happen, and what came of it."""

import re
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

from campaigns import clock
from campaigns.ingest.consents import mirror_consents
from campaigns.ingest.totals import recount
from campaigns.models import Answer, Campaign, Consent, Customer, Event, Order, Suppression, Tier, TierReach
from tests import cast
from tests.triggers.oracle_facts import Purchase, World
from tests.triggers.world import ELSEWHERE, LATER, _campaign, _properties, _shop, _store, spoken
from triggers.dispatch import dispatch
from triggers.entries import note_entries
from triggers.models import Attempt, Delivery, GuardFinding, Occasion, SegmentEntry, SegmentLook
from triggers.planner import plan

ALWAYS = datetime(2000, 1, 1, tzinfo=UTC)
# How long before the first tick life and rehearsal begin, with a look at who stands in which segment.
BEFORE = timedelta(seconds=1)


def as_told(world: World) -> World:
    """Return the world with everybody known from the beginning, a clock that never goes back, and the first campaign
    launched before the first tick."""
    ticks = sorted(set(world.ticks))
    first, *others = world.plans
    return replace(
        world,
        ticks=tuple(ticks),
        people=tuple(replace(person, known_from=ALWAYS) for person in world.people),
        plans=(replace(first, launched=min(first.launched, ticks[0])), *others),
    )


def live(world: World) -> dict[str, Any]:
    """Look at the segments, plan and dispatch at each tick of the world, each fact stored when it happens; return what
    came of it."""
    _shop(world)
    for person in world.people:
        _store(replace(person, spoken_on=()))
    # Some worlds lie before the cast's own beginning.
    Consent.objects.update(given_at=ALWAYS, recorded_at=ALWAYS)
    Suppression.objects.update(created_at=ALWAYS)
    for told_of in world.plans:
        _campaign(world, told_of)
    for told_of in world.plans:
        Campaign.objects.get(slug=told_of.slug).absorbed_by.set(Campaign.objects.filter(slug__in=told_of.absorbed_by))
    since = world.ticks[0] - BEFORE
    _happen(world, None, since)
    note_entries(since)
    for now in world.ticks:
        _happen(world, since, now)
        since = now
        with clock.at(now):
            note_entries(now)
            plan(now)
            dispatch(now)
    told = outcome()
    told["messages"] = {
        (slug, customer, key): _message(subject, text, html)
        for slug, customer, key, subject, text, html in Attempt.objects.values_list(
            "delivery__campaign__slug",
            "delivery__customer__external_id",
            "delivery__occasion__key",
            "subject",
            "text",
            "html",
        )
    }
    return told


def forget() -> None:
    """Forget who entered what, and what was planned and sent, except by campaigns of another time."""
    for model in (Attempt, GuardFinding, SegmentEntry, SegmentLook):
        model.objects.all().delete()
    Delivery.objects.exclude(campaign__slug=ELSEWHERE).delete()
    Occasion.objects.exclude(campaign__slug=ELSEWHERE).delete()


def outcome() -> dict[str, Any]:
    """Return every occasion with its decision, delivery and findings, as planner and permit left them."""
    occasions = Occasion.objects.exclude(campaign__slug=ELSEWHERE)
    names = ("campaign__slug", "customer__external_id", "key")
    deliveries = Delivery.objects.exclude(campaign__slug=ELSEWHERE)
    own = ("campaign__slug", "customer__external_id", "occasion__key")
    findings = GuardFinding.objects.order_by("pk")
    return {
        "occasions": {
            row[:3]: row[3:]
            for row in occasions.values_list(
                *names,
                "due_at",
                "fresh_until",
                "slot_at",
                "decision",
                "reason",
                "channel",
                "decided_at",
                "value",
                "next_at",
            )
        },
        "deliveries": {
            row[:3]: row[3:]
            for row in deliveries.values_list(
                *own, "step", "channel", "state", "reason", "not_before", "spoken_on", "permitted_at", "address_key"
            )
        },
        "findings": sorted(
            findings.values_list(*(f"occasion__{name}" for name in names), "guard", "value", "found_at", "next_at"),
            key=str,
        ),
    }


def message(draft: Any) -> tuple[str, ...]:
    """Return the words of a draft, comparable with those of another delivery's."""
    return _message(draft.message.subject, draft.message.text, draft.message.html)


def _message(*words: str) -> tuple[str, ...]:
    # A link holds the delivery's own number.
    return tuple(re.sub(r"/([cus])/[\w-]+", r"/\1/…", text) for text in words)


def _happen(world: World, since: datetime | None, now: datetime) -> None:
    def new(instant: datetime | None) -> bool:
        return instant is not None and instant <= now and (since is None or instant > since)

    people = {row.external_id: row for row in Customer.objects.all()}
    for person in world.people:
        for rank, day in enumerate(person.spoken_on):
            noon = datetime.combine(day, time(12), UTC)
            if new(noon):
                delivery = spoken(people[person.id], day, rank)
                Delivery.objects.filter(pk=delivery.pk).update(permitted_at=noon)
    for purchase in world.purchases:
        _tell(people[purchase.person], purchase, now, new)
    for reach in world.reaches:
        if new(reach.at):
            tier = Tier.objects.get(slug=reach.tier)
            TierReach.objects.create(
                customer=people[reach.person], tier=tier, reached_at=reach.at, highest=reach.highest, year=reach.year
            )
    recount([row.pk for row in people.values()], now)
    Event.objects.bulk_create(
        Event(
            external_id=event.id,
            customer=people[event.person],
            name=event.name,
            occurred_at=event.at,
            properties=_properties(event),
            recorded_at=now,
        )
        for event in world.happenings
        if new(event.at)
    )
    Consent.objects.bulk_create(
        Consent(
            customer=people[word.person],
            channel=word.channel,
            granted=word.granted,
            source=LATER,
            given_at=word.at,
            recorded_at=now,
        )
        for word in world.words
        if new(word.at)
    )
    Answer.objects.bulk_create(
        Answer(
            external_id=f"a-{score.person}-{score.at}-{score.score}",
            customer=people[score.person],
            score=score.score,
            answered_at=score.at,
            recorded_at=now,
        )
        for score in world.scores
        if new(score.at)
    )
    mirror_consents([row.pk for row in people.values()])


def _tell(buyer: Customer, purchase: Purchase, now: datetime, new: Any) -> None:
    """Post an order when it is placed, delivered, sent back and cancelled, each time as it stands."""
    dates = (purchase.placed, purchase.delivered, purchase.returning, purchase.cancelled)
    moves = [at for at in dates if at is not None]
    if purchase.placed > now or not any(new(max(at, purchase.placed)) for at in moves):
        return
    delivered = purchase.delivered if purchase.delivered and purchase.delivered <= now else None
    last = purchase.returning if purchase.counts else purchase.cancelled
    ended = last if last is not None and last <= now else None
    if not purchase.counts and purchase.cancelled is None:
        status = "pending"
    elif ended:
        status = "returning" if purchase.counts else "cancelled"
    else:
        status = "delivered" if delivered else "paid"
    fields = {
        "promised_at": purchase.promised,
        "delivered_at": delivered,
        "status": status,
        "updated_at": ended or max(purchase.placed, delivered or purchase.placed),
    }
    known = Order.objects.filter(external_id=purchase.id)
    if not known.update(**fields):
        cast.order(buyer, purchase.id, purchase.placed, **fields)
