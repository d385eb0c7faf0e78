"""One mailbox hears a thing once: two profiles of one person must not both be told."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Final

from django.db.models import Q

from campaigns.models import Shop
from triggers import local_time
from triggers.claimed import Claimed
from triggers.models import MAY_HAVE_SPOKEN, Delivery

Word = tuple[int, str, str | date]

DUPLICATE: Final = "duplicate_address"


class Mailboxes:
    """What may have reached the mailboxes of a batch; what is added counts too."""

    def __init__(self, deliveries: Sequence[Claimed], shop: Shop) -> None:
        self._shop = shop
        self._owners: dict[Word, int] = {}
        addresses = Counter(delivery.address_key for delivery in deliveries)
        known = Delivery.objects.filter(
            ~Q(address_key=""),  # as the index is
            address_key__among=addresses,
            campaign__in={delivery.campaign_id for delivery in deliveries},
            state__in=MAY_HAVE_SPOKEN,
        ).values_list(
            "customer_id", "campaign_id", "address_key", "occasion__key", "occasion__due_at", "customer__timezone"
        )
        for owner, campaign_id, address, key, due_at, timezone in known:
            addresses[address] += 1
            self._remember(owner, self._words(campaign_id, address, key, due_at, timezone))
        # Nobody else can have spoken to an address that occurs once.
        self._shared = {address for address, count in addresses.items() if count > 1}

    def taken(self, delivery: Claimed) -> str:
        """Return what another profile of the same mailbox was told already, '' for nothing."""
        for word in self._words_of(delivery):
            if self._owners.get(word, delivery.customer_id) != delivery.customer_id:
                return str(word[2])
        return ""

    def add(self, delivery: Claimed) -> None:
        """Count a delivery that is about to go."""
        self._remember(delivery.customer_id, self._words_of(delivery))

    def _remember(self, owner: int, words: Iterable[Word]) -> None:
        for word in words:
            self._owners.setdefault(word, owner)

    def _words_of(self, delivery: Claimed) -> list[Word]:
        address = delivery.address_key
        if address not in self._shared:
            return []
        return self._words(delivery.campaign_id, address, delivery.key, delivery.due_at, delivery.customer.timezone)

    def _words(self, campaign_id: int, address: str, key: str, due_at: datetime, timezone: str) -> list[Word]:
        """Return what must not be said twice to one address: a campaign's same key, or its same due day."""
        day = local_time.civil_day(due_at, local_time.zone_of(timezone, self._shop))
        return [(campaign_id, address, key), (campaign_id, address, day)]
