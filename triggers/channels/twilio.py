"""SMS by Twilio's own client library, over a kept-alive connection of ours."""

import base64
import math
from typing import Any, ClassVar, Final
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.urls import reverse
from twilio.base.exceptions import TwilioException, TwilioRestException, TwilioServiceException
from twilio.http import HttpClient
from twilio.http.response import Response
from twilio.rest import Client

from campaigns.models import ChannelName
from triggers.channels.channel import Channel
from triggers.channels.keepalive import AmbiguousError, KeepAlive, NotBegunError, NotSentError
from triggers.channels.message import Message, SendResult, Verdict

# Twilio's error codes; one not listed goes by its HTTP status.
VERDICTS: Final[dict[int, Verdict]] = {
    20429: Verdict.LATER,
    21611: Verdict.LATER,  # the sender's queue is full
    21211: Verdict.BAD_ADDRESS,
    21614: Verdict.BAD_ADDRESS,
    21612: Verdict.BAD_MESSAGE,
    21617: Verdict.BAD_MESSAGE,
    21610: Verdict.OPTED_OUT,
    20003: Verdict.SETTINGS,
    10001: Verdict.SETTINGS,
    20404: Verdict.SETTINGS,
    21212: Verdict.SETTINGS,  # the sender is no number or name of ours
    21408: Verdict.SETTINGS,
    21603: Verdict.SETTINGS,
    21606: Verdict.SETTINGS,
    21659: Verdict.SETTINGS,
    30002: Verdict.SETTINGS,
    # Twilio says of this one that a retry may send twice.
    20500: Verdict.UNKNOWN,
}
_BY_STATUS: Final[dict[int, Verdict]] = {
    401: Verdict.SETTINGS,
    403: Verdict.SETTINGS,
    404: Verdict.SETTINGS,
    405: Verdict.SETTINGS,
    408: Verdict.UNKNOWN,
    429: Verdict.LATER,
}
_BY_HUNDRED: Final[dict[int, Verdict]] = {3: Verdict.SETTINGS, 4: Verdict.BAD_MESSAGE}
_LONGEST_VALIDITY: Final = 36_000


class _OneCall(HttpClient):  # type: ignore[misc]
    """Carries the library's requests over one kept-alive connection, never twice."""

    def __init__(self) -> None:
        super().__init__(None, False, None)
        self.connection = KeepAlive(settings.TWILIO_HOST)
        self.not_after = 0.0

    def request(
        self,
        method: str,
        uri: str,
        params: dict[str, object] | None = None,  # noqa: ARG002
        data: dict[str, object] | None = None,
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,  # noqa: ARG002
        allow_redirects: bool = False,  # noqa: ARG002
    ) -> Response:
        """POST the form; raises what KeepAlive.post raises."""
        assert method == "POST"
        user, password = auth or ("", "")
        credentials = base64.b64encode(f"{user}:{password}".encode()).decode("ascii")
        reply = self.connection.post(
            urlsplit(uri).path,
            (headers or {}) | {"Authorization": f"Basic {credentials}"},
            urlencode(data or {}, doseq=True).encode("ascii"),
            not_after=self.not_after,
        )
        return Response(reply.status, reply.body.decode("utf-8", "replace"))


class Twilio(Channel):
    """Twilio's Messages resource."""

    provider: ClassVar[str] = "twilio"
    channels: ClassVar[tuple[ChannelName, ...]] = (ChannelName.SMS,)

    def __init__(self) -> None:
        self._http = _OneCall()
        self._client = Client(
            # Without a token Twilio answers 401, which is a matter of settings; the library would raise instead.
            settings.TWILIO_ACCOUNT_SID or "not-set",
            settings.TWILIO_AUTH_TOKEN or "not-set",
            http_client=self._http,
        )
        self._client.api.base_url = settings.TWILIO_HOST

    def send(self, message: Message, *, not_after: float = math.inf) -> SendResult:
        """POST `message` once and class the answer."""
        self._http.not_after = not_after
        try:
            sent = self._client.messages.create(**form(message))
        except NotBegunError:
            return SendResult(Verdict.NOT_BEGUN)
        except NotSentError as error:
            return SendResult(Verdict.LATER, code="not_sent", detail=str(error))
        except AmbiguousError as error:
            return SendResult(Verdict.UNKNOWN, code="no_answer", detail=str(error))
        except (TwilioRestException, TwilioServiceException) as error:
            return classify(error.status, error.code, str(getattr(error, "msg", error)))
        except (TwilioException, ValueError, LookupError, TypeError, AttributeError) as error:
            # A 2xx that the library cannot read: the message is on its way, or it is not.
            return SendResult(Verdict.UNKNOWN, code="unreadable", detail=type(error).__name__)
        if not sent.sid:
            return SendResult(Verdict.UNKNOWN, code="unreadable")
        return SendResult(Verdict.ACCEPTED, provider_id=sent.sid, code="201")

    def close(self) -> None:
        """Close the connection."""
        self._http.connection.close()


def form(message: Message) -> dict[str, Any]:
    """Return the arguments of `messages.create` for `message`."""
    by = "messaging_service_sid" if message.sender.startswith("MG") and len(message.sender) == 34 else "from_"
    callback = f"{settings.PUBLIC_URL}{reverse('triggers:twilio-status', args=[message.attempt_id.hex])}"
    fields: dict[str, Any] = {"to": message.recipient, by: message.sender, "body": message.text}
    fields["status_callback"] = callback
    if message.valid_seconds is not None:
        fields["validity_period"] = max(1, min(message.valid_seconds, _LONGEST_VALIDITY))
    return fields


def classify(status: int, code: int | None, words: str) -> SendResult:
    """Return what a refusal with HTTP `status` and Twilio's own `code` means."""
    by_status = _BY_STATUS.get(status) or _BY_HUNDRED.get(status // 100, Verdict.UNKNOWN)
    verdict = by_status if status >= 500 else VERDICTS.get(code or 0, by_status)
    return SendResult(verdict, code=str(code or status), detail=words[:500])
