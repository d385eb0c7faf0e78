"""Consent given and withdrawn, addresses closed and opened again: the words of people, beside the shop's bulk ones.

The ledger is append-only and one rule reads it (campaigns/ingest/consents.py): the last word counts, and a grant only
when it was given later than the last refusal. A suppression stands above the ledger: no sync lifts it, only the
person's own START or somebody at the shop.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Final

from django.db import transaction

from campaigns.ingest.consents import mirror_consents
from campaigns.ingest.customers import locked
from campaigns.models import ChannelName, Consent, Customer, Suppression

Reason = Suppression.Reason

# What the person closed they can open again; a mailbox that does not exist or complained stays closed.
LIFTED_BY_START: Final = (Reason.STOPPED, Reason.UNSUBSCRIBED)
ADDRESS_KEYS: Final = {ChannelName.EMAIL: "email_key", ChannelName.SMS: "phone_key"}


def record_consent(
    customer: Customer, channel: str, granted: bool, *, source: str, given_at: datetime, now: datetime, text: str = ""
) -> None:
    """Record one word of `customer`, given at `given_at`, and mirror the ledger's last one. Twice is once."""
    record_consents([customer.pk], channel, granted, source=source, given_at=given_at, now=now, text=text)
    customer.refresh_from_db(fields=["email_marketing", "sms_marketing"])


def record_consents(
    customer_ids: Collection[int],
    channel: str,
    granted: bool,
    *,
    source: str,
    given_at: datetime,
    now: datetime,
    text: str = "",
) -> None:
    """Record the same word for several customers (database ids): one address can stand on more than one of them."""
    with transaction.atomic():
        # The lock comes first: two words at once must each see the other's before the mirror is set.
        known = list(locked(Customer.objects.filter(pk__in=customer_ids)).values_list("pk", flat=True))
        Consent.objects.bulk_create(
            [
                Consent(
                    customer_id=customer_id,
                    channel=channel,
                    granted=granted,
                    source=source,
                    text=text,
                    given_at=given_at,
                    recorded_at=now,
                )
                for customer_id in known
            ],
            ignore_conflicts=True,
        )
        mirror_consents(known)


def withdraw(customer: Customer, channel: str, source: str, now: datetime) -> None:
    """Record that `customer` no longer wants to be written to on `channel`; it acts before the next send."""
    record_consent(customer, channel, granted=False, source=source, given_at=now, now=now)


def suppress(channel: str, address_key: str, reason: str, now: datetime) -> None:
    """Close an address (campaigns.address.address_key) on `channel`. Closing twice keeps the first reason."""
    suppress_all(channel, {address_key: reason}, now)


def suppress_all(channel: str, reasons: dict[str, str], now: datetime) -> None:
    """Close several addresses: `reasons` maps each address key to why. Empty keys are nobody's and ignored."""
    Suppression.objects.bulk_create(
        [
            Suppression(channel=channel, address_key=key, reason=reason, created_at=now)
            for key, reason in sorted(reasons.items())
            if key
        ],
        ignore_conflicts=True,
    )


def refuse(
    channel: str, address_key: str, reason: str, *, source: str, now: datetime, given_at: datetime | None = None
) -> None:
    """Close an address at its owner's word (STOP, unsubscribe, complaint) of `given_at`, by default now: everyone who
    has it withdraws too."""
    with transaction.atomic():
        suppress(channel, address_key, reason, now)
        people = owners(channel, address_key)
        record_consents(people, channel, False, source=source, given_at=given_at or now, now=now)


def welcome_back(channel: str, address_key: str, *, source: str, now: datetime) -> None:
    """Open an address again at its owner's own word (START), and record their new consent."""
    with transaction.atomic():
        Suppression.objects.filter(channel=channel, address_key=address_key, reason__in=LIFTED_BY_START).delete()
        record_consents(owners(channel, address_key), channel, True, source=source, given_at=now, now=now)


def lift(channel: str, address_key: str) -> bool:
    """Open an address again by a decision of somebody at the shop, whatever the reason; return whether it was closed.

    Consent is not given back by this: only the customer can.
    """
    return bool(Suppression.objects.filter(channel=channel, address_key=address_key).delete()[0])


def owners(channel: str, address_key: str) -> list[int]:
    """Return the database ids of the customers who have this address on `channel`."""
    if not address_key:
        return []
    return list(
        Customer.objects.filter(**{ADDRESS_KEYS[ChannelName(channel)]: address_key}).values_list("pk", flat=True)
    )
