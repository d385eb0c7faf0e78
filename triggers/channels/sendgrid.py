"""E-mail by SendGrid's v3 Mail Send, over a kept-alive connection of our own."""

import math
from functools import lru_cache
from typing import Any, ClassVar, Final

import msgspec
from django.conf import settings
from sendgrid.helpers.mail import (
    ClickTracking,
    From,
    Mail,
    OpenTracking,
    ReplyTo,
    SubscriptionTracking,
    TrackingSettings,
)

from campaigns.models import ChannelName
from triggers.channels.channel import Channel
from triggers.channels.keepalive import AmbiguousError, KeepAlive, NotBegunError, NotSentError, Reply
from triggers.channels.message import Message, SendResult, Verdict
from triggers.links import unsubscribe_headers

PATH: Final = "/v3/mail/send"

# Statuses not listed: 2xx and 5xx are ambiguous, 3xx a matter of settings, 4xx this message's own fault.
VERDICTS: Final[dict[int, Verdict]] = {
    202: Verdict.ACCEPTED,
    401: Verdict.SETTINGS,
    403: Verdict.SETTINGS,
    404: Verdict.SETTINGS,
    405: Verdict.SETTINGS,
    408: Verdict.UNKNOWN,
    429: Verdict.LATER,
    451: Verdict.SETTINGS,
}
_BY_HUNDRED: Final[dict[int, Verdict]] = {3: Verdict.SETTINGS, 4: Verdict.BAD_MESSAGE}


class SendGrid(Channel):
    """SendGrid. Its own client opens a connection a call and has no time-out, so only its types are used."""

    provider: ClassVar[str] = "sendgrid"
    channels: ClassVar[tuple[ChannelName, ...]] = (ChannelName.EMAIL,)

    def __init__(self) -> None:
        self._connection = KeepAlive(settings.SENDGRID_HOST)
        self._headers = {
            "Authorization": f"Bearer {settings.SENDGRID_API_KEY}",
            "Content-Type": "application/json",
            "Accept": "application/json",
        }

    def send(self, message: Message, *, not_after: float = math.inf) -> SendResult:
        """POST `message` once and class the answer."""
        body = msgspec.json.encode(payload(message))
        try:
            reply = self._connection.post(PATH, self._headers, body, not_after=not_after)
        except NotBegunError:
            return SendResult(Verdict.NOT_BEGUN)
        except NotSentError as error:
            return SendResult(Verdict.LATER, code="not_sent", detail=str(error))
        except AmbiguousError as error:
            return SendResult(Verdict.UNKNOWN, code="no_answer", detail=str(error))
        return classify(reply)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


def classify(reply: Reply) -> SendResult:
    """Return what SendGrid's answer means. A 400 that names `to` is the address's fault, not the message's."""
    detail = reply.body[:500].decode("utf-8", "replace")
    verdict = VERDICTS.get(reply.status) or _BY_HUNDRED.get(reply.status // 100, Verdict.UNKNOWN)
    if reply.status == 400 and any(_names_recipient(field) for field in _fields(reply.body)):
        verdict = Verdict.BAD_ADDRESS
    if verdict is Verdict.ACCEPTED:
        return SendResult(verdict, provider_id=reply.headers.get("x-message-id", "")[:120], code="202")
    return SendResult(verdict, code=str(reply.status), detail=detail)


def _names_recipient(field: str) -> bool:
    return field.startswith("personalizations.") and "to" in field.split(".")


def _fields(body: bytes) -> list[str]:
    try:
        return [error.field or "" for error in msgspec.json.decode(body, type=_Errors).errors]
    except msgspec.DecodeError:
        return []


class _Error(msgspec.Struct):
    field: str | None = None


class _Errors(msgspec.Struct):
    errors: list[_Error]


def payload(message: Message) -> dict[str, Any]:
    """Return the request's JSON: the sender's frame, built once by SendGrid's own types, and this message in it."""
    content = [{"type": "text/plain", "value": message.text}]
    if message.html:
        content.append({"type": "text/html", "value": message.html})
    body = _frame(message.sender, message.sender_name, message.reply_to) | {
        "subject": message.subject,
        "content": content,
        # custom_args at the top level are a string in the official schema; inside personalizations they are an object.
        "personalizations": [
            {"to": [{"email": message.recipient}], "custom_args": {"attempt_id": message.attempt_id.hex}}
        ],
    }
    if message.unsubscribe_url:
        body["headers"] = unsubscribe_headers(message.unsubscribe_url)
    return body


@lru_cache(maxsize=64)
def _frame(sender: str, sender_name: str, reply_to: str) -> dict[str, Any]:
    mail = Mail(from_email=From(sender, sender_name or None))
    if reply_to:
        mail.reply_to = ReplyTo(reply_to)
    # Clicks are counted by our own links; opens are not tracked without the reader's consent.
    mail.tracking_settings = TrackingSettings(
        click_tracking=ClickTracking(False, False),
        open_tracking=OpenTracking(False),
        subscription_tracking=SubscriptionTracking(False),
    )
    frame: dict[str, Any] = mail.get()
    return frame
