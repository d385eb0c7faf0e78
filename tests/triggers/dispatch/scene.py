"""A shop at noon with due deliveries: thanks for orders placed an hour ago."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from campaigns.models import Campaign, Customer
from tests import cast
from triggers.models import Delivery
from triggers.planner import plan

NOON: Final = datetime(2026, 3, 10, 12, tzinfo=UTC)


def thanks(**fields: Any) -> Campaign:
    """A live campaign that thanks as soon as an order is placed."""
    return cast.live_campaign("post_purchase", {"anchor": "placed"}, **{"slug": "thanks"} | fields)


def buyers(count: int, **fields: Any) -> list[Customer]:
    """Customers buyer-0 … who each placed an order at eleven."""
    made = []
    for number in range(count):
        phone = fields.get("phone", f"+3363998{number:04d}")
        buyer = cast.customer(f"buyer-{number}", **fields | {"phone": phone})
        cast.order(buyer, f"o-{number}", NOON - timedelta(hours=1))
        made.append(buyer)
    return made


def due(count: int, **fields: Any) -> list[Delivery]:
    """`count` planned deliveries, due at noon, in the order in which they will be claimed."""
    thanks(**fields)
    buyers(count)
    plan(NOON)
    return list(Delivery.objects.order_by("not_before", "pk"))


def states() -> dict[str, int]:
    """How many deliveries stand in each state."""
    counted: dict[str, int] = {}
    for state in Delivery.objects.values_list("state", flat=True):
        counted[state] = counted.get(state, 0) + 1
    return counted
