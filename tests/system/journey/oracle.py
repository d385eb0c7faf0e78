"""A second opinion on who reached which moment: plain loops over the items, no code shared with the planner."""

import hashlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from tests.system.journey.shop_year import Item, ShopYear, in_batches

HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Plan:
    """The three campaigns of the journey, as the oracle needs them."""

    birthday: str
    birthday_hour: int
    tier: str
    tiers: dict[str, Decimal]
    parcel: str
    parcel_days: int


Key = tuple[str, str, str]


def expected(year: ShopYear, plan: Plan) -> dict[Key, datetime]:
    """Return due instants by (campaign, customer, key) for a system that ticks each full hour of (start, end]."""
    customers = [(at, item) for at, item in year.timeline if item["type"] == "customer"]
    due: dict[Key, datetime] = {}
    for at, customer in customers:
        for key, when in _birthdays(year, customer, known=_tick(year, at), hour=plan.birthday_hour):
            due[plan.birthday, customer["id"], key] = when
    due |= _parcels(year, plan)
    due |= _tiers(year, plan)
    return due


def bucket(salt: str, unit: str) -> float:
    """Return the draw of a unit in [0, 1): the first 8 bytes of sha256("salt|unit")."""
    return int.from_bytes(hashlib.sha256(f"{salt}|{unit}".encode()).digest()[:8], "big") / 2**64


def _tick(year: ShopYear, at: datetime) -> datetime:
    """Return the first tick at which something that became known at `at` is known: the next full hour."""
    if at <= year.start:
        return year.start + HOUR
    hours = -(-(at - year.start) // HOUR)
    return year.start + hours * HOUR


def _ticked(year: ShopYear, *, known: datetime, due: datetime, fresh_until: datetime) -> bool:
    """Say whether a tick saw it due and fresh after it was known."""
    first = max(known, _tick(year, due))
    return first <= year.end and first < fresh_until


def _local(day: date, at: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, at, tzinfo=zone).astimezone(UTC)


def _birthdays(year: ShopYear, customer: Item, *, known: datetime, hour: int) -> Iterator[tuple[str, datetime]]:
    born = customer.get("birth_date")
    if not born:
        return
    month, day = int(born[-5:-3]), int(born[-2:])
    zone = ZoneInfo(customer.get("timezone") or year.timezone)
    for celebrated in range(year.start.year - 1, year.end.year + 2):
        try:
            feast = date(celebrated, month, day)
        except ValueError:
            feast = date(celebrated, 2, 28)
        due = _local(feast, time(hour), zone)
        if feast < year.start.astimezone(zone).date():
            continue
        fresh_until = _local(feast + timedelta(days=2), time(0), zone)
        if _ticked(year, known=known, due=due, fresh_until=fresh_until):
            yield f"birthday:{celebrated}", due


def _parcels(year: ShopYear, plan: Plan) -> dict[Key, datetime]:
    placed: dict[str, tuple[Item, datetime]] = {}
    refunded_from: dict[str, datetime] = {}
    for at, item in year.timeline:
        if item["type"] != "order":
            continue
        placed.setdefault(item["id"], (item, _tick(year, at)))
        if item["status"] == "refunded":
            refunded_from.setdefault(item["id"], _tick(year, at))
    due: dict[Key, datetime] = {}
    for order, (item, known) in placed.items():
        when = datetime.fromisoformat(item["placed_at"]) + timedelta(days=plan.parcel_days)
        tick = max(known, _tick(year, when))
        gone = order in refunded_from and refunded_from[order] <= tick
        fresh_until = when + timedelta(hours=72)
        if when > year.start and not gone and _ticked(year, known=known, due=when, fresh_until=fresh_until):
            due[plan.parcel, item["customer"], f"order:{order}"] = when
    return due


def _tiers(year: ShopYear, plan: Plan) -> dict[Key, datetime]:
    """Tiers are reached as the posts come in, by the orders and refunds known after each, and never lost again."""
    due: dict[Key, datetime] = {}
    orders: dict[str, dict[str, Item]] = defaultdict(dict)
    reached: dict[str, set[str]] = defaultdict(set)
    for tick, posted in _posts(year):
        for order in posted:
            orders[order["customer"]][order["id"]] = order
        for customer in {order["customer"] for order in posted}:
            crossings = [
                (when, threshold, slug)
                for slug, threshold in plan.tiers.items()
                if slug not in reached[customer] and (when := _crossing(orders[customer], threshold)) is not None
            ]
            reached[customer] |= {slug for *_, slug in crossings}
            for when in {when for when, *_ in crossings}:
                _, slug = max((threshold, slug) for at, threshold, slug in crossings if at == when)
                fresh_until = when + timedelta(hours=72)
                if when > year.start and _ticked(year, known=tick, due=when, fresh_until=fresh_until):
                    due[plan.tier, customer, f"tier:{slug}"] = when
    return due


def _posts(year: ShopYear) -> Iterator[tuple[datetime, list[Item]]]:
    """Yield the orders as they are stored together: those of one batch, a second version of one after its first."""
    past = [item for at, item in year.timeline if at <= year.start]
    for tick, items in [(year.start + HOUR, past), *year.by_hour()]:
        for batch in in_batches(items):
            left = [item for item in batch if item["type"] == "order"]
            while left:
                together = {item["id"]: item for item in reversed(left)}
                yield tick, list(together.values())
                left = [item for item in left if together[item["id"]] is not item]


def _crossing(orders: dict[str, Item], threshold: Decimal) -> datetime | None:
    """Return when the running total first came to the threshold, if it stands at or above it now."""
    ordered = sorted(orders.values(), key=lambda item: datetime.fromisoformat(item["placed_at"]))
    revenue = [Decimal(item["total"]) - Decimal(item.get("refunded", "0")) for item in ordered]
    if sum(revenue) < threshold:
        return None
    running = Decimal(0)
    for item, value in zip(ordered, revenue, strict=True):
        running += value
        if running >= threshold:
            return datetime.fromisoformat(item["placed_at"])
    raise AssertionError("a total at the threshold never crossed it")
