"""A small shop made from a seed, and its figures recomputed in plain Python, row by row, from the same definitions."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Final
from zoneinfo import ZoneInfo

from campaigns.models import Answer, Campaign, Customer, Event, Order
from tests import cast
from triggers.models import Occasion

PARIS: Final = ZoneInfo("Europe/Paris")
NOW: Final = datetime(2026, 5, 20, 12, tzinfo=UTC)
# Anchors from March to May: both windows cross the change of clocks of 29 March.
LAUNCH: Final = datetime(2026, 3, 9, 8, tzinfo=UTC)
DECISIONS: Final = ("due", "due", "due", "held_out", "held_out", "skipped")
STATUSES: Final = ("paid", "delivered", "pending", "cancelled", "refunded")


@dataclass
class World:
    """The rows as they were made."""

    campaign: Campaign
    occasions: dict[int, list[tuple[datetime, int, str]]] = field(default_factory=lambda: defaultdict(list))
    orders: dict[int, list[Order]] = field(default_factory=lambda: defaultdict(list))
    answers: dict[int, list[Answer]] = field(default_factory=lambda: defaultdict(list))
    events: dict[int, list[Event]] = field(default_factory=lambda: defaultdict(list))
    customers: dict[int, Customer] = field(default_factory=dict)

    def arms(self, now: datetime = NOW) -> dict[str, list[tuple[int, datetime]]]:
        """Return each arm's (customer, anchor) whose window is over: their first due or held-out occasion."""
        arms: dict[str, list[tuple[int, datetime]]] = {"due": [], "held_out": []}
        for customer, rows in self.occasions.items():
            assigned = sorted(row for row in rows if row[2] != "skipped")
            if assigned and after_days(assigned[0][0], self.campaign.attribution_days) <= now:
                arms[assigned[0][2]].append((customer, assigned[0][0]))
        return arms

    def bought(self, customer: int, since: datetime, until: datetime) -> list[int]:
        """Return the revenues of a customer's valid orders in [since, until)."""
        return [
            max(order.total - order.tax - order.shipping - order.refunded, 0)
            for order in self.orders[customer]
            if since <= order.placed_at < until and order.status not in ("pending", "cancelled") and not order.test
        ]


def after_days(instant: datetime, days: int) -> datetime:
    """Return the same wall-clock time of Paris `days` later."""
    local = instant.astimezone(PARIS)
    return datetime.combine(local.date() + timedelta(days=days), local.time(), PARIS).astimezone(UTC)


def build(seed: int, *, customers: int = 60, **campaign_fields: Any) -> World:
    """Store a random shop; about half of all orders, answers and events fall near their customer's anchors."""
    random = Random(seed)
    defaults: dict[str, Any] = {"holdout_share": "0.4", "launched_at": LAUNCH}
    world = World(campaign=cast.live_campaign(**defaults | campaign_fields))
    other = cast.live_campaign()
    for number in range(customers):
        row = Customer(
            external_id=f"c{number}",
            created_at=NOW,
            signed_up_at=LAUNCH + timedelta(days=random.randint(-60, 10)) if random.random() < 0.8 else None,
        )
        row.save()
        world.customers[row.pk] = row
        for key in range(random.choice((0, 1, 1, 1, 2, 3))):
            _occasion(world, random, row, other, key)
        _facts(world, random, row)
    return world


def _occasion(world: World, random: Random, row: Customer, other: Campaign, key: int) -> None:
    slot = LAUNCH + timedelta(seconds=random.randint(0, 70 * 86_400))
    decision = random.choice(DECISIONS)
    occasion = Occasion.objects.create(
        campaign=world.campaign if random.random() < 0.9 else other,
        customer=row,
        key=f"k:{key}",
        due_at=slot,
        fresh_until=slot,
        slot_at=slot,
        decision=decision,
        reason="no_consent" if decision == "skipped" else "",
        decided_at=slot,
    )
    if occasion.campaign_id == world.campaign.pk:
        world.occasions[row.pk].append((slot, occasion.pk, decision))


def _facts(world: World, random: Random, row: Customer) -> None:
    anchors = [slot for slot, _pk, _decision in world.occasions[row.pk]] or [LAUNCH]
    for number in range(random.randint(0, 6)):
        when = random.choice(anchors) + timedelta(seconds=random.randint(-40 * 86_400, 30 * 86_400))
        if random.random() < 0.15:  # exactly on an edge of a window
            when = random.choice((random.choice(anchors), after_days(random.choice(anchors), 14)))
        name = f"{row.external_id}-{number}"
        world.orders[row.pk].append(_order(random, row, name, when))
        if random.random() < 0.6:
            answer = Answer.objects.create(
                external_id=name,
                customer=row,
                survey=random.choice(("nps", "nps", "csat")),
                score=random.randint(0, 10),
                answered_at=when + timedelta(days=random.randint(-3, 3)),
                recorded_at=when,
            )
            world.answers[row.pk].append(answer)
        if random.random() < 0.5:
            event = Event.objects.create(
                external_id=name,
                customer=row,
                name=random.choice(("booking", "page_viewed")),
                occurred_at=when,
                recorded_at=when,
            )
            world.events[row.pk].append(event)
    valid = [order.placed_at for order in world.orders[row.pk] if order.status in ("paid", "delivered", "refunded")]
    row.first_order_at = min(valid, default=None)
    row.save()


def _order(random: Random, row: Customer, name: str, when: datetime) -> Order:
    total = random.randint(500, 20_000)
    return cast.order(
        row,
        name,
        when,
        total=total,
        tax=total // 6,
        shipping=random.choice((0, 490)),
        refunded=random.choice((0, 0, 0, total // 2)),
        status=random.choice(STATUSES),
    )
