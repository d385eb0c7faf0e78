"""The whole way against simulated campaigns: facts in the database, the product's own draw, the report's verdict."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import numpy as np

from analytics.kernel.planning import POWER, detectable_lift
from analytics.measure import measure
from campaigns.models import Answer, Campaign, Customer, Order
from tests import cast
from tests.analytics.calibration.rows import Row
from triggers.holdout import held_out, salt_of
from triggers.models import Occasion

type Generator = np.random.Generator

LAUNCH: Final = datetime(2026, 1, 5, 8, tzinfo=UTC)
# Anchors lie in the first ten weeks, each acts for two: the planned day is the twelfth look.
WEEKS: Final = 10
LOOKS: Final = 12
# Refunds are in, every window is over.
LATER: Final = LAUNCH + timedelta(days=200)
COVERS: Final = {"least": 0.93, "most": 0.97}
FALSE: Final = {"most": 0.065}
WORKS: Final = frozenset({"works", "works_well", "works_little"})
# A shop sells twice as much in its best month as in its worst.
SEASON: Final = 1 / 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """Contacts of a campaign, the share held out, and what they do: buy with probability `rate`, lognormal amounts."""

    contacts: int = 1600
    held_out: str = "0.5"
    rate: float = 0.12
    lift: float = 0.0
    answers: float = 0.25


def rows(part: str, runs: int, seed: int, *, every: int = 1) -> Iterator[Row]:
    """Yield the rows of one of PARTS, of `runs` campaigns; a report is looked at every so many weeks."""
    cast.shop()
    # A seed a part: they may be run side by side.
    yield from PARTS[part](np.random.default_rng(seed + list(PARTS).index(part)), runs, every)


def without_effect(random: Generator, runs: int, every: int) -> Iterator[Row]:
    """Yield coverage at the end, and false verdicts within twelve weekly looks, of campaigns that do nothing."""
    shop = Shop()
    name = f"{shop.contacts:,} contacts, half held out, 12 % buy, no effect"
    people = customers(shop.contacts)
    found: Counter[str] = Counter()
    held: Counter[str] = Counter()
    asked: Counter[str] = Counter()
    for run in range(runs):
        row = campaign(shop, run)
        fill(random, row, shop, people)
        codes = {
            measure(row, LAUNCH + timedelta(days=7 * look))["verdict"]["code"]
            for look in range(every, LOOKS + 1, every)
        }
        found["wrong"] += bool(codes & (WORKS | {"harms"}))
        end(row)
        figures = measure(row, LATER)
        found["suspended"] += figures["gates"][0]["state"] == "failed"
        for metric in ("conversion", "revenue", "basket", "nps"):
            result = figures["metrics"][metric]["holdout"]
            if "diff_ci" in result:
                asked[metric] += 1
                held[metric] += result["diff_ci"][0] <= 0 <= result["diff_ci"][1]
        clear(row)
    for metric in asked:
        yield Row(setting=name, figure=f"{metric}: range holds 0", times=held[metric], runs=asked[metric], **COVERS)
    yield Row(setting=name, figure="false verdict within 12 weekly looks", times=found["wrong"], runs=runs, **FALSE)
    yield Row(setting=name, figure="a fair draw called broken", times=found["suspended"], runs=runs, most=0.01)


def with_effect(random: Generator, runs: int, _every: int) -> Iterator[Row]:
    """Yield how often campaigns with the effect that the planner calls detectable get the right verdict."""
    shop = Shop()
    lift = detectable_lift(shop.rate, contacts=shop.contacts, control_share=float(shop.held_out))
    assert lift is not None
    shop = Shop(lift=lift)
    people = customers(shop.contacts)
    right = wrong = covered = asked = 0
    for run in range(runs):
        row = campaign(shop, run)
        fill(random, row, shop, people)
        end(row)
        figures = measure(row, LATER)
        right += figures["verdict"]["code"] in WORKS
        wrong += figures["verdict"]["code"] == "harms"
        # One draw in a thousand looks broken by chance, and its report shows no difference.
        if "diff_ci" in figures["metrics"]["conversion"]["holdout"]:
            asked += 1
            low, high = figures["metrics"]["conversion"]["holdout"]["diff_ci"]
            covered += low <= shop.rate * shop.lift <= high
        clear(row)
    name = f"the same, {lift:+.0%} planted: what the planner calls detectable in four of five"
    yield Row(setting=name, figure="conversion: range holds the truth", times=covered, runs=asked, **COVERS)
    yield Row(setting=name, figure="verdict: works", times=right, runs=runs, least=POWER - 0.03)
    yield Row(setting=name, figure="verdict: harms", times=wrong, runs=runs, most=0.001)


def seasonal(random: Generator, runs: int, _every: int) -> Iterator[Row]:
    """Yield what is said of campaigns that do nothing, launched after a shop's worst month, nobody held out."""
    people = customers(400)
    shop = Shop(contacts=len(people), held_out="0")
    claimed = rises = adjusted = asked = 0
    for run in range(runs):
        row = campaign(shop, run, before_after_days=28)
        fill(random, row, shop, people, orders=False)
        Order.objects.bulk_create(two_years(random, people))
        end(row)
        figures = measure(row, LATER)
        claimed += figures["verdict"]["code"] in WORKS
        metrics = figures["metrics"]["conversion"]
        rises += metrics["plain"].get("diff_ci", [0])[0] > 0
        if "rel_ci" in metrics["season"]:
            asked += 1
            adjusted += metrics["season"]["rel_ci"][0] <= 0 <= metrics["season"]["rel_ci"][1]
        clear(row)
    name = "seasonal shop, no effect, no control group, launched after the worst month"
    yield Row(setting=name, figure="called “works”", times=claimed, runs=runs, most=0.0)
    yield Row(setting=name, figure="(plain before/after alone would say “rose”)", times=rises, runs=runs)
    yield Row(setting=name, figure="season taken out: range holds 0", times=adjusted, runs=asked, **COVERS)


