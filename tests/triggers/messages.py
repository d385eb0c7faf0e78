"""A message that was sent: the occasion, the delivery and the provider's call behind it."""

from typing import Any

from campaigns.models import Campaign, Customer
from tests import cast
from triggers.models import Attempt, Delivery, Occasion

SENT = cast.at("2026-03-14 09:00")


def sent(
    customer: Customer,
    *,
    campaign: Campaign | None = None,
    channel: str = "email",
    state: str = "accepted",
    outcome: str = "accepted",
    provider_id: str = "",
    key: str = "birthday:2026",
    **fields: Any,
) -> Attempt:
    """Return the attempt of one message on `channel` whose delivery is in `state`."""
    campaign = campaign or Campaign.objects.first() or cast.live_campaign()
    occasion = Occasion.objects.create(
        campaign=campaign,
        customer=customer,
        key=key,
        due_at=SENT,
        fresh_until=SENT,
        slot_at=SENT,
        channel=channel,
        decision="due",
        decided_at=SENT,
    )
    delivery = Delivery.objects.create(
        occasion=occasion,
        campaign=campaign,
        customer=customer,
        channel=channel,
        state=state,
        not_before=SENT,
        permitted_at=SENT,
        address_key=customer.email_key if channel == "email" else customer.phone_key,
        created_at=SENT,
        **fields,
    )
    return Attempt.objects.create(
        delivery=delivery,
        outcome=outcome,
        provider="sendgrid" if channel == "email" else "twilio",
        provider_id=provider_id,
        recipient=customer.email if channel == "email" else customer.phone,
        text="Merci",
        business_at=SENT,
        started_at=SENT,
    )
