"""UCI Online Retail: a British gift shop's year of invoices and cancellations, read from the shared data."""

import csv
import gzip
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from itertools import groupby
from pathlib import Path
from zoneinfo import ZoneInfo

from tests.system.journey.shop_year import Item, ShopYear, customer_items, draw, utc

LONDON = ZoneInfo("Europe/London")
PENNY = Decimal("0.01")
COUNTRIES = {
    "United Kingdom": "GB",
    "Germany": "DE",
    "France": "FR",
    "EIRE": "IE",
    "Spain": "ES",
    "Netherlands": "NL",
    "Belgium": "BE",
    "Switzerland": "CH",
    "Portugal": "PT",
    "Australia": "AU",
    "Norway": "NO",
    "Italy": "IT",
    "Finland": "FI",
    "Japan": "JP",
    "Poland": "PL",
    "USA": "US",
    "Canada": "CA",
}


@dataclass
class Invoice:
    """One clean invoice; `left` counts what of each of its lines has not been sent back."""

    number: str
    customer: str
    placed: datetime
    country: str
    lines: list[tuple[str, str, int, Decimal]] = field(default_factory=list)
    left: list[int] = field(default_factory=list)
    refunded: Decimal = Decimal(0)

    @property
    def total(self) -> Decimal:
        """What was paid, rounded to pence once for the order."""
        return sum((q * p for _, _, q, p in self.lines), Decimal(0)).quantize(PENNY, ROUND_HALF_UP)

    def item(self, *, updated: datetime) -> Item:
        """Return the order as the API takes it."""
        return {
            "type": "order",
            "id": self.number,
            "customer": f"uk-{self.customer}",
            "placed_at": self.placed.isoformat(),
            "currency": "GBP",
            "total": str(self.total),
            "refunded": str(self.refunded),
            "status": "refunded" if self.refunded == self.total else "paid",
            "lines": [
                {"sku": sku, "name": name, "quantity": quantity, "unit_price": str(price)}
                for sku, name, quantity, price in self.lines
            ],
            "updated_at": updated.isoformat(),
        }


def read(folder: Path, *, sample: bool = False) -> tuple[list[Invoice], list[dict[str, str]]]:
    """Return the clean invoices and the cancelled lines that name a customer, both in file order.

    The sample is one customer in ten, with everything they bought and sent back.
    """
    invoices: dict[str, Invoice] = {}
    cancelled = []
    with gzip.open(folder / "online_retail.csv.gz", "rt", encoding="utf-8", newline="") as rows:
        for row in csv.DictReader(rows):
            if not row["CustomerID"] or (sample and draw(row["CustomerID"], below=10, salt="sample")):
                continue
            if row["InvoiceNo"].startswith("C"):
                cancelled.append(row)
                continue
            quantity, price = int(row["Quantity"]), Decimal(row["UnitPrice"])
            if quantity <= 0 or price <= 0:
                continue
            number = row["InvoiceNo"]
            if number not in invoices:
                customer = row["CustomerID"].removesuffix(".0")
                country = COUNTRIES.get(row["Country"], "")
                invoices[number] = Invoice(number, customer, _instant(row), country)
            invoices[number].lines.append((row["StockCode"], row["Description"].strip(), quantity, price))
            invoices[number].left.append(quantity)
    return list(invoices.values()), cancelled


def _instant(row: dict[str, str]) -> datetime:
    return datetime.fromisoformat(row["InvoiceDate"]).replace(tzinfo=LONDON).astimezone(UTC)


def _refund(row: dict[str, str], bought: list[tuple[Invoice, int]], when: datetime) -> tuple[set[str], int]:
    """Take a cancelled line back from the customer's latest earlier purchases of the article.

    Returns the invoices refunded and the quantity for which there was no purchase.
    """
    wanted = -int(row["Quantity"])
    touched: set[str] = set()
    for invoice, line in reversed(bought):
        if not wanted:
            break
        if invoice.placed > when or not invoice.left[line]:
            continue
        taken = min(wanted, invoice.left[line])
        amount = (taken * invoice.lines[line][3]).quantize(PENNY, ROUND_HALF_UP)
        invoice.left[line] -= taken
        invoice.refunded = min(invoice.refunded + amount, invoice.total)
        wanted -= taken
        touched.add(invoice.number)
    return touched, wanted


def online_retail(folder: Path, *, sample: bool = False, live_from: datetime | None = None) -> ShopYear:
    """Return the clean orders, then each cancellation as a refund of matching purchases; the rest as `unmatched`."""
    invoices, cancelled = read(folder, sample=sample)
    by_number = {invoice.number: invoice for invoice in invoices}
    first_seen: dict[str, tuple[datetime, str]] = {}
    bought: dict[tuple[str, str], list[tuple[Invoice, int]]] = defaultdict(list)
    timeline: list[tuple[datetime, Item]] = []
    for invoice in sorted(invoices, key=lambda one: one.placed):
        first_seen.setdefault(invoice.customer, (invoice.placed, invoice.country))
        for line, (sku, *_rest) in enumerate(invoice.lines):
            bought[invoice.customer, sku].append((invoice, line))
        timeline.append((invoice.placed, invoice.item(updated=invoice.placed)))
    for rank, (customer, (seen, country)) in enumerate(sorted(first_seen.items())):
        timeline += [
            (seen, item) for item in customer_items(f"uk-{customer}", rank=rank, first_seen=seen, country=country)
        ]
    unmatched: list[dict[str, str]] = []
    # One version of an order an instant: two lines of a cancellation are one fact. The file counts in minutes, and some
    # things are sent back in the minute they were bought: half a minute later, then.
    for minute, rows in groupby(sorted(cancelled, key=_instant), key=_instant):
        when = minute + timedelta(seconds=30)
        touched: set[str] = set()
        for row in rows:
            customer = row["CustomerID"].removesuffix(".0")
            numbers, missing = _refund(row, bought[customer, row["StockCode"]], when)
            touched |= numbers
            if missing:
                unmatched.append({**row, "Quantity": str(-missing)})
        timeline += [(when, by_number[number].item(updated=when)) for number in sorted(touched)]
    timeline.sort(key=lambda pair: pair[0])
    return ShopYear(
        name="online_retail",
        timezone="Europe/London",
        currency="GBP",
        start=live_from or utc(2010, 12, 1),
        end=utc(2011, 12, 10),
        timeline=timeline,
        orders=len(invoices),
        revenue=sum((invoice.total for invoice in invoices), Decimal(0)),
        refunded=sum((invoice.refunded for invoice in invoices), Decimal(0)),
        unmatched=unmatched,
    )
