"""What a shop sends over its year, as API items with the instant at which each becomes known."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

Item = dict[str, Any]

ZONES = ("Europe/Paris", "America/Toronto", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia", "")


@dataclass
class ShopYear:
    """One data set: `timeline` is sorted by instant; `import_before` is where the living begins."""

    name: str
    timezone: str
    currency: str
    start: datetime
    end: datetime
    timeline: list[tuple[datetime, Item]]
    orders: int
    revenue: Decimal
    refunded: Decimal = Decimal(0)
    unmatched: list[dict[str, str]] = field(default_factory=list)

    def between(self, after: datetime, until: datetime) -> list[Item]:
        """Return the items that became known in (after, until]."""
        return [item for at, item in self.timeline if after < at <= until]

    def by_hour(self) -> Iterator[tuple[datetime, list[Item]]]:
        """Yield every full hour of (start, end] with the items that became known in the hour before it."""
        position = next((i for i, (at, _) in enumerate(self.timeline) if at > self.start), len(self.timeline))
        hour = self.start
        while hour < self.end:
            hour += timedelta(hours=1)
            first = position
            while position < len(self.timeline) and self.timeline[position][0] <= hour:
                position += 1
            yield hour, [item for _, item in self.timeline[first:position]]


def draw(identity: str, *, below: int, salt: str = "") -> int:
    """Return a number in [0, below) that depends on nothing but its arguments."""
    return int.from_bytes(hashlib.sha256(f"{salt}|{identity}".encode()).digest()[:8], "big") % below


def birth_date(identity: str) -> str | None:
    """Return the made-up birth date of a customer: three in four have one, one in six of those without its year.

    Every fortieth is born on 29 February; hash-placed days cover the whole year. 1 January 1970 goes without its year:
    with it, it is refused as what shop systems write for an unknown date.
    """
    if draw(identity, below=4, salt="birth") == 3:
        return None
    year = 1940 + draw(identity, below=60, salt="year")
    if draw(identity, below=40, salt="leap") == 0:
        day = date(year - year % 4, 2, 29)
    else:
        day = date(year, 1, 1) + timedelta(days=draw(identity, below=365, salt="day"))
    yearless = draw(identity, below=6, salt="yearless") == 0 or day == date(1970, 1, 1)
    return f"--{day:%m-%d}" if yearless else day.isoformat()


def customer_items(identity: str, *, rank: int, first_seen: datetime, country: str) -> list[Item]:
    """Return a customer and their consents: 9 in 10 accept e-mail; the first 9,000 have a phone, 1 in 3 accepts SMS."""
    item: Item = {
        "type": "customer",
        "id": identity,
        "email": f"{identity}@journey.test",
        "first_name": f"Customer {rank}",
        "language": ("en", "fr")[draw(identity, below=2, salt="language")],
        "signed_up_at": first_seen.isoformat(),
        "updated_at": first_seen.isoformat(),
    }
    if country:
        item["country"] = country
    if zone := ZONES[draw(identity, below=len(ZONES), salt="zone")]:
        item["timezone"] = zone
    if born := birth_date(identity):
        item["birth_date"] = born
    if rank < 9000:
        item["phone"] = f"+3363998{rank:04d}"
    items = [item]
    granted = {
        "email": draw(identity, below=10, salt="email") > 0,
        "sms": rank < 9000 and draw(identity, below=3, salt="sms") == 0,
    }
    items += [
        {
            "type": "consent",
            "customer": identity,
            "channel": channel,
            "purpose": "marketing",
            "granted": True,
            "source": "checkout",
            "text": "I would like to hear from you.",
            "given_at": first_seen.isoformat(),
        }
        for channel, yes in granted.items()
        if yes
    ]
    return items


def in_batches(items: Sequence[Item], *, sizes: int = 900_000) -> Iterator[list[Item]]:
    """Cut `items` into batches of at most 1,000 and about `sizes` bytes."""
    batch: list[Item] = []
    weight = 0
    for item in items:
        size = 300 + 130 * len(item.get("lines", ()))
        if batch and (len(batch) == 1000 or weight + size > sizes):
            yield batch
            batch, weight = [], 0
        batch.append(item)
        weight += size
    if batch:
        yield batch


def utc(year: int, month: int, day: int) -> datetime:
    """Return midnight of a day, UTC."""
    return datetime(year, month, day, tzinfo=UTC)
