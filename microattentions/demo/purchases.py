"""What the demo's customers did by themselves: orders, the steps before them, visits, answers; and what ads cost."""

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

from microattentions.demo.house import CURRENCY, PRODUCTS, ZONE
from microattentions.demo.people import Person

Item = dict[str, Any]
_ZONE: Final = ZoneInfo(ZONE)
_HIGHEST_SEASON: Final = 1.2
_TAX: Final = 6  # a sixth of the price with tax is a tax of 20 %


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The instants [since, until)."""

    since: datetime
    until: datetime

    def holds(self, instant: datetime) -> bool:
        """Tell whether the instant lies within."""
        return self.since <= instant < self.until


def money(minor: int) -> str:
    """Return minor units as the API writes them."""
    return str(Decimal(minor).scaleb(-2))


def order_times(person: Person, span: Span) -> Iterator[datetime]:
    """Yield when a person orders: often at once after signing up, then by chance at their own rate, by season."""
    chance = person.chance
    begin = max(span.since, person.signed_up_at)
    if span.holds(person.signed_up_at) and chance.random() < 0.85:
        yield person.signed_up_at + timedelta(minutes=chance.randrange(5, 600))
    peak = person.rate * _HIGHEST_SEASON
    at = begin + timedelta(days=chance.expovariate(peak))
    while at < span.until:
        if chance.random() < season((at - span.since).days) / _HIGHEST_SEASON:
            yield waking_hour(at, chance)
        at += timedelta(days=chance.expovariate(peak))


def season(day: int) -> float:
    """Return how much is bought on a day of the demo: a yearly wave of a fifth, from the demo's first day on."""
    return 1 + (_HIGHEST_SEASON - 1) * math.sin(2 * math.pi * day / 364)


def waking_hour(at: datetime, chance: random.Random) -> datetime:
    """Return an instant of the same civil day in Paris between 8 in the morning and 10 in the evening."""
    day = at.astimezone(_ZONE).replace(hour=8, minute=0, second=0, microsecond=0)
    return day + timedelta(minutes=chance.randrange(14 * 60))


def order(
    number: str, customer: str, placed_at: datetime, *, now: datetime, chance: random.Random, cancelled: float = 0.02
) -> Item:
    """Return an order of one to four articles, as the shop would tell it at `now`; a share of them was cancelled."""
    lines, total = [], 0
    for sku, name, _english, category, price in chance.sample(
        PRODUCTS, k=chance.choices((1, 2, 3, 4), (3, 4, 2, 1))[0]
    ):
        quantity = 2 if chance.random() < 0.2 else 1
        total += price * quantity
        line = {"sku": sku, "name": name, "category": category, "quantity": quantity, "unit_price": money(price)}
        lines.append(line)
    item: Item = {
        "type": "order",
        "id": number,
        "customer": customer,
        "placed_at": placed_at.isoformat(),
        "currency": CURRENCY,
        "channel": "shop" if chance.random() < 0.15 else "web",
        "lines": lines,
    }
    told = amounts(total) | progress(placed_at, now=now, chance=chance)
    return item | told | ({"status": "cancelled"} if chance.random() < cancelled else {})


def amounts(total: int) -> Item:
    """Return an order's total and the tax inside it, from a total in minor units."""
    return {"total": money(total), "tax": money(total // _TAX)}


def progress(placed_at: datetime, *, now: datetime, chance: random.Random) -> Item:
    """Return how far an order has come by `now`: shipped after a day or two, delivered some days later."""
    promised_at = placed_at + timedelta(days=5)
    shipped_at = placed_at + timedelta(hours=chance.randrange(6, 50))
    delivered_at = shipped_at + timedelta(hours=chance.randrange(20, 110))
    told: Item = {"promised_at": promised_at.isoformat(), "status": "paid", "updated_at": placed_at.isoformat()}
    if shipped_at <= now:
        told |= {"status": "shipped", "shipped_at": shipped_at.isoformat(), "updated_at": shipped_at.isoformat()}
    if delivered_at <= now:
        told |= {
            "status": "delivered",
            "delivered_at": delivered_at.isoformat(),
            "updated_at": delivered_at.isoformat(),
        }
    return told


def steps_before(order_item: Item, chance: random.Random) -> Iterator[Item]:
    """Yield the events that lead to an order: seen, into the cart, checkout, purchase."""
    placed_at = datetime.fromisoformat(order_item["placed_at"])
    sku = order_item["lines"][0]["sku"]
    for minutes, name in ((40, "view_item"), (15, "add_to_cart"), (4, "begin_checkout"), (0, "purchase")):
        at = placed_at - timedelta(minutes=minutes, seconds=chance.randrange(60))
        yield event(f"{order_item['id']}-{name}", order_item["customer"], name, at, sku)


def visits(person: Person, span: Span) -> Iterator[Item]:
    """Yield the events of visits that led to nothing: some reading, some carts left behind."""
    chance, at = person.chance, max(span.since, person.signed_up_at)
    pace = 150 + 0.8 / person.rate
    for visit in range(1000):
        at += timedelta(days=chance.expovariate(1 / pace))
        if at >= span.until:
            return
        sku = chance.choice(PRODUCTS)[0]
        names = chance.choice((("view_item",), ("view_item", "add_to_cart"), ("guide_read",), ("newsletter_joined",)))
        for step, name in enumerate(names):
            yield event(f"{person.id}-{visit}-{step}", person.id, name, at + timedelta(minutes=3 * step), sku)


def event(number: str, customer: str, name: str, at: datetime, sku: str) -> Item:
    """Return one event about one article."""
    return {
        "type": "event",
        "id": f"e-{number}",
        "customer": customer,
        "name": name,
        "occurred_at": at.isoformat(),
        "properties": {"sku": sku},
    }


def answer(number: str, customer: str, at: datetime, score: int) -> Item:
    """Return one answer to "would you recommend us?"."""
    return {
        "type": "answer",
        "id": f"a-{number}",
        "customer": customer,
        "survey": "nps",
        "score": score,
        "answered_at": at.replace(microsecond=0).isoformat(),
    }


def score(nps: float, chance: random.Random) -> int:
    """Return a score from customers whose NPS is `nps` points: a third of them passive."""
    promoters = (100 * 2 / 3 + nps) / 2
    draw = 100 * chance.random()
    if draw < promoters:
        return chance.choice((9, 9, 10))
    return chance.choice((7, 8)) if draw < promoters + 100 / 3 else chance.choice((3, 5, 6, 6))


def answers_after(order_item: Item, *, quiet: Span, now: datetime, chance: random.Random) -> Iterator[Item]:
    """Yield the answer that one order in five brings, except while a campaign of the demo asks by itself (`quiet`)."""
    if "delivered_at" not in order_item or chance.random() > 0.2:
        return
    at = datetime.fromisoformat(order_item["delivered_at"]) + timedelta(hours=chance.randrange(20, 200))
    if at < now and not quiet.holds(at):
        yield answer(order_item["id"], order_item["customer"], at, score(36, chance))


def weekly_spend(weeks: int, chance: random.Random) -> Iterator[tuple[int, str, int]]:
    """Yield (weeks since the first, acquisition channel, amount in minor units)."""
    for week in range(weeks):
        swing = 1 + 0.15 * math.sin(week / 8)
        for channel, amount in (("search", 32_000), ("social", 21_000), ("partners", 9_000)):
            yield week, channel, round(amount * swing * chance.uniform(0.85, 1.15))
