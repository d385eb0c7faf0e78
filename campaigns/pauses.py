"""Why a campaign stands still, in words: what was seen, and what to do before it is resumed."""

from typing import TYPE_CHECKING, Any

from django.db.models import TextChoices
from django.utils.translation import gettext, gettext_lazy, ngettext

from campaigns.models import Campaign

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise


class PauseReason(TextChoices):
    """What paused a campaign by itself; a person's pause has no reason."""

    EDITED = "edited", gettext_lazy("it was edited after its approval")
    COMPLAINTS = "complaints", gettext_lazy("too many complaints")
    BOUNCES = "bounces", gettext_lazy("too many addresses that do not exist")
    RENDER_FAILURES = "render_failures", gettext_lazy("texts that could not be filled in")
    REFUSALS = "refusals", gettext_lazy("the provider refuses the message itself")
    BACKLOG = "backlog", gettext_lazy("far more messages than usual")


_REMEDIES: dict[str, "StrPromise"] = {
    PauseReason.EDITED: gettext_lazy("Have it approved again."),
    PauseReason.COMPLAINTS: gettext_lazy(
        "Ask yourself who gets this and why it annoys them: narrow the audience or change the words."
    ),
    PauseReason.BOUNCES: gettext_lazy(
        "Look where these addresses come from: an old list, a form without confirmation?"
    ),
    PauseReason.RENDER_FAILURES: gettext_lazy("Mend the text of the gesture: a name or a number is missing for some."),
    PauseReason.REFUSALS: gettext_lazy("Read the provider's answer among the messages, and mend the text."),
    PauseReason.BACKLOG: gettext_lazy(
        "Look whether an import or a rule brought them in. Resume to send them; stop the campaign to drop them."
    ),
}


def pause_reason(campaign: Campaign) -> str:
    """Return why the campaign was paused by itself, short; '' where a person paused it."""
    return str(PauseReason(campaign.paused_for).label) if campaign.paused_for else ""


def pause_sentence(campaign: Campaign) -> str:
    """Return what was seen when the campaign was paused by itself, and what to do; '' where a person paused it."""
    if not campaign.paused_for:
        return ""
    seen = _seen(PauseReason(campaign.paused_for), campaign.paused_facts)
    return " ".join(filter(None, (seen, str(_REMEDIES[campaign.paused_for]))))


def _seen(reason: PauseReason, facts: dict[str, Any]) -> str:
    count = facts.get("count", 0)
    match reason:
        case PauseReason.COMPLAINTS:
            words = ngettext(
                "%(count)d of %(of)d recipients reported it as unwanted; 0.2 %% is the limit.",
                "%(count)d of %(of)d recipients reported it as unwanted; 0.2 %% is the limit.",
                count,
            )
        case PauseReason.BOUNCES:
            words = ngettext(
                "%(count)d of %(of)d addresses does not exist; 5 %% is the limit.",
                "%(count)d of %(of)d addresses do not exist; 5 %% is the limit.",
                count,
            )
        case PauseReason.RENDER_FAILURES:
            words = ngettext(
                "The text could not be filled in for %(count)d of %(of)d customers.",
                "The text could not be filled in for %(count)d of %(of)d customers.",
                count,
            )
        case PauseReason.REFUSALS:
            words = gettext(
                "Within ten minutes the provider refused the message itself to %(count)d customers with one answer: "
                "%(code)s."
            )
        case PauseReason.BACKLOG:
            words = gettext("%(count)d messages wait; a usual day has %(usual)d.")
        case PauseReason.EDITED:
            return ""
    return words % facts