PARTS: Final[dict[str, Callable[[Generator, int, int], Iterator[Row]]]] = {
    "no-effect": without_effect,
    "effect": with_effect,
    "season": seasonal,
}


def customers(count: int) -> list[Customer]:
    """Return so many customers, the same at each call."""
    known = Customer.objects.count()
    Customer.objects.bulk_create(
        Customer(external_id=f"c{number}", created_at=cast.LONG_AGO, signed_up_at=cast.LONG_AGO)
        for number in range(known, count)
    )
    return list(Customer.objects.order_by("pk")[:count])


def campaign(shop: Shop, run: int, **fields: Any) -> Campaign:
    """Return a running birthday campaign."""
    values: dict[str, Any] = {
        "slug": f"run-{shop.held_out}-{shop.lift:.3f}-{run}",
        "holdout_share": shop.held_out,
        "launched_at": LAUNCH,
        "before_after_days": WEEKS * 7,
        "unit_costs": {"email": 5},
    }
    return cast.live_campaign(**values | fields)


def end(row: Campaign) -> None:
    """End the campaign when its last anchor has come."""
    row.status, row.ended_at = Campaign.Status.ENDED, LAUNCH + timedelta(weeks=WEEKS)
    row.save()


def fill(random: Generator, row: Campaign, shop: Shop, people: list[Customer], *, orders: bool = True) -> None:
    """Store an occasion a customer, drawn as the planner draws, and what each then did."""
    slots = random.uniform(0, WEEKS * 7 * 86_400, len(people))
    salt, share = salt_of(row), row.holdout_share
    occasions, bought, answers = [], [], []
    chance, back, again, asked = random.random((4, len(people)))
    scores = random.choice(11, len(people), p=[0.02] * 5 + [0.02, 0.04, 0.1, 0.18, 0.24, 0.32])
    amounts = np.round(5000 * random.lognormal(0, 0.7, (3, len(people)))).astype(int)
    for number, who in enumerate(people):
        anchor = LAUNCH + timedelta(seconds=float(slots[number]))
        control = held_out(salt, who.external_id, share)
        occasions.append(
            Occasion(
                campaign=row,
                customer=who,
                key="birthday:2026",
                due_at=anchor,
                fresh_until=anchor,
                slot_at=anchor,
                channel="email",
                decision="held_out" if control else "due",
                decided_at=anchor,
            )
        )
        name = f"{row.slug}-{number}"
        if orders and chance[number] < shop.rate * (1 if control else 1 + shop.lift):
            bought.append(order(who, f"{name}-a", anchor + timedelta(days=13.9 * chance[number]), amounts[0, number]))
            if again[number] < 0.15:
                bought.append(order(who, f"{name}-b", anchor + timedelta(days=13.9), amounts[1, number]))
        if orders and back[number] < 0.3:
            bought.append(order(who, f"{name}-c", anchor - timedelta(days=60 * back[number] + 1), amounts[2, number]))
        if asked[number] < shop.answers:
            when = anchor + timedelta(days=3)
            answers.append(
                Answer(external_id=name, customer=who, score=scores[number], answered_at=when, recorded_at=when)
            )
    Occasion.objects.bulk_create(occasions)
    Order.objects.bulk_create(bought)
    Answer.objects.bulk_create(answers)


def two_years(random: Generator, people: list[Customer]) -> list[Order]:
    """Return orders over two years whose season is lowest in the four weeks before the launch."""
    since = LAUNCH - timedelta(days=364 + 60)
    days = np.arange(0, 364 + 60 + 60)
    wave = 1 - SEASON * np.cos(2 * np.pi * (days - 60 + 14) / 364)
    counts = random.poisson(len(people) * 0.006 * wave)
    orders = []
    for day, count in zip(days, counts, strict=True):
        buyers = random.integers(0, len(people), count)
        orders += [
            order(people[who], f"d{day}-{place}", since + timedelta(days=int(day), hours=9), 5000)
            for place, who in enumerate(buyers)
        ]
    return orders


def order(who: Customer, name: str, placed_at: datetime, total: int) -> Order:
    """Return an order of `total` minor units."""
    return Order(
        external_id=name,
        customer=who,
        placed_at=placed_at,
        total=int(total),
        updated_at=placed_at,
        created_at=placed_at,
    )


def clear(row: Campaign) -> None:
    """Forget the campaign and what its customers did."""
    Occasion.objects.all()._raw_delete("default")
    Order.objects.all()._raw_delete("default")
    Answer.objects.all()._raw_delete("default")
    row.delete()
