"""Living through an oracle's world with the real planner: each fact is stored when it becomes known."""

import uuid
from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import Any, Final

from campaigns.ingest.totals import recount
from campaigns.models import (
    Answer,
    BlackoutDay,
    Campaign,
    ChannelCap,
    Consent,
    Customer,
    Event,
    Order,
    PermittedHours,
    Shop,
    Suppression,
    Tier,
)
from tests import cast
from tests.triggers.oracle import Fate, Told
from tests.triggers.oracle_facts import Happening, Person, Plan, Purchase, Reach, Score, Word, World
from triggers.channels import Message
from triggers.claimed import Claimed
from triggers.dispatch.claim import claim
from triggers.dispatch.compose import Draft
from triggers.dispatch.permit import permit
from triggers.entries import note_entries
from triggers.models import Delivery, GlobalHoldout, Occasion, State
from triggers.planner import plan

ELSEWHERE: Final = "elsewhere"
WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LATER: Final = "later"


def live_through(world: World) -> tuple[World, dict[tuple[str, str, str], Told]]:
    """Run the planner at each tick; return the world with its campaigns' keys, and what was stored."""
    _shop(world)
    world = replace(world, plans=tuple(_campaign(world, plan) for plan in world.plans))
    for plan_ in world.plans:
        Campaign.objects.get(slug=plan_.slug).absorbed_by.set(Campaign.objects.filter(slug__in=plan_.absorbed_by))
    since: datetime | None = None
    latest: datetime | None = None
    for now in world.ticks:
        latest = now if latest is None else max(latest, now)
        _learn(world, since, latest)
        since = latest
        note_entries(now)
        plan(now)
        send(now)
    return _with_keys(world), stored()


def _draft(delivery: Claimed) -> Draft:
    words = Message(attempt_id=uuid.uuid4(), recipient=delivery.address, sender="us@maison-the.test", text="…")
    return Draft(delivery, words, "fr")


def send(now: datetime, size: int = 500) -> None:
    """Take what is due through claim and permit; each provider accepts everything."""
    while batch := claim(now, channels=("email", "sms"), size=size):
        drafts = [_draft(one) for one in batch]
        sent = [draft.delivery.pk for draft in permit(drafts, [], now)]
        Delivery.objects.filter(pk__in=sent).update(state=State.ACCEPTED, claim=None, lease_until=None)


def _with_keys(world: World) -> World:
    """Return the world with the database ids that keys are made of."""
    rows = Consent.objects.filter(source=LATER).values_list(
        "customer__external_id", "channel", "granted", "given_at", "pk"
    )
    keys = {tuple(row[:4]): row[4] for row in rows}
    words = (replace(word, key=keys.get((word.person, word.channel, word.granted, word.at), 0)) for word in world.words)
    ids = dict(Customer.objects.values_list("external_id", "pk"))
    people = (replace(person, key=ids.get(person.id, 0)) for person in world.people)
    return replace(world, words=tuple(words), people=tuple(people))


def stored() -> dict[tuple[str, str, str], Told]:
    """Return what is stored, by (campaign's slug, customer, key); each due occasion has its one delivery."""
    rows = Occasion.objects.exclude(campaign__slug=ELSEWHERE).select_related("campaign", "customer")
    due = rows.filter(decision="due").values_list("pk", "channel")
    deliveries = Delivery.objects.exclude(campaign__slug=ELSEWHERE)
    assert sorted(due) == sorted(deliveries.values_list("occasion_id", "channel"))
    return {
        (row.campaign.slug, row.customer.external_id, row.key): Told(
            row.due_at, row.slot_at, row.decision, row.reason, row.channel, row.fresh_until, row.value
        )
        for row in rows
    }


def fates() -> dict[tuple[str, str, str], Fate]:
    """Return what became of each message, by (campaign's slug, customer, key)."""
    rows = Delivery.objects.exclude(campaign__slug=ELSEWHERE).select_related("campaign", "customer", "occasion")
    states = {State.ACCEPTED: "sent", State.PLANNED: "waiting", State.SKIPPED: "skipped"}
    return {
        (row.campaign.slug, row.customer.external_id, row.occasion.key): Fate(
            states[State(row.state)],
            row.not_before if row.state == State.PLANNED else None,
            row.spoken_on,
            row.reason if row.state == State.SKIPPED else "",
        )
        for row in rows
    }


