"""Acquisition spend as the shop tells it, by API or as a CSV file: one amount a channel and week, the last counts."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _

from campaigns.ingest.faults import FaultDict, Refused, fault
from campaigns.models import Shop, Spend
from campaigns.models.fields import minor_units

COLUMNS: Final = ("week", "channel", "amount")
MOST_ROWS: Final = 5_000
_LARGEST: Final = Decimal(10) ** 12


@dataclass(frozen=True, slots=True, kw_only=True)
class SpendRow:
    """What one channel cost in the week that begins on the Monday `week`, in minor units."""

    week: date
    channel: str
    amount: int


def store_spend(rows: Sequence[SpendRow]) -> tuple[int, int]:
    """Store all rows or none; return how many were new and how many replaced an amount told before."""
    known = set(Spend.objects.filter(week__in={row.week for row in rows}).values_list("week", "channel"))
    last = {(row.week, row.channel): row.amount for row in rows}
    with transaction.atomic():
        Spend.objects.bulk_create(
            (Spend(week=week, channel=channel, amount=amount) for (week, channel), amount in last.items()),
            update_conflicts=True,
            unique_fields=["week", "channel"],
            update_fields=["amount"],
            batch_size=500,
        )
    return len(last.keys() - known), len(last.keys() & known)


def spend_row(week: str, channel: str, amount: str, path: str = "") -> SpendRow:
    """Return one row as typed. Raises Refused with the fault of each cell, below `path`."""
    faults: list[FaultDict] = []

    def wrong(column: str, message: str) -> None:
        faults.append(fault(f"{path}.{column}" if path else column, message))

    day = _monday(week)
    if day is None:
        wrong("week", _("is not the Monday of a week, written like 2026-01-05"))
    channel = channel.strip()
    if not channel or len(channel) > 60 or "\0" in channel:
        wrong("channel", _("needs 1 to 60 characters"))
    minor = _minor(amount)
    if minor is None:
        wrong("amount", _("is not an amount like 1234.50 in %(currency)s") % {"currency": Shop.get().currency})
    if day is None or minor is None or faults:
        raise Refused(*faults)
    return SpendRow(week=day, channel=channel, amount=minor)


def read_spend(text: str) -> list[SpendRow]:
    """Return the rows of a CSV text with the columns week, channel and amount, parted by commas or semicolons.

    Raises Refused with every fault, each path being the line of the file (`line 3.week`).
    """
    lines = text.removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}").replace("\0", "")
    # Spreadsheets in countries with a decimal comma part their columns by semicolons.
    delimiter = ";" if ";" in lines.partition("\n")[0] else ","
    table = csv.DictReader(io.StringIO(lines), delimiter=delimiter)
    names = [name.strip().lower() for name in table.fieldnames or ()]
    if missing := [column for column in COLUMNS if column not in names]:
        raise Refused(fault("line 1", _("lacks the column %(columns)s") % {"columns": ", ".join(missing)}))
    table.fieldnames = names
    rows: list[SpendRow] = []
    faults: list[FaultDict] = []
    for told in table:
        week, channel, amount = (str(told[column] or "").strip() for column in COLUMNS)
        try:
            rows.append(spend_row(week, channel, amount, path=f"line {table.line_num}"))
        except Refused as refused:
            faults += refused.faults
        if len(rows) > MOST_ROWS:
            raise Refused(fault("", _("holds more than %(most)s lines") % {"most": MOST_ROWS}))
    if faults:
        raise Refused(*faults[:50])
    if not rows:
        raise Refused(fault("line 2", _("There is no line below the column names.")))
    return rows


def _monday(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if day.isoweekday() == 1 and len(text) == 10 else None


def _minor(text: str) -> int | None:
    try:
        amount = Decimal(text.replace(",", ".").replace("\N{NO-BREAK SPACE}", "").replace(" ", ""))
        return minor_units(amount, Shop.get().currency) if 0 <= amount < _LARGEST else None
    except (InvalidOperation, ValueError):
        return None
