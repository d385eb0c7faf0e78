"""A delivery in a worker's hands: what its sending needs, read at once and small.

Model instances of the delivery, its occasion, order and customer took longer to make than the message.
"""

from datetime import datetime
from typing import Final, NamedTuple, Self
from uuid import UUID

from django.db.models import QuerySet

from campaigns.gestures.context import CustomerFacts, OrderFacts
from campaigns.models import ChannelName, Order
from triggers.models import Delivery

_OWN: Final = (
    *("pk", "occasion_id", "campaign_id", "customer_id", "channel", "claim", "reason", "refusals"),
    *("not_before", "created_at"),
)
_OCCASION: Final = ("key", "due_at", "fresh_until")
_ADDRESSES: Final = ("email", "email_key", "phone", "phone_key", "country")
_COLUMNS: Final = (
    *_OWN,
    *(f"occasion__{name}" for name in _OCCASION),
    *(f"customer__{name}" for name in _ADDRESSES),
    *(f"customer__{name}" for name in CustomerFacts._fields),
    "occasion__order_id",
)
_CUSTOMER: Final = len(_OWN) + len(_OCCASION) + len(_ADDRESSES)


class Claimed(NamedTuple):
    """One delivery with its occasion's key and dates, its customer's addresses, and the facts for its words, all as
    they were when it was read. `order` is None where the occasion has none."""

    pk: int
    occasion_id: int
    campaign_id: int
    customer_id: int
    channel: str
    claim: UUID | None
    reason: str
    refusals: int
    not_before: datetime
    created_at: datetime
    key: str
    due_at: datetime
    fresh_until: datetime
    email: str
    email_key: str
    phone: str
    phone_key: str
    country: str
    customer: CustomerFacts
    order: OrderFacts | None

    @classmethod
    def read(cls, deliveries: QuerySet[Delivery]) -> list[Self]:
        """Return `deliveries`, in their order.

        Orders are asked for by their ids: a rehearsal's are a view, which PostgreSQL would read whole for a join.
        """
        rows = list(deliveries.values_list(*_COLUMNS))
        wanted = {row[-1] for row in rows} - {None}
        orders: dict[int, OrderFacts] = {}
        if wanted:
            found = Order.objects.filter(pk__among=wanted).values_list("pk", *OrderFacts._fields)
            orders = {pk: OrderFacts._make(facts) for pk, *facts in found}
        return [
            cls._make((*row[:_CUSTOMER], CustomerFacts._make(row[_CUSTOMER:-1]), orders.get(row[-1]))) for row in rows
        ]

    @property
    def address(self) -> str:
        """The e-mail address or phone that its channel writes to."""
        return self.email if self.channel == ChannelName.EMAIL else self.phone

    @property
    def address_key(self) -> str:
        """The keyed hash of `address`."""
        return self.email_key if self.channel == ChannelName.EMAIL else self.phone_key
