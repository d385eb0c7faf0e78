"""May this customer be written to on this channel at all: address, consent, suppression, text, staging list."""

from typing import Any, Final

from django.conf import settings
from django.db.models import Exists, OuterRef, Q

from campaigns.gestures.variants import has_text
from campaigns.models import ChannelName, GestureTemplate, Suppression
from triggers.channels import channel_class
from triggers.guards.guard import Guard, Setting, address_field

_CONSENT: Final = {ChannelName.EMAIL: "email_marketing", ChannelName.SMS: "sms_marketing"}


def _has_address(_setting: Setting, channel: str, path: str) -> Q:
    return ~Q(**{f"{path}{address_field(channel)}": ""})


def _consented(setting: Setting, channel: str, path: str) -> Q:
    if setting.campaign.gesture.purpose == GestureTemplate.Purpose.SERVICE:
        return Q()  # a word about the customer's own order needs no consent to marketing
    return Q(**{f"{path}{_CONSENT[ChannelName(channel)]}": True})


def _not_suppressed(_setting: Setting, channel: str, path: str) -> Any:
    address = OuterRef(f"{path}{address_field(channel)}_key")
    return ~Exists(Suppression.objects.filter(channel=channel, address_key=address))


def _has_text(setting: Setting, channel: str, path: str) -> Q:
    return has_text(setting.campaign.gesture, channel, setting.shop, prefix=path)


def _on_list(_setting: Setting, channel: str, path: str) -> Q:
    """Outside production, a provider that reaches people writes only to addresses, @domains and +prefixes listed."""
    if settings.PRODUCTION or not channel_class(channel).reaches_people:
        return Q()
    field = f"{path}{address_field(channel)}"
    listed = Q(pk__in=[])
    for entry in settings.RECIPIENT_ALLOW_LIST:
        match = "iendswith" if entry.startswith("@") else "startswith" if entry.startswith("+") else "iexact"
        listed |= Q(**{f"{field}__{match}": entry})
    return listed


NO_ADDRESS: Final = Guard("no_address", _has_address)
NO_CONSENT: Final = Guard("no_consent", _consented)
SUPPRESSED: Final = Guard("suppressed", _not_suppressed)
NO_TEXT: Final = Guard("no_text", _has_text)
NOT_ON_LIST: Final = Guard("not_on_list", _on_list)
