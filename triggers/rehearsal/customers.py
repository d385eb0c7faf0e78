# ruff: noqa: S608 - only names of our own tables and columns are put into SQL
"""Customers as they were: copied, taken back through their ledger of changes, and changed again as time passes.

Consents, totals and tiers are not taken back but counted anew by ingest's own verbs, from what the views show.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.db import connection

from campaigns.address import address_key
from campaigns.ingest.consents import mirror_consents
from campaigns.ingest.totals import recount
from campaigns.models import Customer, CustomerChange, Shop
from triggers.rehearsal.facts import changing_customers, instant, move_facts
from triggers.rehearsal.shadow import columns, create_table, execute, know_well, only_shadows, real, table_of

_SLICE: Final = 50_000
_BATCH: Final = 2_000
_TABLE: Final = table_of(Customer)
CHANGES: Final = "rehearsal_change"


def make_tables() -> None:
    """Make the empty shadow of the customers, and of what changed of them."""
    create_table(Customer)
    create_table(CustomerChange, name=CHANGES)
    execute(f"CREATE INDEX rehearsal_change_when ON {CHANGES} (changed_at, id)")


def copy_customers() -> Iterator[float]:
    """Copy every customer, a slice of ids at a time; yield the share done after each."""
    source, names = real(_TABLE), ", ".join(f'"{name}"' for name in columns(Customer))
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT MIN(id), MAX(id) FROM {source}")
        first, last = cursor.fetchone()
    for low in range(first or 0, (last or -1) + 1, _SLICE):
        with only_shadows():
            execute(
                f"INSERT INTO {_TABLE} ({names}) SELECT {names} FROM {source} WHERE id >= %s AND id < %s",
                (low, low + _SLICE),
            )
        yield min(1.0, (low + _SLICE - first) / (last - first + 1))
    know_well(_TABLE)


def take_back(start: datetime) -> Iterator[None]:
    """Give every customer the fields, consents, totals and tier of `start`; yield after each batch."""
    names = ", ".join(f'"{name}"' for name in columns(CustomerChange))
    with only_shadows():
        execute(
            f"INSERT INTO {CHANGES} ({names}) SELECT {names} FROM {real(table_of(CustomerChange))}"
            " WHERE changed_at > %s",
            (instant(start),),
        )
    zone = ZoneInfo(Shop.get().timezone)
    for batch in _backwards():
        with only_shadows():
            # The earliest change of a field comes last, and what it replaced stays.
            _write({(change.customer_id, change.field): change.old for change in batch})
            _forget_replaced_birth_dates([change for change in batch if change.field == "birth_date"], zone)
        yield
    for ids in changing_customers(_BATCH):
        with only_shadows():
            _count_anew(ids, start)
        yield


def move_customers(before: datetime, now: datetime) -> None:
    """Set the clock from `before` to `now`, and let everything happen that happened meanwhile."""
    touched = move_facts(before, now)
    changes = _between(before, now)
    if changes:
        _write({(change.customer_id, change.field): change.new for change in changes})
        zone = ZoneInfo(Shop.get().timezone)
        replaced = [change for change in changes if change.field == "birth_date" and _replaced(change.old, change.new)]
        _set(
            "birth_date_changed_on",
            ((change.customer_id, change.changed_at.astimezone(zone).date()) for change in replaced),
        )
    for first in range(0, len(touched), _BATCH):
        _count_anew(touched[first : first + _BATCH], now)


def _count_anew(customers: list[int], now: datetime) -> None:
    mirror_consents(customers)
    recount(customers, now)


def _backwards() -> Iterator[list[CustomerChange]]:
    """Yield what changed after the start, the latest first, a batch at a time."""
    before: tuple[Any, ...] = ()
    while True:
        earlier = "WHERE (changed_at, id) < (%s, %s)" if before else ""
        batch = _read(f"{earlier} ORDER BY changed_at DESC, id DESC LIMIT {_BATCH}", before)
        if not batch:
            return
        yield batch
        before = (instant(batch[-1].changed_at), batch[-1].pk)


def _between(after: datetime, until: datetime) -> list[CustomerChange]:
    passed = (instant(after), instant(until))
    return _read("WHERE changed_at > %s AND changed_at <= %s ORDER BY changed_at, id", passed)


def _read(which: str, params: tuple[Any, ...]) -> list[CustomerChange]:
    return list(CustomerChange.objects.raw(f"SELECT * FROM {CHANGES} {which}", params))


def _write(values: dict[tuple[int, str], Any]) -> None:
    """Set fields of customers, by (customer, field of the ledger), to values as the ledger writes them."""
    by_column: dict[str, list[tuple[int, Any]]] = defaultdict(list)
    for (customer, field), value in values.items():
        for column, own in _columns_of(field, value):
            by_column[column].append((customer, own))
    for column, rows in by_column.items():
        _set(column, rows)


def _columns_of(field: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Yield the columns that a field of the ledger stands for, each with its value."""
    if field == "birth_date":
        year, day = _birth(value)
        yield "birth_year", year
        yield "birth_day", day
        return
    if field == "signed_up_at":
        value = datetime.fromisoformat(value) if value else None
    yield field, value
    if field in ("email", "phone"):
        yield f"{field}_key", address_key(value)


def _birth(text: str | None) -> tuple[int | None, int | None]:
    """Return year and day of a birth date as the ledger writes it: 1988-03-14, --03-14, or None."""
    if not text:
        return None, None
    year, month, day = text.rsplit("-", 2)
    return int(year) if year not in ("", "-") else None, int(month) * 100 + int(day)


def _set(column: str, rows: Iterable[tuple[int, Any]]) -> None:
    field = Customer._meta.get_field(column)
    written = [(field.get_db_prep_save(value, connection), customer) for customer, value in rows]  # type: ignore[union-attr]
    if written:
        with connection.cursor() as cursor:
            cursor.executemany(f'UPDATE {_TABLE} SET "{column}" = %s WHERE id = %s', written)


def _replaced(old: Any, new: Any) -> bool:
    """Whether a birth date became another one; a year added or dropped leaves the birthday as it is."""
    (old_year, old_day), (new_year, new_day) = _birth(old), _birth(new)
    return old_day != new_day or (None not in (old_year, new_year) and old_year != new_year)


def _forget_replaced_birth_dates(changes: list[CustomerChange], zone: ZoneInfo) -> None:
    """Say when a birth date had last been replaced at the start, where it was again since."""
    customers = {change.customer_id for change in changes if _replaced(change.old, change.new)}
    last: dict[int, date | None] = dict.fromkeys(customers)
    # The view ends at the start, so these are the changes before it.
    for earlier in CustomerChange.objects.filter(customer__in=customers, field="birth_date").order_by(
        "changed_at", "pk"
    ):
        if _replaced(earlier.old, earlier.new):
            last[earlier.customer_id] = earlier.changed_at.astimezone(zone).date()
    _set("birth_date_changed_on", last.items())
