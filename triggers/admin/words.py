"""Decisions, states and reasons in words, with the mood they are shown in."""

from typing import Final

from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from campaigns.admin.display import pill
from triggers.models import Decision, State

_DECISION_MOODS: Final = {
    Decision.DUE: "good",
    Decision.HELD_OUT: "calm",
    Decision.GLOBAL: "calm",
    Decision.SKIPPED: "",
    Decision.WOULD_SEND: "warn",
    Decision.WOULD_HOLD: "warn",
}
_STATE_MOODS: Final = {
    State.ACCEPTED: "good",
    State.DELIVERED: "good",
    State.BOUNCED: "bad",
    State.FAILED: "bad",
    State.QUARANTINED: "bad",
    State.UNKNOWN: "warn",
    State.UNCONFIRMED: "warn",
    State.PLANNED: "calm",
    State.CLAIMED: "calm",
    State.SENDING: "calm",
}

# Guards, and what the fire permit, the composer and the sweeper say of a message that did not go.
REASONS: Final = {
    "no_address": _("no address for any of the channels"),
    "no_consent": _("no consent"),
    "suppressed": _("the address asked for silence, or does not exist"),
    "no_text": _("no text in the customer's language"),
    "not_on_list": _("not on the list of permitted recipients"),
    "daily_cap": _("the dose: already written to that day"),
    "weekly_cap": _("the dose: enough in 7 days"),
    "monthly_cap": _("the dose: enough in 30 days"),
    "commercial_cap": _("the dose: enough commercial messages in 30 days"),
    "survey_cap": _("the dose: asked in a survey of late"),
    "absorbed": _("another gesture that says more goes instead"),
    "in_trouble": _("the customer is in trouble: a ticket, a parcel, a return, or a low score"),
    "quiet_hours": _("quiet hours, a public holiday or a blackout day"),
    "stale": _("the moment had passed"),
    "missed": _("the moment came and went while the system was down"),
    "all_stop": _("sending was stopped"),
    "channel_stop": _("sending on this channel was stopped"),
    "campaign_paused": _("the campaign was paused"),
    "condition_gone": _("the moment's condition no longer holds"),
    "duplicate_address": _("the same address, under another customer"),
    "render_failed": _("the text could not be filled in for this customer"),
    "no_sender": _("the shop has no sender for this channel"),
    "campaign_ended": _("the campaign had ended"),
    "three_claims": _("preparing it failed three times"),
    "bad_address": _("the address does not exist"),
    "bad_message": _("the provider refused the message itself"),
    "opted_out": _("the customer said no to the provider"),
    "restored": _("perhaps sent already by the database that was lost"),
    "sms_budget": _("the day's SMS budget is spent"),
    "rate": _("its turn comes: not faster than the provider takes them"),
    "provider_paused": _("the provider is paused"),
    "address_changed": _("the customer's address has just changed"),
}


def reason_words(reason: str) -> str:
    """Return a reason in words; one that has none yet, as it is kept."""
    return str(REASONS.get(reason, reason.replace("_", " ")))


def decision_pill(decision: str) -> SafeString:
    """Return an occasion's decision as a pill."""
    return pill(Decision(decision).label, _DECISION_MOODS[Decision(decision)])


def state_pill(state: str) -> SafeString:
    """Return a delivery's state as a pill."""
    return pill(State(state).label, _STATE_MOODS.get(State(state), ""))
