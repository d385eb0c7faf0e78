"""A test message: what a customer would receive, sent to the person who asks, by the same provider, never counted."""

import uuid
from datetime import datetime
from typing import Final

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from campaigns.address import address_key
from campaigns.consent import owners
from campaigns.gestures.preview import preview
from campaigns.gestures.render import Rendered
from campaigns.models import Campaign, ChannelName, Customer, Sender, Shop, Variant
from campaigns.moment_kinds import about_order
from triggers.channels import Message, channel_class, open_channel
from triggers.models import TrialMessage

_VALID_SECONDS: Final = 3600


class TrialRefused(Exception):
    """The test cannot be sent; `str()` says why in the active language."""


def send_trial(
    campaign: Campaign, variant: Variant, customer: Customer, *, recipient: str, by: str, now: datetime
) -> TrialMessage:
    """Send `variant` as `customer` would see it to `recipient`, once, and keep what came of it.

    Raises TrialRefused for a text that cannot be rendered, and for an address that is a customer's: a test must never
    reach one.
    """
    _check_recipient(variant.channel, recipient)
    seen = preview(variant, customer, with_order=about_order(campaign.moment))
    if seen.rendered is None:
        raise TrialRefused(" ".join(seen.problems))
    message = _message(variant, seen.rendered, recipient)
    channel = open_channel(variant.channel)
    try:
        result = channel.send(message)
    finally:
        channel.close()
    return TrialMessage.objects.create(
        campaign=campaign,
        channel=variant.channel,
        language=variant.language,
        requested_by=by,
        provider=channel.provider,
        verdict=result.verdict.value,
        code=result.code[:40],
        detail=result.detail,
        recipient=recipient,
        subject=message.subject,
        text=message.text,
        html=message.html,
        sent_at=now,
    )


def _message(variant: Variant, rendered: Rendered, recipient: str) -> Message:
    sender = _sender(variant.language)
    address = sender.email_address if variant.channel == ChannelName.EMAIL else sender.sms_from
    if not address:
        raise TrialRefused(_("The shop has no sender for this channel: add one in its settings."))
    return Message(
        attempt_id=uuid.uuid4(),
        recipient=recipient,
        sender=address,
        sender_name=sender.email_name,
        reply_to=sender.reply_to,
        subject=_("[Test] %(subject)s") % {"subject": rendered.subject} if rendered.subject else "",
        text=rendered.text,
        html=rendered.html,
        valid_seconds=_VALID_SECONDS if variant.channel == ChannelName.SMS else None,
    )


def _check_recipient(channel: str, recipient: str) -> None:
    if channel == ChannelName.EMAIL:
        try:
            validate_email(recipient)
        except ValidationError as error:
            raise TrialRefused(" ".join(error.messages)) from error
    elif not (recipient.startswith("+") and recipient[1:].isdigit() and 7 < len(recipient) <= 16):
        raise TrialRefused(_("Write the phone with its country, like +33639980001."))
    if owners(channel, address_key(recipient)):
        raise TrialRefused(_("This address is a customer's: send the test to yourself."))
    listed = settings.PRODUCTION or not channel_class(channel).reaches_people
    if not (listed or any(_matches(entry, recipient) for entry in settings.RECIPIENT_ALLOW_LIST)):
        raise TrialRefused(_("Outside production only the recipients on the list may be written to."))


def _matches(entry: str, recipient: str) -> bool:
    """Return whether an entry of the list (an address, @domain or +prefix) permits `recipient`."""
    entry, recipient = entry.casefold(), recipient.casefold()
    if entry.startswith("@"):
        return recipient.endswith(entry)
    return recipient.startswith(entry) if entry.startswith("+") else recipient == entry


def _sender(language: str) -> Sender:
    senders = list(Sender.objects.filter(shop=Shop.get()).order_by("pk"))
    if not senders:
        raise TrialRefused(_("The shop has no sender: add one in the shop's settings."))
    return next((sender for sender in senders if sender.language == language), senders[0])
