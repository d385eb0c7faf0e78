"""A report's rows as CSV: contacts with their outcomes, and the periods of its before/after; money in whole units."""

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

from analytics.before_after import periods_of
from analytics.facts.acquisition import acquisition
from analytics.facts.contacts import assignment
from analytics.facts.rows import contact_rows, weeks_of
from analytics.facts.shop_rows import shop_rows
from analytics.kernel import Weeks
from campaigns.models import Campaign, Shop
from campaigns.models.fields import major_units

type Row = dict[str, Any]

CONTACT: Final = (
    *("contact", "group", "reason", "day", "in_both", "over", "over_long", "converted", "orders", "revenue"),
    *("earlier_revenue", "orders_before", "long_before", "long_after", "new_customer", "score"),
    *("messages", "message_cost", "withheld"),
)
SHOP: Final = ("period", "what", "known", "orders", "revenue", "score", "week", "new_customers", "cost", "count")


def contacts_csv(campaign: Campaign, now: datetime) -> Iterator[str]:
    """Yield the lines of the contacts' table: who is in which group, and what they did. Nobody can be recognised."""
    shop = Shop.get()
    zone = ZoneInfo(shop.timezone)
    weeks = [f"week_{k}" for k in range(1, weeks_of(campaign) + 1)]
    assigned = assignment(campaign, now, zone)
    rows = contact_rows(campaign, now, zone, assigned) if assigned.anchors else iter(())
    numbered = ({"contact": number} | row for number, row in enumerate(rows, start=1))
    amounts = ("revenue", "earlier_revenue", "message_cost", *weeks)
    yield from _lines((*CONTACT, *weeks), numbered, amounts, shop.currency)


def shop_csv(campaign: Campaign, now: datetime) -> Iterator[str]:
    """Yield the lines of the shop's table: customers by orders and revenue, answers by score, spend by week."""
    shop = Shop.get()
    zone = ZoneInfo(shop.timezone)
    periods, mondays = periods_of(campaign, now, zone)
    rows = list(shop_rows(periods, macro_conversion=campaign.macro_conversion))
    for name, weeks in mondays.items():
        costs = acquisition(weeks, zone)
        if isinstance(costs, Weeks):
            rows += [
                {"period": name, "what": "week", "week": week, "new_customers": new, "cost": cost}
                for week, new, cost in zip(weeks, costs.new, costs.cost, strict=True)
            ]
    yield from _lines(SHOP, rows, ("revenue", "cost"), shop.currency)


def _lines(columns: tuple[str, ...], rows: Iterable[Row], amounts: Iterable[str], currency: str) -> Iterator[str]:
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, restval="", extrasaction="ignore")
    writer.writeheader()
    for row in rows:
        told: Row = {key: "" if value is None else value for key, value in row.items()}
        for key in amounts:
            if told.get(key, "") != "":
                told[key] = _exactly(told[key], currency)
        writer.writerow(told)
        if out.tell() > 1 << 16:
            yield out.getvalue()
            out.seek(0)
            out.truncate()
    yield out.getvalue()


def _exactly(minor: float, currency: str) -> Decimal:
    """Return an amount in whole units without rounding: a message may cost 0.3 cents."""
    return Decimal(repr(float(minor))).scaleb(major_units(1, currency).as_tuple().exponent)  # type: ignore[arg-type]
