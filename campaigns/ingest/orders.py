"""Orders: stored as they now stand, with their customers' totals and tiers in the same transaction."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from django.utils.translation import gettext as _

from campaigns.ingest.customers import customer_ids, locked
from campaigns.ingest.faults import FaultDict, Refused, fault
from campaigns.ingest.items import OrderItem
from campaigns.ingest.rows import upsert
from campaigns.ingest.stored import Outcome, Raced, Stored
from campaigns.ingest.tiers import store_order_reaches
from campaigns.ingest.totals import recount
from campaigns.models import Customer, Order, Shop
from campaigns.models.fields import minor_units

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
_CONTENT: Final = (*_PLAIN, *_MONEY, "customer_id", "lines")


def store_orders(items: Sequence[OrderItem], now: datetime) -> Stored:
    """Store orders with different ids."""
    currency = Shop.get().currency
    contents = [_content(item, currency) for item in items]
    customers = customer_ids(
        (item.customer for item, content in zip(items, contents, strict=True) if not isinstance(content, Refused)),
        now,
        lock=True,
    )
    known = {order.external_id: order for order in Order.objects.filter(external_id__among=[item.id for item in items])}
    outcomes: list[Outcome] = []
    rows: list[dict[str, Any]] = []
    touched: set[int] = set()
    for item, content in zip(items, contents, strict=True):
        if isinstance(content, Refused):
            outcomes.append(content)
            continue
        old = known.get(item.id)
        content["customer_id"] = customers[item.customer]
        content["updated_at"] = _updated_at(item, old)
        if old and (
            content["updated_at"] < old.updated_at
            or all(getattr(old, name) == content[name] for name in (*_CONTENT, "updated_at"))
        ):
            outcomes.append("unchanged")
            continue
        outcomes.append("updated" if old else "created")
        rows.append({"external_id": item.id, "created_at": now} | content)
        touched |= {content["customer_id"]} | ({old.customer_id} if old else set())
    # A moved order also changes the customer who loses it.
    if losing := touched - set(customers.values()):
        list(locked(Customer.objects.filter(pk__among=losing)).values_list("pk"))
    rows.sort(key=lambda row: str(row["external_id"]))
    created = upsert(Order, rows, key="external_id", update=(*_CONTENT, "updated_at"))
    if len(created) != outcomes.count("created"):
        raise Raced
    store_order_reaches(touched)
    recount(touched)
    return Stored(outcomes, touched)


def _updated_at(item: OrderItem, old: Order | None) -> datetime:
    """Return the version's instant; one that the shop left out is never older than the stored one."""
    if item.updated_at:
        return item.updated_at
    instants = [item.placed_at, item.shipped_at, item.delivered_at, old.updated_at if old else None]
    return max(instant for instant in instants if instant)


def _content(item: OrderItem, currency: str) -> dict[str, Any] | Refused:
    """Return the order's fields, or what is wrong with its money."""
    if item.currency != currency:
        return Refused(fault("currency", _wrong_currency(item.currency, currency)))
    faults: list[FaultDict] = []
    content: dict[str, Any] = {name: getattr(item, name) for name in _PLAIN}
    for name in _MONEY:
        try:
            content[name] = minor_units(Decimal(getattr(item, name)), currency)
        except ValueError:
            message = _("has more decimals than %(currency)s allows") % {"currency": currency}
            faults.append(fault(name, message))
    if faults:
        return Refused(*faults)
    if content["refunded"] > content["total"]:
        return Refused(fault("refunded", _("is more than the total")))
    content["lines"] = [vars(line) for line in item.lines]
    return content


def _wrong_currency(given: str, currency: str) -> str:
    return _(
        "is %(given)s, but this shop counts in %(currency)s: convert the order's amounts to %(currency)s before "
        "sending, or set the shop's currency in the studio before the first order"
    ) % {"given": given, "currency": currency}
