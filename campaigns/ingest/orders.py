"""Orders: stored as they now stand, with their customers' totals and tiers in the same transaction."""

from collections.abc import Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any, Final

from django.utils.translation import gettext as _
from msgspec.structs import asdict

from campaigns.ingest.customers import customer_ids, locked
from campaigns.ingest.faults import FaultDict, Refused, fault
from campaigns.ingest.items import OrderItem
from campaigns.ingest.quick_orders import QuickLine, QuickOrder
from campaigns.ingest.referrals import credit_referrals
from campaigns.ingest.rows import insert_new, upsert
from campaigns.ingest.stored import Outcome, Raced, Stored
from campaigns.ingest.tiers import store_order_reaches
from campaigns.ingest.totals import plan_for_few, recount
from campaigns.models import Customer, Order, Shop
from campaigns.models.fields import minor_units_of

_MONEY: Final = ("total", "tax", "shipping", "discount", "refunded")
_PLAIN: Final = (
    "placed_at",
    "promised_at",
    "shipped_at",
    "delivered_at",
    "status",
    "channel",
    "gift",
    "test",
    "discount_codes",
)
_VERSION: Final = (*_PLAIN, *_MONEY, "customer_id", "lines", "updated_at")


def store_orders(items: Sequence[OrderItem | QuickOrder], now: datetime) -> Stored:
    """Store orders with different ids."""
    plan_for_few()
    currency = Shop.get().currency
    contents = [_content(item, currency) for item in items]
    good = [(item, content) for item, content in zip(items, contents, strict=True) if not isinstance(content, Refused)]
    customers = customer_ids({item.customer for item, _content in good}, now, lock=True)
    for item, content in good:
        content |= {
            "external_id": item.id,
            "customer_id": customers[item.customer],
            "updated_at": _updated_at(item, None),
            "created_at": now,
        }
    rows = sorted((content for _item, content in good), key=itemgetter("external_id"))
    # Most orders are new: what is stored already is read only where it kept a row out.
    new = {external_id for (external_id,) in insert_new(Order, rows, key=("external_id",))}
    touched = {row["customer_id"] for row in rows if row["external_id"] in new}
    known = _store_known([(item, content) for item, content in good if item.id not in new], touched)
    store_order_reaches(touched)
    recount(touched, now)
    touched |= credit_referrals([row for row in rows if known.get(row["external_id"]) != "unchanged"], now)
    outcomes: list[Outcome] = [
        content if isinstance(content, Refused) else known.get(item.id, "created")
        for item, content in zip(items, contents, strict=True)
    ]
    # One that is cancelled or moved may leave an older one as the customer's last.
    return Stored(outcomes, touched, reaches_back="updated" in known.values())


def _store_known(
    pairs: Sequence[tuple[OrderItem | QuickOrder, dict[str, Any]]], touched: set[int]
) -> dict[str, Outcome]:
    """Store the newer versions among `pairs` (item, row) of stored orders, and add to `touched` whose totals change."""
    if not pairs:
        return {}
    stored = {
        row.external_id: row for row in Order.objects.filter(external_id__among={item.id for item, _row in pairs})
    }
    outcomes: dict[str, Outcome] = {}
    rows: list[dict[str, Any]] = []
    losing: set[int] = set()
    for item, row in pairs:
        if item.id not in stored:
            # Erased between our insert and our look.
            raise Raced
        old = stored[item.id]
        row["updated_at"] = _updated_at(item, old)
        if row["updated_at"] < old.updated_at or all(getattr(old, name) == row[name] for name in _VERSION):
            outcomes[item.id] = "unchanged"
            continue
        outcomes[item.id] = "updated"
        rows.append(row)
        touched.add(row["customer_id"])
        losing |= {old.customer_id} - {row["customer_id"]}
    if losing:
        # A moved order also changes the customer who loses it.
        list(locked(Customer.objects.filter(pk__among=losing)).values_list("pk"))
        touched |= losing
    rows.sort(key=itemgetter("external_id"))
    upsert(Order, rows, key="external_id", update=_VERSION)
    return outcomes


def _updated_at(item: OrderItem | QuickOrder, old: Order | None) -> datetime:
    """Return the version's instant; one that the shop left out is never older than the stored one."""
    if item.updated_at:
        return item.updated_at
    instants = [item.placed_at, item.shipped_at, item.delivered_at, old.updated_at if old else None]
    return max(instant for instant in instants if instant)


def _content(item: OrderItem | QuickOrder, currency: str) -> dict[str, Any] | Refused:
    """Return the order's fields, or what is wrong with its money."""
    if item.currency != currency:
        return Refused(fault("currency", _wrong_currency(item.currency, currency)))
    faults: list[FaultDict] = []
    content: dict[str, Any] = {name: getattr(item, name) for name in _PLAIN}
    for name in _MONEY:
        try:
            content[name] = minor_units_of(getattr(item, name), currency)
        except ValueError:
            message = _("has more decimals than %(currency)s allows") % {"currency": currency}
            faults.append(fault(name, message))
    if faults:
        return Refused(*faults)
    if content["refunded"] > content["total"]:
        return Refused(fault("refunded", _("is more than the total")))
    content["lines"] = [asdict(line) if isinstance(line, QuickLine) else vars(line) for line in item.lines]
    return content


def _wrong_currency(given: str, currency: str) -> str:
    return _(
        "is %(given)s, but this shop counts in %(currency)s: convert the order's amounts to %(currency)s before "
        "sending, or set the shop's currency in the studio before the first order"
    ) % {"given": given, "currency": currency}
