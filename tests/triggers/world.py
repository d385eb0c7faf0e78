"""Living through an oracle's world with the real planner: each fact is stored when it becomes known."""

from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import Any, Final

from campaigns.models import Campaign, Customer, PermittedHours, Shop, Suppression, Tier
from tests import cast
from tests.triggers.oracle import Person, Plan, Told, World
from triggers.models import Delivery, Occasion, State
from triggers.planner import plan

ELSEWHERE: Final = "elsewhere"


def live_through(world: World) -> tuple[World, dict[tuple[str, str, str], Told]]:
    """Run the planner at each tick; return the world with its campaigns' keys, and what was stored."""
    _shop(world)
    world = replace(world, plans=tuple(_campaign(world, plan) for plan in world.plans))
    since: datetime | None = None
    latest: datetime | None = None
    for now in world.ticks:
        latest = now if latest is None else max(latest, now)
        _learn(world, since, latest)
        since = latest
        plan(now)
    return world, stored()


def stored() -> dict[tuple[str, str, str], Told]:
    """Return what is stored, by (campaign's slug, customer, key); each due occasion has its one delivery."""
    rows = Occasion.objects.exclude(campaign__slug=ELSEWHERE).select_related("campaign", "customer")
    due = rows.filter(decision="due").values_list("pk", "channel", "slot_at")
    deliveries = Delivery.objects.exclude(campaign__slug=ELSEWHERE)
    assert sorted(due) == sorted(deliveries.values_list("occasion_id", "channel", "not_before"))
    return {
        (row.campaign.slug, row.customer.external_id, row.key): Told(
            row.due_at, row.slot_at, row.decision, row.reason, row.channel
        )
        for row in rows
    }


def _shop(world: World) -> None:
    shop = cast.shop(
        timezone=world.shop_zone,
        leap_day=Shop.LeapDay("{:02}-{:02}".format(*world.leap_day)),
        birth_date_lock_days=world.lock_days,
        daily_cap=world.daily_cap,
    )
    for channel, opens, closes, weekdays in world.quiet:
        PermittedHours.objects.create(shop=shop, channel=channel, opens=opens, closes=closes, weekdays=weekdays)
    for slug in sorted({reach.tier for reach in world.reaches}):
        cast.tier(slug)


def _campaign(world: World, plan: Plan) -> Plan:
    rules: dict[str, tuple[str, dict[str, Any]]] = {
        "birthday": ("birthday", {"offset_days": plan.offset_days, "send_hour": plan.send_hour}),
        "tier": ("tier", {"tiers": list(plan.tiers), "delay_hours": plan.hours}),
        "placed": ("post_purchase", {"anchor": "placed", "delay_hours": plan.hours}),
        "delivered": ("post_purchase", {"anchor": "delivered", "delay_hours": plan.hours}),
    }
    kind, rule = rules[plan.kind]
    campaign = cast.live_campaign(
        kind,
        rule,
        slug=plan.slug,
        launched_at=plan.launched,
        channels=plan.channels,
        holdout_share=str(plan.share),
    )
    return replace(plan, key=campaign.pk)


def _learn(world: World, since: datetime | None, now: datetime) -> None:
    def new(known_from: datetime) -> bool:
        return known_from <= now and (since is None or known_from > since)

    for person in world.people:
        if new(person.known_from):
            _store(person)
    people = dict(Customer.objects.values_list("external_id", "pk"))
    for purchase in world.purchases:
        buyer = next(person for person in world.people if person.id == purchase.person)
        if new(max(purchase.known_from, buyer.known_from)):
            cast.order(
                Customer.objects.get(pk=people[purchase.person]),
                purchase.id,
                purchase.placed,
                delivered_at=purchase.delivered,
                status="paid" if purchase.counts else "cancelled",
            )
    for reach in world.reaches:
        who = next(person for person in world.people if person.id == reach.person)
        if new(max(reach.known_from, who.known_from)):
            tier = Tier.objects.get(slug=reach.tier)
            cast.reach(Customer.objects.get(pk=people[reach.person]), tier, reach.at, highest=reach.highest)


def _store(person: Person) -> None:
    customer = cast.customer(
        person.id,
        email=f"{person.id}@maison-the.test" if person.email else "",
        phone=f"+3363998{len(person.id):04}" if person.phone else "",
        timezone=person.zone,
        birth_day=person.born and person.born[0] * 100 + person.born[1],
        birth_date_changed_on=person.birth_date_changed_on,
        email_marketing=person.email_consent,
        sms_marketing=person.sms_consent,
    )
    if person.email_suppressed and person.email:
        Suppression.objects.create(
            channel="email", address_key=customer.email_key, reason="bounced", created_at=cast.LONG_AGO
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
