"""Consents: the append-only ledger, and the mirror of its last word on the customer."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Any

from django.db.models import Exists, OuterRef

from campaigns.ingest.customers import customer_ids
from campaigns.ingest.items import ConsentItem
from campaigns.ingest.rows import insert_new
from campaigns.ingest.stored import Outcome, Stored
from campaigns.models import ChannelName, Consent, Customer

KEY = ("customer_id", "channel", "purpose", "given_at", "granted")


def store_consents(items: Sequence[ConsentItem], now: datetime) -> Stored:
    """Record each consent once, whether it counts or not; an older grant never undoes a later refusal."""
    customers = customer_ids({item.customer for item in items}, now, lock=True)
    rows = [
        {
            "customer_id": customers[item.customer],
            "channel": item.channel,
            "purpose": item.purpose,
            "given_at": item.given_at.astimezone(UTC),
            "granted": item.granted,
            "source": item.source,
            "text": item.text,
            "recorded_at": now,
        }
        for item in items
    ]
    new = insert_new(Consent, rows, key=KEY)
    outcomes: list[Outcome] = ["created" if _key(row) in new else "unchanged" for row in rows]
    touched = {row[0] for row in new}
    mirror_consents(touched)
    return Stored(outcomes, touched)


def mirror_consents(customers: Collection[int]) -> None:
    """Set email_marketing and sms_marketing of `customers` (database ids) to the ledger's word.

    A grant counts only when it was given later than the last refusal of that customer and channel.
    """
    if customers:
        Customer.objects.filter(pk__among=customers).update(
            email_marketing=_granted(ChannelName.EMAIL), sms_marketing=_granted(ChannelName.SMS)
        )


def _granted(channel: ChannelName) -> Exists:
    refused_since = Consent.objects.filter(
        customer=OuterRef("customer"),
        channel=channel,
        purpose=Consent.Purpose.MARKETING,
        granted=False,
        given_at__gte=OuterRef("given_at"),
    )
    return Exists(
        Consent.objects.filter(
            ~Exists(refused_since),
            customer=OuterRef("pk"),
            channel=channel,
            purpose=Consent.Purpose.MARKETING,
            granted=True,
        )
    )


def _key(row: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(row[name] for name in KEY)