def _shop(world: World) -> None:
    shop = cast.shop(
        timezone=world.shop_zone,
        leap_day=Shop.LeapDay("{:02}-{:02}".format(*world.leap_day)),
        birth_date_lock_days=world.lock_days,
        country=world.shop_country,
        daily_cap=world.daily_cap,
        weekly_cap=world.caps[0],
        monthly_cap=world.caps[1],
        commercial_cap=world.caps[2],
        survey_rest_days=world.survey_days,
    )
    for channel, opens, closes, weekdays, holidays in world.quiet:
        PermittedHours.objects.create(
            shop=shop, channel=channel, opens=opens, closes=closes, weekdays=weekdays, closed_on_holidays=holidays
        )
    for channel, daily, weekly, monthly, commercial in world.channel_caps:
        ChannelCap.objects.create(
            shop=shop, channel=channel, daily=daily, weekly=weekly, monthly=monthly, commercial=commercial
        )
    BlackoutDay.objects.bulk_create(BlackoutDay(shop=shop, day=day) for day in world.blackout)
    for rank, (since, share) in enumerate(world.groups):
        GlobalHoldout.objects.create(epoch=str(rank), share=share, since=since)
    for slug in sorted({reach.tier for reach in world.reaches}):
        cast.tier(slug)


def _campaign(world: World, plan: Plan) -> Plan:
    rules: dict[str, dict[str, Any]] = {
        "birthday": {"offset_days": plan.offset_days, "send_hour": plan.send_hour},
        "tier": {"tiers": list(plan.tiers), "after": plan.of or "reached", "delay_hours": plan.hours},
        "post_purchase": {"anchor": plan.of, "delay_hours": plan.hours},
        "welcome": {"begins": plan.of, "delay_hours": plan.hours},
        "waiting": {"awaits": plan.of, "delay_days": 0, "delay_hours": plan.hours},
        "silence": {"lacking": plan.of, "days": plan.days},
        "departure": {"leaves": plan.of},
        "anniversary": {
            "begins": plan.of,
            "every_year": 12 in plan.marks,
            "months": [mark for mark in plan.marks if mark != 12],
            "send_hour": plan.send_hour,
        },
        "calendar": {"day": str(plan.day), "every_year": plan.of == "every_year", "send_hour": plan.send_hour},
        "event": _event_rule(plan),
        "segment": {"audience": {"history": "orders", "is": "at_least", "value": 1, "last_days": 2}},
        "surprise": {
            "share_percent": plan.share_percent,
            "every_days": plan.every_days,
            "days": [WEEKDAYS[number] for number in plan.weekdays],
            "from_hour": plan.hours_of_day[0],
            "until_hour": plan.hours_of_day[1],
        },
    }
    campaign = cast.live_campaign(
        plan.kind,
        rules[plan.kind],
        slug=plan.slug,
        launched_at=plan.launched,
        channels=plan.channels,
        holdout_share=str(plan.share),
        gesture_fields={"purpose": plan.purpose},
        priority=plan.priority,
        even_in_trouble=plan.even_in_trouble,
        promised=plan.promised,
    )
    if plan.survey:
        campaign.gesture.variants.update(body="{{ survey_url }}")
    return replace(plan, key=campaign.pk)


def _event_rule(plan: Plan) -> dict[str, Any]:
    page = [{"field": "properties.page", "is": "is", "value": plan.page}] if plan.page else []
    counted = {"times": plan.times, "within_days": plan.days} if plan.times else {}
    return {"event": plan.of, "where": page, "delay_hours": plan.hours, "unless": plan.unless} | counted


