"""Customers: stored whole or in part, with the ledger of what changed."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from campaigns.address import address_key
from campaigns.ingest.items import CustomerItem
from campaigns.ingest.rows import insert_new, upsert
from campaigns.ingest.stored import Outcome, Raced, Stored
from campaigns.ingest.tiers import store_points_reaches
from campaigns.models import Customer, CustomerChange, Shop

_PLAIN: Final = (
    "email",
    "phone",
    "first_name",
    "last_name",
    "language",
    "timezone",
    "country",
    "tags",
    "points",
    "attributes",
    "signed_up_at",
)
_PROFILE: Final = (*_PLAIN, "birth_year", "birth_day", "updated_at", "email_key", "phone_key", "birth_date_changed_on")
_UNKNOWN: Final[tuple[Any, ...]] = ("", None, 0, [], {})


def birth_date_text(year: int | None, day: int | None) -> str | None:
    """Return a birth date as the API writes it: 1988-03-14, --03-14 without a year, None where unknown."""
    if day is None:
        return None
    return f"{f'{year:04}' if year else '-'}-{day // 100:02}-{day % 100:02}"


def locked(customers: QuerySet[Customer]) -> QuerySet[Customer]:
    """Return `customers` locked against other ingests until the commit, always in the same order (no deadlock)."""
    return customers.order_by("pk").select_for_update(no_key=True)


def customer_ids(external_ids: Iterable[str], now: datetime, *, lock: bool = False) -> dict[str, int]:
    """Return the database id of each customer; one not known yet is made bare, who has not signed up.

    With `lock`, those who were known are locked until the commit; nobody else sees the new ones before it.
    """
    wanted = set(external_ids)
    found = known_ids(wanted, lock=lock)
    if missing := sorted(wanted - found.keys()):
        insert_new(
            Customer, [{"external_id": external_id, "created_at": now} for external_id in missing], key=("external_id",)
        )
        found |= known_ids(missing, lock=lock)
    return found


def known_ids(external_ids: Collection[str], *, lock: bool = False) -> dict[str, int]:
    """Return the database id of each customer who is known."""
    customers = Customer.objects.filter(external_id__among=external_ids)
    return dict((locked(customers) if lock else customers).values_list("external_id", "pk"))


def store_customers(items: Sequence[CustomerItem], now: datetime, *, only_given: bool = False) -> Stored:
    """Store customers with different ids; with `only_given`, fields that an item leaves out keep their value."""
    known = {row.external_id: row for row in locked(Customer.objects.filter(external_id__among={i.id for i in items}))}
    zone = ZoneInfo(Shop.get().timezone)
    outcomes: list[Outcome] = []
    rows: list[dict[str, Any]] = []
    changes: list[CustomerChange] = []
    for item in items:
        old = known.get(item.id)
        if old and item.updated_at and old.updated_at and item.updated_at < old.updated_at:
            outcomes.append("unchanged")
            continue
        row = _profile(item, old, only_given=only_given)
        if old is None:
            outcomes.append("created")
        elif all(getattr(old, name) == value for name, value in row.items()):
            outcomes.append("unchanged")
            continue
        else:
            outcomes.append("updated")
            changed_at = item.updated_at or now
            if _birth_date_replaced(old, row):
                row["birth_date_changed_on"] = changed_at.astimezone(zone).date()
            changes += _changes(old, row, changed_at)
        rows.append({"external_id": item.id, "created_at": now} | row)
    rows.sort(key=lambda row: str(row["external_id"]))
    created = upsert(Customer, rows, key="external_id", update=_PROFILE)
    if created & known.keys() or len(created) != outcomes.count("created"):
        raise Raced
    CustomerChange.objects.bulk_create(changes)
    touched = set(
        Customer.objects.filter(external_id__among={row["external_id"] for row in rows}).values_list("pk", flat=True)
    )
    store_points_reaches(touched, now)
    return Stored(outcomes, touched)


patch_customers = partial(store_customers, only_given=True)


def _profile(item: CustomerItem, old: Customer | None, *, only_given: bool) -> dict[str, Any]:
    """Return every stored field of the profile, as it should now be."""
    kept = set(_PLAIN) - item.model_fields_set if only_given and old else set()
    row = {name: getattr(old if name in kept else item, name) for name in _PLAIN}
    if only_given and old and "birth_date" not in item.model_fields_set:
        row |= {"birth_year": old.birth_year, "birth_day": old.birth_day}
    else:
        year, month, day = item.birth_date.rsplit("-", 2) if item.birth_date else ("", "", "")
        row["birth_year"] = int(year) if year not in ("", "-") else None
        row["birth_day"] = int(month) * 100 + int(day) if month else None
    row["email_key"] = address_key(row["email"])
    row["phone_key"] = address_key(row["phone"])
    row["updated_at"] = item.updated_at or (old.updated_at if old else None)
    row["birth_date_changed_on"] = old.birth_date_changed_on if old else None
    return row


def _birth_date_replaced(old: Customer, row: dict[str, Any]) -> bool:
    """Whether a known birth date becomes another one (or none, lest it come back as another); a year added or
    dropped leaves the birthday as it is."""
    if old.birth_day is None:
        return False
    years = old.birth_year, row["birth_year"]
    return old.birth_day != row["birth_day"] or (None not in years and years[0] != years[1])


def _changes(old: Customer, row: dict[str, Any], changed_at: datetime) -> list[CustomerChange]:
    """Return the ledger's lines; a value told for the first time is no change."""
    before = {name: getattr(old, name) for name in _PLAIN}
    after = {name: row[name] for name in _PLAIN}
    before["birth_date"] = birth_date_text(old.birth_year, old.birth_day)
    after["birth_date"] = birth_date_text(row["birth_year"], row["birth_day"])
    return [
        CustomerChange(customer=old, field=name, old=_json(value), new=_json(after[name]), changed_at=changed_at)
        for name, value in before.items()
        if value not in _UNKNOWN and value != after[name]
    ]


def _json(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
