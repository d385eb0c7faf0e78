"""What the demo's campaigns did in the past: the planner's own queries, guards and draw, over weeks at once."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import batched
from typing import Any, Final

from django.db.models import F

from campaigns.models import Campaign, ChannelName, Link, PermittedHours, Shop
from microattentions.demo.purchases import Span
from triggers import holdout, local_time
from triggers.claimed import Claimed
from triggers.dispatch.compose import Composer, Draft
from triggers.guards import Setting, speaker, stops
from triggers.models import Attempt, Click, Decision, Delivery, GlobalHoldout, Occasion, Outcome, State
from triggers.occasions import Window, kind_of
from triggers.occasions.kind import launch_of
from triggers.opening import Opening

# The kinds' queries name every civil day of a window: longer ones would make too long a statement.
_WINDOW: Final = timedelta(days=28)
_BATCH: Final = 500
_CLICKED: Final = 0.16
_COLUMNS: Final = (
    *("customer_id", "key", "due_at", "fresh_until", "order_id", "zone", "known_since", "held_out"),
    *("globally", "email_key_", "phone_key_"),
)


@dataclass(slots=True)
class Diary:
    """Who was written to on which civil day of their own, over all campaigns."""

    spoken: set[tuple[int, date]]


@dataclass(frozen=True, slots=True)
class Decided:
    """An unsaved occasion, the recipient's civil day on which it speaks, and the key of the address spoken to."""

    occasion: Occasion
    day: date
    address_key: str


def decide(campaign: Campaign, span: Span, diary: Diary) -> list[Decided]:
    """Return the occasions of a launched campaign due within `span`, decided and unsaved, in the order they fell due.

    `diary` is asked for the daily cap and not changed.
    """
    shop = Shop.get()
    setting = Setting(campaign, Opening(shop, span.until, []))
    hours = {row.channel: row for row in PermittedHours.objects.all()}
    spoken = set(diary.spoken)
    decided = []
    for row in _reached(setting, span):
        occasion = Occasion(
            campaign=campaign,
            customer_id=row["customer_id"],
            key=row["key"],
            due_at=row["due_at"],
            fresh_until=row["fresh_until"],
            slot_at=row["due_at"],
            order_id=row["order_id"],
            decided_at=row["due_at"] + timedelta(seconds=30),
        )
        speaks = speaker(campaign.channels, row)
        if speaks not in ChannelName.values:
            occasion.decision, occasion.reason = Decision.SKIPPED, speaks
        else:
            occasion.channel = speaks
            _give_slot(occasion, row["zone"], hours.get(occasion.channel), spoken, shop)
        if occasion.decision == Decision.DUE and (row["globally"] or row["held_out"]):
            occasion.decision = Decision.GLOBAL if row["globally"] else Decision.HELD_OUT
        day = local_time.civil_day(occasion.slot_at, local_time.zone_of(row["zone"], shop))
        if occasion.decision == Decision.DUE:
            spoken.add((occasion.customer_id, day))
        decided.append(
            Decided(occasion, day, row["phone_key_" if occasion.channel == ChannelName.SMS else "email_key_"])
        )
    return decided


def contacts(decided: Sequence[Decided]) -> list[Occasion]:
    """Return each assigned customer's first occasion: the anchor of every report."""
    first: dict[int, Occasion] = {}
    for occasion in (each.occasion for each in decided):
        known = first.get(occasion.customer_id)
        if occasion.decision != Decision.SKIPPED and (known is None or occasion.slot_at < known.slot_at):
            first[occasion.customer_id] = occasion
    return list(first.values())


