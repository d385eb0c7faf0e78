"""What a channel is handed and what it hands back: the words of one message, and one verdict about one call."""

import re
from dataclasses import dataclass
from enum import Enum
from typing import Final, NamedTuple
from uuid import UUID

# Anything here inside a header would let a customer's name write headers of its own.
_BREAKS: Final = re.compile(r"[\r\n\x00]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One rendered message, complete: a channel looks nothing up.

    `recipient` is an e-mail address or an E.164 phone. `sender` is an e-mail address, or an SMS number or name.
    `unsubscribe_url` is the RFC 8058 one-click address ('' for a service message and for SMS). `valid_seconds` is how
    long an SMS provider may hold it. Raises ValueError where a header would hold a line break, or anything a character
    that cannot be stored or sent.
    """

    attempt_id: UUID
    recipient: str
    sender: str
    text: str
    sender_name: str = ""
    reply_to: str = ""
    subject: str = ""
    html: str = ""
    unsubscribe_url: str = ""
    valid_seconds: int | None = None

    def __post_init__(self) -> None:
        headers = (self.recipient, self.sender, self.sender_name, self.reply_to, self.subject, self.unsubscribe_url)
        header = "".join(headers)
        if _BREAKS.search(header):
            raise ValueError("a header holds a line break")
        if "\0" in self.text or "\0" in self.html:
            raise ValueError("the text holds a NUL")
        # Half of a surrogate pair fits a str, but neither a database nor a mail; raises UnicodeEncodeError.
        (header + self.text + self.html).encode()


class Verdict(Enum):
    """What an answer means for us; each provider maps its own words to these by a table."""

    ACCEPTED = "accepted"
    NOT_BEGUN = "not_begun"  # too long after the permit: nothing was asked of the provider
    LATER = "later"  # surely unsent, nothing is wrong with the message: back off
    SETTINGS = "settings"  # surely unsent, and every other message would fare the same: tell the operator
    BAD_ADDRESS = "bad_address"
    BAD_MESSAGE = "bad_message"
    OPTED_OUT = "opted_out"
    UNKNOWN = "unknown"  # it may have been sent: never again by itself


class SendResult(NamedTuple):
    """One call's verdict, the provider's own id of the message, and its words (`code`, `detail`) as it said them."""

    verdict: Verdict
    provider_id: str = ""
    code: str = ""
    detail: str = ""
