"""Providers' words and what they mean here: tables, no ladders of ifs."""

from dataclasses import dataclass
from typing import Final

from campaigns.models import Suppression
from triggers.models import State

Reason = Suppression.Reason


@dataclass(frozen=True, slots=True)
class Word:
    """What one word of a provider means.

    `kind` is what DeliveryEvent keeps. `state` is what it proves of the delivery. `closes` is the reason for which the
    address is never written to again, and `refusal` says that this was the person's own wish. `soft` ones close the
    address only when they come from several messages (record.py).
    """

    kind: str
    state: State | None = None
    closes: Reason | None = None
    refusal: bool = False
    soft: bool = False


ACCEPTED: Final = Word("accepted", State.ACCEPTED)
DELIVERED: Final = Word("delivered", State.DELIVERED)
DEFERRED: Final = Word("deferred", State.ACCEPTED, soft=True)
BLOCKED: Final = Word("blocked", State.BOUNCED, soft=True)
BOUNCED: Final = Word("bounced", State.BOUNCED, closes=Reason.BOUNCED)
UNREACHABLE: Final = Word("unreachable", State.FAILED, soft=True)
FAILED: Final = Word("failed", State.FAILED)
# A person who complains or leaves from a message has received it.
COMPLAINED: Final = Word("complained", State.DELIVERED, closes=Reason.COMPLAINED, refusal=True)
UNSUBSCRIBED: Final = Word("unsubscribed", State.DELIVERED, closes=Reason.UNSUBSCRIBED, refusal=True)
STOPPED: Final = Word("stopped", State.FAILED, closes=Reason.STOPPED, refusal=True)
# Recorded and nothing else: only the person's START or somebody at the shop opens an address again.
RESUBSCRIBED: Final = Word("resubscribed")
CLICKED: Final = Word("clicked", State.DELIVERED)
# Who answers a message has received it.
ANSWERED: Final = Word("answered", State.DELIVERED)
OTHER: Final = Word("other")

# SendGrid's `event` in lower case; opens are not kept at all: nobody is tracked reading without their own consent.
IGNORED: Final = frozenset({"open"})
SENDGRID: Final[dict[str, Word]] = {
    "processed": ACCEPTED,
    "deferred": DEFERRED,
    "delivered": DELIVERED,
    "bounce": BOUNCED,
    "bounce/blocked": BLOCKED,
    "blocked": BLOCKED,
    "dropped": FAILED,
    "dropped/bounced address": Word("dropped", State.BOUNCED, closes=Reason.BOUNCED),
    "dropped/invalid": Word("dropped", State.BOUNCED, closes=Reason.BOUNCED),
    "dropped/spam reporting address": Word("dropped", State.FAILED, closes=Reason.COMPLAINED, refusal=True),
    "dropped/unsubscribed address": Word("dropped", State.FAILED, closes=Reason.UNSUBSCRIBED, refusal=True),
    "click": CLICKED,
    "spamreport": COMPLAINED,
    "unsubscribe": UNSUBSCRIBED,
    "group_unsubscribe": UNSUBSCRIBED,
    "group_resubscribe": RESUBSCRIBED,
}

# Twilio's `MessageStatus`, and its `ErrorCode` where it came to nothing.
TWILIO: Final[dict[str, Word]] = {
    "accepted": ACCEPTED,
    "scheduled": ACCEPTED,
    "queued": ACCEPTED,
    "sending": ACCEPTED,
    "sent": ACCEPTED,
    "delivered": DELIVERED,
    "read": DELIVERED,
    "undelivered": FAILED,
    "failed": FAILED,
    "canceled": FAILED,
    "21610": STOPPED,
    "30001": UNREACHABLE,
    "30003": UNREACHABLE,
    "30004": BOUNCED,
    "30005": BOUNCED,
    "30006": BOUNCED,
    "30007": FAILED,  # filtered by the carrier: the message's fault, not the number's
    "30008": UNREACHABLE,
}
SOFT_KINDS: Final = frozenset(word.kind for word in (*SENDGRID.values(), *TWILIO.values()) if word.soft)


def sendgrid_word(event: str, detail: str) -> Word | None:
    """Return what SendGrid's `event` means, `detail` being its bounce type or drop reason; None for what we ignore."""
    event = event.lower()
    if event in IGNORED:
        return None
    return SENDGRID.get(f"{event}/{detail.lower()}") or SENDGRID.get(event, OTHER)


def twilio_word(status: str, error_code: str) -> Word:
    """Return what Twilio's `status` means, more exactly by its error code where that is known."""
    word = TWILIO.get(status.lower(), OTHER)
    return TWILIO.get(error_code, word) if word is FAILED else word
