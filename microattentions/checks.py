"""System checks with ids: what an operator should hear before customers do. `manage.py check --deploy` shows them."""

import os
from collections.abc import Callable, Sequence
from typing import Any, Final

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

from campaigns.models import Sender
from campaigns.sender_dns import dns_problems
from microattentions.health import broker_state
from triggers.channels.smtp_server import server
from triggers.dispatch.rates import faults as rate_faults

Finding = CheckMessage | None


def clock_file() -> Finding:
    """A clock file belongs to simulations: with it, birthdays come when the file says so."""
    if not settings.CLOCK_FILE:
        return None
    text = "Business time is read from CLOCK_FILE."
    hint = "Unset CLOCK_FILE: it is for simulations and tests."
    return Error(text, hint=hint, id="microattentions.E001") if settings.PRODUCTION else warning(text, hint, "W001")


def debug_with_live_keys() -> Finding:
    """Debug pages show settings and personal data; they must never stand beside keys that reach people."""
    if not (settings.DEBUG and live_keys()):
        return None
    return Error(
        f"DEBUG is on and {' and '.join(live_keys())} is set.",
        hint="Turn DEBUG off, or unset the provider's key.",
        id="microattentions.E002",
    )


def debug_in_production() -> Finding:
    """The same in production, with or without keys."""
    if settings.DEBUG and settings.PRODUCTION:
        return Error("DEBUG is on in production.", hint="Unset DEBUG.", id="microattentions.E003")
    return None


def weak_secret() -> Finding:
    """The secret signs links and logins; a short one can be guessed."""
    if settings.PRODUCTION and len(settings.SECRET_KEY) < 32:
        return Error(
            "SECRET_KEY is shorter than 32 characters.",
            hint='Make one: python -c "import secrets; print(secrets.token_urlsafe(48))"',
            id="microattentions.E004",
        )
    return None


def unsigned_callbacks() -> Finding:
    """Without the public key no SendGrid callback is believed: bounces and complaints would go unheard."""
    if settings.SENDGRID_API_KEY and not settings.SENDGRID_WEBHOOK_PUBLIC_KEY:
        return warning(
            "SENDGRID_API_KEY is set without SENDGRID_WEBHOOK_PUBLIC_KEY.",
            "Turn on the signed event webhook in SendGrid and set its public key; see docs/operator.md.",
            "W002",
        )
    return None


def plain_public_url() -> Finding:
    """RFC 8058 wants HTTPS for one-click unsubscribing, and mailbox providers check it."""
    if settings.PRODUCTION and not settings.PUBLIC_URL.startswith("https://"):
        return Error(
            "PUBLIC_URL does not begin with https://.",
            hint="Set PUBLIC_URL to the address under which customers reach this server.",
            id="microattentions.E005",
        )
    return None


def nobody_on_the_list() -> Finding:
    """Outside production a real provider writes to listed recipients only; an empty list holds back everybody."""
    if live_keys() and not settings.PRODUCTION and not settings.RECIPIENT_ALLOW_LIST:
        return warning(
            f"{' and '.join(live_keys())} is set outside production, and RECIPIENT_ALLOW_LIST is empty.",
            "List the addresses, @domains or +prefixes that may be written to, or set PRODUCTION.",
            "W003",
        )
    return None


def twilio_without_token() -> Finding:
    """Without the token Twilio refuses every message, and no STOP is believed."""
    if settings.TWILIO_ACCOUNT_SID and not settings.TWILIO_AUTH_TOKEN:
        return Error(
            "TWILIO_ACCOUNT_SID is set without TWILIO_AUTH_TOKEN.",
            hint="Set TWILIO_AUTH_TOKEN: it sends messages, and proves that callbacks are Twilio's.",
            id="microattentions.E006",
        )
    return None


def rates() -> Finding:
    """A rate that cannot be read would be no rate at all."""
    faults = rate_faults()
    hint = "Write it like email=100,email:domain=20,sms:sender=10: messages a second."
    return Error(f"SENDING_RATES: {'; '.join(faults)}.", hint=hint, id="microattentions.E007") if faults else None


def provider_keys() -> Finding:
    """A provider that was named needs what it is reached by."""
    needed = {"sendgrid": "SENDGRID_API_KEY", "smtp": "SMTP_URL", "twilio": "TWILIO_ACCOUNT_SID"}
    for provider in (settings.EMAIL_PROVIDER, settings.SMS_PROVIDER):
        name = needed.get(provider)
        if name and not getattr(settings, name):
            text = f"{provider} is to carry messages, and {name} is not set."
            return Error(text, hint=f"Set {name}.", id="microattentions.E008")
    return None


def smtp_url() -> Finding:
    """An address that cannot be read would fail with the first mail."""
    try:
        if settings.SMTP_URL:
            server(settings.SMTP_URL)
    except ValueError as error:
        return Error(str(error), hint="Write a # or @ in the password as %23 or %40.", id="microattentions.E009")
    return None


def data_folder() -> Finding:
    """The epoch is kept there: by it a restored backup is told (triggers/epoch.py)."""
    if not os.access(settings.DATA_DIR, os.W_OK):
        return warning(f"DATA_DIR ({settings.DATA_DIR}) cannot be written to.", "Give it to this user.", "W004")
    return None


CHECKS: Final[tuple[Callable[[], Finding], ...]] = (
    clock_file,
    debug_with_live_keys,
    debug_in_production,
    weak_secret,
    unsigned_callbacks,
    plain_public_url,
    nobody_on_the_list,
    twilio_without_token,
    rates,
    provider_keys,
    smtp_url,
    data_folder,
)


def live_keys() -> list[str]:
    """Return the names of the settings by which messages can leave this machine."""
    return [name for name in ("SENDGRID_API_KEY", "TWILIO_ACCOUNT_SID", "SMTP_URL") if getattr(settings, name)]


def warning(text: str, hint: str, number: str) -> CheckMessage:
    """Return a warning under our prefix."""
    return Warning(text, hint=hint, id=f"microattentions.{number}")


@register("microattentions")
def settings_checks(**_kwargs: Any) -> list[CheckMessage]:
    """Return what the checks found."""
    return [finding for check in CHECKS if (finding := check()) is not None]


@register("microattentions", deploy=True)
def world_checks(*, databases: Sequence[str] | None = None, **_kwargs: Any) -> list[CheckMessage]:
    """Return what is wrong beyond this process: asked for by `check --deploy` alone, because it takes seconds.

    The senders' domains are read from the database where `--database default` permits.
    """
    found: list[CheckMessage] = []
    if broker_state() != "ok":
        text = "The broker at REDIS_URL does not answer."
        found.append(warning(text, "Start it, or mend REDIS_URL: until then only beat's ticks send.", "W005"))
    if settings.CHECK_SENDER_DNS and databases:
        problems = dns_problems(Sender.objects.values_list("email_address", flat=True))
        hint = "Until then mailbox providers distrust your mail, and no e-mail campaign can be launched."
        found += [warning(problem, hint, "W006") for problem in problems]
    return found
