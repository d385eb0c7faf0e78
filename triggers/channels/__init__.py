"""The ways out: one file a provider, chosen by the settings."""

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from campaigns.models import ChannelName
from triggers.channels.channel import Channel
from triggers.channels.message import Message, SendResult, Verdict
from triggers.channels.outbox import Outbox
from triggers.channels.sendgrid import SendGrid
from triggers.channels.smtp import Smtp
from triggers.channels.twilio import Twilio

CHANNELS: tuple[type[Channel], ...] = (SendGrid, Smtp, Twilio, Outbox)

__all__ = ["CHANNELS", "Channel", "Message", "SendResult", "Verdict", "channel_class", "open_channel", "provider_of"]


def provider_of(channel: str) -> str:
    """Return the name of the provider that carries `channel` ("email" or "sms") in this installation."""
    return str(
        {ChannelName.EMAIL: settings.EMAIL_PROVIDER, ChannelName.SMS: settings.SMS_PROVIDER}[ChannelName(channel)]
    )


def channel_class(channel: str) -> type[Channel]:
    """Return the class that carries `channel`; raises ImproperlyConfigured where the settings name none."""
    provider = provider_of(channel)
    for known in CHANNELS:
        if known.provider == provider and channel in known.channels:
            return known
    raise ImproperlyConfigured(f"{provider!r} is no provider for {channel}")


def open_channel(channel: str) -> Channel:
    """Return a new connection to the provider of `channel`, to be closed by the caller; it connects when first used."""
    return channel_class(channel)()
