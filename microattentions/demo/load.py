"""Loads the demo in one transaction: either all of it is there, or nothing."""

import random
from collections.abc import Callable, Sequence
from datetime import datetime, time, timedelta
from itertools import batched
from typing import Final
from zoneinfo import ZoneInfo

from django.db import connection, transaction

from analytics.report import measure_stale
from campaigns import bell
from campaigns.approval import content_hash
from campaigns.ingest.batch import ingest_batch
from campaigns.launch import end
from campaigns.models import Campaign, Product, Spend
from microattentions.demo import history, house, scenes
from microattentions.demo.effects import planted_items
from microattentions.demo.people import Person, people
from microattentions.demo.planted import PLANTED
from microattentions.demo.purchases import (
    Item,
    Span,
    answers_after,
    order,
    order_times,
    steps_before,
    visits,
    weekly_spend,
)
from triggers import global_group

CUSTOMERS: Final = 5_000
WEEKS: Final = 78
LIVE_WEEKS: Final = 5
SEED: Final = 21
# Told how far it is: what is being done, and the share of the whole that is done.
Progress = Callable[[str, float], None]

# The steps before an order, of so many orders: all of them would make half of the loading time.
_STEPS_TOLD: Final = 0.12


def load(now: datetime, *, customers: int = CUSTOMERS, seed: int = SEED, progress: Progress = lambda *_: None) -> None:
    """Fill an empty database with the demo as of `now` (aware).

    Everything is counted from the Monday of the present week: the same seed gives the same figures in any week.
    """
    chance = random.Random(seed)  # noqa: S311 - a repeatable demo, not a secret
    monday = _monday(now)
    span = Span(since=monday - timedelta(weeks=WEEKS), until=now)
    with bell.silence(), transaction.atomic():
        house.set_the_shop()
        _stock_and_spend(span, chance)
        crowd = list(people(customers, since=span.since, until=monday, seed=seed))
        survey = PLANTED["how-was-it"]
        quiet = Span(since=monday - survey.launched, until=monday - survey.ended + timedelta(days=15))
        items = _everyday_life(crowd, span, quiet)
        _post(items, progress, begin=0.05, share=0.65)
        campaigns = scenes.design()
        diary = history.Diary(set())
        for rank, slug in enumerate(PLANTED):
            progress(slug, 0.70 + 0.05 * rank)
            _finish(campaigns[slug], monday, now, diary, chance)
        global_group.draw(global_group.suggested_share(), by="demo", now=monday - timedelta(weeks=LIVE_WEEKS))
        for rank, campaign in enumerate(campaign for slug, campaign in campaigns.items() if slug not in PLANTED):
            progress(campaign.slug, 0.90 + 0.03 * rank)
            _run_until_now(campaign, monday, now, diary, chance)
    _analyse()
    # After the transaction: a report is measured from what is there, and the list of reports opens with its verdicts.
    progress("reports", 0.97)
    measure_stale(now)
    progress("", 1.0)


def _monday(now: datetime) -> datetime:
    local = now.astimezone(ZoneInfo(house.ZONE))
    return datetime.combine(local.date() - timedelta(days=local.weekday()), time(), local.tzinfo).astimezone(now.tzinfo)


def _stock_and_spend(span: Span, chance: random.Random) -> None:
    Product.objects.bulk_create(
        Product(
            sku=sku,
            names={"fr": french, "en": english},
            category=category,
            url=f"{house.SITE}/p/{sku.lower()}",
            stock=chance.randrange(5, 200),
        )
        for sku, french, english, category, _price in house.PRODUCTS
    )
    first = span.since.astimezone(ZoneInfo(house.ZONE)).date()
    Spend.objects.bulk_create(
        Spend(week=first + timedelta(weeks=week), channel=channel, amount=amount)
        for week, channel, amount in weekly_spend(WEEKS, chance)
    )


def _everyday_life(crowd: Sequence[Person], span: Span, quiet: Span) -> list[Item]:
    """Return what everybody did without any campaign, in the order in which it happened."""
    items: list[Item] = []
    for person in crowd:
        items.append(person.item)
        items += person.consents
        for nth, placed_at in enumerate(order_times(person, span), start=1):
            if placed_at >= span.until:
                continue
            bought = order(f"o-{person.id}-{nth}", person.id, placed_at, now=span.until, chance=person.chance)
            items.append(bought)
            if person.chance.random() < _STEPS_TOLD:
                items += steps_before(bought, person.chance)
            items += answers_after(bought, quiet=quiet, now=span.until, chance=person.chance)
        items += visits(person, span)
    # Stable: a customer and their consents, of one instant, stay in front of their first order.
    return sorted(items, key=happened_at)


def happened_at(item: Item) -> datetime:
    """Return the instant of an item."""
    instants = {"customer": "signed_up_at", "order": "placed_at", "event": "occurred_at", "answer": "answered_at"}
    return datetime.fromisoformat(item[instants.get(item["type"], "given_at")])


def _post(items: Sequence[Item], progress: Progress, *, begin: float = 0.0, share: float = 0.0) -> None:
    """Take the items in as if posted when they happened; raises ValueError where one is refused."""
    done = 0
    for batch in batched(items, 1000):
        progress("customers, orders and events", begin + share * done / len(items))
        for result in ingest_batch(batch, happened_at(batch[-1])):
            if result["result"] == "rejected":
                raise ValueError(f"the demo made an item that is refused: {result}")
        done += len(batch)


def _finish(campaign: Campaign, monday: datetime, now: datetime, diary: history.Diary, chance: random.Random) -> None:
    """Live through a finished campaign: launch it, plant its effect, keep what it did, end it."""
    planted = PLANTED[campaign.slug]
    span = Span(since=monday - planted.launched, until=monday - planted.ended)
    _launch(campaign, span.since)
    decided = history.decide(campaign, span, diary)
    items = planted_items(campaign, planted, history.contacts(decided), now=now, chance=chance)
    _post(sorted(items, key=happened_at), lambda *_: None)
    if planted.conversion and campaign.moment.kind != "birthday":
        # Extra orders reach moments of their own; the first contacts, on which reports rest, stay the same.
        decided = history.decide(campaign, span, diary)
    history.store(campaign, decided, diary, chance)
    end(campaign, by="demo", now=span.until)


def _run_until_now(
    campaign: Campaign, monday: datetime, now: datetime, diary: history.Diary, chance: random.Random
) -> None:
    """Launch a live campaign some weeks ago; what is still fresh is left to the real planner, minutes from now."""
    span = Span(since=monday - timedelta(weeks=LIVE_WEEKS), until=now - timedelta(hours=72))
    _launch(campaign, span.since)
    history.store(campaign, history.decide(campaign, span, diary), diary, chance)


def _launch(campaign: Campaign, at: datetime) -> None:
    """Set a campaign running as campaigns.launch would have at that time.

    Its own verbs render each new text in a process of its own first, as a stranger's text needs; that would make a
    quarter of the loading time, and a test asks them afterwards.
    """
    campaign.status, campaign.launched_at = Campaign.Status.LIVE, at
    campaign.approved_at, campaign.approved_by, campaign.approved_hash = at, "demo", content_hash(campaign)
    campaign.save()


def _analyse() -> None:
    """Let the database look at its new tables, or it plans its first queries as if they were empty."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
