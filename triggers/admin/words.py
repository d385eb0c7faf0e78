"""Decisions, states and reasons in words, with the mood they are shown in."""

from typing import Final

from django.utils.safestring import SafeString

from campaigns.admin.display import pill
from triggers.models import Decision, State

_DECISION_MOODS: Final = {Decision.DUE: "good", Decision.HELD_OUT: "calm", Decision.SKIPPED: ""}
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


def decision_pill(decision: str) -> SafeString:
    """Return an occasion's decision as a pill."""
    return pill(Decision(decision).label, _DECISION_MOODS[Decision(decision)])


def state_pill(state: str) -> SafeString:
    """Return a delivery's state as a pill."""
    return pill(State(state).label, _STATE_MOODS.get(State(state), ""))