def _learn(world: World, since: datetime | None, now: datetime) -> None:
    def new(known_from: datetime) -> bool:
        return known_from <= now and (since is None or known_from > since)

    for person in world.people:
        if new(person.known_from):
            _store(person)
    people = {row.external_id: row for row in Customer.objects.all()}
    known_from = {person.id: person.known_from for person in world.people}

    def told[F: (Purchase, Reach, Happening, Word, Score)](facts: tuple[F, ...]) -> list[F]:
        return [fact for fact in facts if new(max(fact.known_from, known_from[fact.person]))]

    for purchase in told(world.purchases):
        _buy(people[purchase.person], purchase)
    recount([row.pk for row in people.values()], now)
    for reach in told(world.reaches):
        cast.reach(
            people[reach.person],
            Tier.objects.get(slug=reach.tier),
            reach.at,
            highest=reach.highest,
            year=reach.year,
            brought_by=Order.objects.filter(external_id=reach.order).first(),
        )
    Event.objects.bulk_create(
        Event(
            external_id=event.id,
            customer=people[event.person],
            name=event.name,
            occurred_at=event.at,
            properties=_properties(event),
            recorded_at=now,
        )
        for event in told(world.happenings)
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
        for word in told(world.words)
    )

    Answer.objects.bulk_create(
        Answer(
            external_id=f"a-{score.person}-{score.at}-{score.score}",
            customer=people[score.person],
            score=score.score,
            answered_at=score.at,
            recorded_at=now,
        )
        for score in told(world.scores)
    )


def _properties(event: Happening) -> dict[str, Any]:
    given = {
        "ticket": event.ticket,
        "page": event.page,
        "channel": event.channel,
        "purpose": event.purpose,
        "survey": event.survey,
    }
    return {name: value for name, value in given.items() if value}


def _buy(buyer: Customer, purchase: Purchase) -> None:
    status = "returning" if purchase.returning else "delivered" if purchase.delivered else "paid"
    cast.order(
        buyer,
        purchase.id,
        purchase.placed,
        promised_at=purchase.promised,
        delivered_at=purchase.delivered,
        status=status if purchase.counts else "cancelled" if purchase.cancelled else "pending",
        updated_at=purchase.returning or purchase.cancelled or purchase.placed,
    )


def _store(person: Person) -> None:
    customer = cast.customer(
        person.id,
        email=f"{person.id}@maison-the.test" if person.email else "",
        phone=f"+3363998{sum(map(ord, person.id)):04}" if person.phone else "",
        country=person.country,
        timezone=person.zone,
        birth_day=person.born and person.born[0] * 100 + person.born[1],
        birth_date_changed_on=person.birth_date_changed_on,
        email_marketing=person.email_consent,
        sms_marketing=person.sms_consent,
        signed_up_at=person.signed_up,
    )
    # The cast agreed in 2020, which some worlds have not reached yet.
    Consent.objects.filter(customer=customer).update(given_at=datetime(2000, 1, 1, tzinfo=UTC))
    if person.email_suppressed and person.email:
        Suppression.objects.create(
            channel="email", address_key=customer.email_key, reason=person.email_suppressed, created_at=cast.LONG_AGO
        )
    for rank, day in enumerate(person.spoken_on):
        spoken(customer, day, rank)


def spoken(customer: Customer, day: date, rank: int = 0) -> Delivery:
    """A message that a campaign of another time wrote to the customer on a civil day of theirs."""
    other = Campaign.objects.filter(slug=ELSEWHERE).first()
    if other is None:
        other = cast.live_campaign(slug=ELSEWHERE, status=Campaign.Status.ENDED)
    noon = datetime.combine(day, time(12), UTC)
    occasion = Occasion.objects.create(
        campaign=other,
        customer=customer,
        key=f"before:{day}:{rank}",
        due_at=noon,
        fresh_until=noon,
        slot_at=noon,
        channel="email",
        decision="due",
        decided_at=noon,
    )
    return Delivery.objects.create(
        occasion=occasion,
        campaign=other,
        customer=customer,
        channel="email",
        state=State.ACCEPTED,
        not_before=noon,
        spoken_on=day,
        created_at=noon,
    )