def store(campaign: Campaign, decided: Sequence[Decided], diary: Diary, chance: random.Random) -> None:
    """Store the occasions, a delivery and an attempt for each due one, and some clicks."""
    Occasion.objects.bulk_create((each.occasion for each in decided), batch_size=_BATCH)
    due = [each for each in decided if each.occasion.decision == Decision.DUE]
    diary.spoken.update((each.occasion.customer_id, each.day) for each in due)
    deliveries = Delivery.objects.bulk_create(
        (
            Delivery(
                occasion=each.occasion,
                campaign=campaign,
                customer_id=each.occasion.customer_id,
                channel=each.occasion.channel,
                state=State.DELIVERED if chance.random() < 0.98 else State.ACCEPTED,
                not_before=each.occasion.slot_at,
                permitted_at=each.occasion.slot_at,
                spoken_on=each.day,
                address_key=each.address_key,
                created_at=each.occasion.decided_at,
            )
            for each in due
        ),
        batch_size=_BATCH,
    )
    for some in batched(deliveries, _BATCH):
        _send(campaign, [delivery.pk for delivery in some], chance)


def _reached(setting: Setting, span: Span) -> Iterator[dict[str, Any]]:
    """Yield who reached the moment, once known to the shop, with what stopped each channel and the draw."""
    campaign = setting.campaign
    kind = kind_of(campaign)
    path = kind.customer_path
    draw = holdout.held_out_in_sql(holdout.salt_of(campaign), f"{path}external_id", holdout.share_of(campaign))
    globally = holdout.globally_held_in_sql(campaign, GlobalHoldout.at(launch_of(campaign)), path)
    stopped = stops(setting, path)
    after = span.since
    while after < span.until:
        until = min(after + _WINDOW, span.until)
        rows = (
            kind.occasions(campaign, Window(after, until))
            .annotate(zone=F(f"{path}timezone"), known_since=F(f"{path}created_at"), held_out=draw, **stopped)
            .annotate(globally=globally, email_key_=F(f"{path}email_key"), phone_key_=F(f"{path}phone_key"))
            .values(*_COLUMNS, *stopped)
            .order_by("due_at", "customer_id")
        )
        yield from (row for row in rows if row["known_since"] <= row["due_at"])
        after = until


def _give_slot(
    occasion: Occasion,
    zone_name: str,
    hours: PermittedHours | None,
    spoken: set[tuple[int, date]],
    shop: Shop,
) -> None:
    """Decide as the temporary guards do: wait for the permitted hours and for a day without a message, or skip."""
    zone = local_time.zone_of(zone_name, shop)
    slot = local_time.next_permitted(occasion.due_at, zone, hours)
    if slot != occasion.due_at:
        occasion.reason = "quiet_hours"
    while (occasion.customer_id, day := local_time.civil_day(slot, zone)) in spoken:
        slot, occasion.reason = local_time.next_permitted_day(day, zone, hours), "daily_cap"
    if slot >= occasion.fresh_until:
        occasion.decision = Decision.SKIPPED
    else:
        occasion.decision, occasion.slot_at = Decision.DUE, slot


def _send(campaign: Campaign, delivery_ids: Sequence[int], chance: random.Random) -> None:
    """Write the attempts of deliveries as the outbox would have kept them."""
    batch = Claimed.read(Delivery.objects.filter(pk__in=delivery_ids))
    drafts, misfits = Composer(batch, batch[0].not_before).compose(batch)
    if misfits:
        raise ValueError(f"{campaign.slug}: {len(misfits)} texts cannot be rendered ({misfits[0].reason})")
    Attempt.objects.bulk_create(_attempt(draft) for draft in drafts)
    links = list(Link.objects.filter(variant__gesture=campaign.gesture_id).order_by("pk"))
    Click.objects.bulk_create(
        Click(
            delivery_id=delivery.pk,
            link=chance.choice(links),
            clicked_at=delivery.not_before + timedelta(minutes=chance.randrange(2, 1500)),
        )
        for delivery in batch
        if links and chance.random() < _CLICKED
    )


def _attempt(draft: Draft) -> Attempt:
    message, sent_at = draft.message, draft.delivery.not_before
    return Attempt(
        id=message.attempt_id,
        delivery_id=draft.delivery.pk,
        outcome=Outcome.ACCEPTED,
        provider="outbox",
        language=draft.language,
        sender=f"{message.sender_name} <{message.sender}>" if message.sender_name else message.sender,
        recipient=message.recipient,
        subject=message.subject,
        text=message.text,
        html=message.html,
        business_at=sent_at,
        started_at=sent_at,
        finished_at=sent_at + timedelta(seconds=1),
    )
