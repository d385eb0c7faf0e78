"""CDNOW: 69,659 orders of 23,570 customers over 18 months, read from the shared data."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from tests.system.journey.shop_year import Item, ShopYear, customer_items, draw, utc


def _transactions(folder: Path, *, sample: bool) -> list[tuple[str, datetime, int, Decimal]]:
    """Return (customer, placed, items, value) in file order; a day has no hour, so each gets one by its own hash."""
    chosen: set[str] | None = None
    if sample:
        chosen = {line.split()[0] for line in (folder / "CDNOW_sample.txt").read_text("ascii").splitlines() if line}
    rows = []
    lines = (folder / "CDNOW_master.txt").read_text("ascii").splitlines()[1:]
    for number, line in enumerate(lines):
        if not line.strip():
            continue
        customer, day, items, value = line.split()
        if chosen is None or customer in chosen:
            minute = draw(str(number), below=24 * 60, salt="minute")
            placed = datetime.strptime(day, "%Y%m%d").replace(tzinfo=UTC) + timedelta(minutes=minute)
            rows.append((customer, placed, int(items), Decimal(value)))
    return rows


def cdnow(folder: Path, *, sample: bool, live_from: datetime | None = None) -> ShopYear:
    """Return the data set as a year lived from 1997-01-01 (or `live_from`), the rest of it known afterwards."""
    rows = _transactions(folder, sample=sample)
    first_seen: dict[str, datetime] = {}
    for customer, placed, _items, _value in rows:
        first_seen[customer] = min(placed, first_seen.get(customer, placed))
    timeline: list[tuple[datetime, Item]] = []
    for rank, (customer, seen) in enumerate(sorted(first_seen.items())):
        items_of = customer_items(f"cd-{customer}", rank=rank, first_seen=seen, country="US")
        timeline += [(seen, item) for item in items_of]
    for number, (customer, placed, items, value) in enumerate(rows):
        price = str(round(value / items, 2))
        order: Item = {
            "type": "order",
            "id": f"cdnow-{number}",
            "customer": f"cd-{customer}",
            "placed_at": placed.isoformat(),
            "currency": "USD",
            "total": str(value),
            "status": "paid",
            "lines": [{"sku": "CD", "name": "Compact disc", "quantity": items, "unit_price": price}],
            "updated_at": placed.isoformat(),
        }
        timeline.append((placed, order))
    timeline.sort(key=lambda pair: pair[0])
    return ShopYear(
        name="cdnow",
        timezone="America/New_York",
        currency="USD",
        start=live_from or utc(1997, 1, 1),
        end=utc(1998, 1, 1),
        timeline=timeline,
        orders=len(rows),
        revenue=sum((value for *_, value in rows), Decimal(0)),
    )
