"""System checks with ids: what an operator should hear before customers do. `manage.py check --deploy` shows them."""

from collections.abc import Callable
from typing import Any, Final

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

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


CHECKS: Final[tuple[Callable[[], Finding], ...]] = (
    clock_file,
    debug_with_live_keys,
    debug_in_production,
    weak_secret,
    unsigned_callbacks,
    plain_public_url,
    nobody_on_the_list,
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
