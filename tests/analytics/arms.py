"""Campaigns with two arms made to measure, in a few bulk inserts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from campaigns.models import Answer, Campaign, Customer, Order
from tests import cast
from triggers.models import Occasion

LAUNCH: Final = datetime(2026, 1, 5, 8, tzinfo=UTC)
ENDED: Final = LAUNCH + timedelta(days=35)
# Every window is over and refunds are in.
LATER: Final = datetime(2026, 5, 1, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Contact:
    """One customer of an arm: decision, revenues of the orders after the anchor, those before it, NPS score if any."""

    decision: str
    orders: Sequence[int] = ()
    before: Sequence[int] = ()
    score: int | None = None


def campaign(**fields: Any) -> Campaign:
    """A birthday campaign that is over, with half of its customers held out."""
    values: dict[str, Any] = {
        "holdout_share": "0.5",
        "launched_at": LAUNCH,
        "status": Campaign.Status.ENDED,
        "ended_at": ENDED,
        "unit_costs": {"email": 10},
        "slug": "birthday",
    }
    return cast.live_campaign(**values | fields)


def fill(row: Campaign, contacts: Sequence[Contact], *, prefix: str = "c", spread_days: int = 28) -> None:
    """Store customers, their occasions (anchors spread over `spread_days` from the launch), orders and answers."""
    customers = Customer.objects.bulk_create(
        Customer(external_id=f"{prefix}{number}", created_at=cast.LONG_AGO, signed_up_at=cast.LONG_AGO)
        for number in range(len(contacts))
    )
    launch = row.launched_at or LAUNCH
    occasions, orders, answers = [], [], []
    for number, (who, contact) in enumerate(zip(customers, contacts, strict=True)):
        anchor = launch + timedelta(days=number % spread_days, minutes=number % 600)
        occasions.append(
            Occasion(
                campaign=row,
                customer=who,
                key="birthday:2026",
                due_at=anchor,
                fresh_until=anchor + timedelta(days=1),
                slot_at=anchor,
                channel="email",
                decision=contact.decision,
                decided_at=anchor,
            )
        )
        for rank, total in enumerate(contact.orders):
            orders.append(_order(who, f"{who.external_id}-a{rank}", anchor + timedelta(days=1 + rank), total))
        for rank, total in enumerate(contact.before):
            orders.append(_order(who, f"{who.external_id}-b{rank}", anchor - timedelta(days=3 + rank), total))
        if contact.score is not None:
            answers.append(
                Answer(
                    external_id=who.external_id,
                    customer=who,
                    score=contact.score,
                    answered_at=anchor + timedelta(days=2),
                    recorded_at=anchor,
                )
            )
    Occasion.objects.bulk_create(occasions)
    Order.objects.bulk_create(orders)
    Answer.objects.bulk_create(answers)


def _order(who: Customer, name: str, placed_at: datetime, total: int) -> Order:
    return Order(
        external_id=name, customer=who, placed_at=placed_at, total=total, updated_at=placed_at, created_at=placed_at
    )


def arms(*, treated: int, buyers_t: int, control: int, buyers_c: int, basket: int = 5000) -> list[Contact]:
    """Contacts of which so many bought once for `basket`, give or take a bit."""
    return [
        *(Contact("due", [basket + number % 7 * 100] if number < buyers_t else []) for number in range(treated)),
        *(Contact("held_out", [basket + number % 7 * 100] if number < buyers_c else []) for number in range(control)),
    ]
