"""SendGrid's event webhook: signed batches of what became of e-mails."""

import hashlib
import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseForbidden
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from sendgrid.helpers.eventwebhook import EventWebhook, EventWebhookHeader

from campaigns import clock
from campaigns.models import ChannelName
from triggers.callbacks.record import Report, record
from triggers.callbacks.words import sendgrid_word

PROVIDER: Final = "sendgrid"
# SendGrid tries a batch again for a day. Within it a replay changes nothing, because each event is stored once.
REPLAY_WINDOW: Final = timedelta(hours=25)


@csrf_exempt
@require_POST
def events(request: HttpRequest) -> HttpResponse:
    """Take in one batch: 403 and nothing stored unless SendGrid signed these bytes, 204 once they are stored."""
    if not is_signed(request.body, request.headers, real_now=time.time()):
        return HttpResponseForbidden()
    try:
        batch = json.loads(request.body)
    except ValueError:
        return HttpResponseBadRequest()
    if not isinstance(batch, list):
        return HttpResponseBadRequest()
    now = clock.now()
    reports = [report for event in batch if isinstance(event, dict) and (report := read(event, now)) is not None]
    record(reports, now)
    return HttpResponse(status=204)


def is_signed(body: bytes, headers: Mapping[str, str], *, real_now: float) -> bool:
    """Return whether SendGrid signed `body` and its time stamp (ECDSA P-256 over both), not longer ago than the
    replay window of `real_now` (Unix seconds). Without a configured key nothing is; while it is being changed the old
    one counts too."""
    signature = headers.get(EventWebhookHeader.SIGNATURE, "")
    timestamp = headers.get(EventWebhookHeader.TIMESTAMP, "")
    keys = filter(None, (settings.SENDGRID_WEBHOOK_PUBLIC_KEY, *settings.SENDGRID_WEBHOOK_PUBLIC_KEY_FALLBACKS))
    try:
        if not signature or abs(real_now - int(timestamp)) > REPLAY_WINDOW.total_seconds():
            return False
        text = body.decode()
    except ValueError:  # no number, no UTF-8
        return False
    return any(_signed_by(key, text, signature, timestamp) for key in keys)


def _signed_by(public_key: str, text: str, signature: str, timestamp: str) -> bool:
    try:
        return bool(_verifier(public_key).verify_signature(text, signature, timestamp))
    except ValueError:  # no key, no base64
        return False


@lru_cache(maxsize=4)
def _verifier(public_key: str) -> EventWebhook:
    return EventWebhook(public_key)


def read(event: dict[str, Any], now: datetime) -> Report | None:
    """Return one event of a batch in our words; None for what we ignore (opens)."""
    name = str(event.get("event", ""))
    detail = str(event.get("reason" if name.lower() == "dropped" else "type") or "")
    word = sendgrid_word(name, detail)
    if word is None:
        return None
    return Report(
        provider=PROVIDER,
        channel=ChannelName.EMAIL,
        event_id=_event_id(event),
        word=word,
        occurred_at=_instant(event.get("timestamp"), now),
        attempt_id=str(event.get("attempt_id") or ""),
        # "14c5d75ce93.dfd.64b469.filter0001.…": what the send answered as X-Message-Id stands before the filter's name.
        provider_id=str(event.get("sg_message_id") or "").partition(".")[0][:120],
        address=str(event.get("email") or ""),
        code=str(event.get("status") or ""),
        payload=event,
    )


def _event_id(event: dict[str, Any]) -> str:
    """Return SendGrid's own id; for the few events without one, a hash of the whole event."""
    own = event.get("sg_event_id")
    if isinstance(own, str) and 0 < len(own) <= 200:
        return own
    return hashlib.sha256(json.dumps(event, sort_keys=True).encode()).hexdigest()


def _instant(timestamp: Any, now: datetime) -> datetime:
    """Return Unix seconds (or, as some examples have it, milliseconds) as an instant; `now` where it is none."""
    try:
        seconds = float(timestamp)
        return datetime.fromtimestamp(seconds / 1000 if seconds > 1e11 else seconds, UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return now
