"""Asks providers what became of messages whose answer was lost; not finding one proves nothing and sends nothing."""

import base64
import http.client
import json
import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from campaigns.models import ChannelName
from triggers.callbacks.record import Report, record
from triggers.callbacks.words import Word, sendgrid_word, twilio_word
from triggers.dispatch.result import EVIDENCE
from triggers.models import Attempt, Heartbeat, Outcome, State

logger = logging.getLogger(__name__)

# How long after the call each look-up is made.
AFTER: Final = (timedelta(minutes=2), timedelta(minutes=15), timedelta(minutes=60), timedelta(hours=6))
HEARTBEAT: Final = "lookup"
TIMEOUT_SECONDS: Final = 5.0
# One sweep asks no longer than this; whom it did not come to has the later look-ups.
LONGEST_SECONDS: Final = 40.0
# Twilio names no attempt of ours: a message is the same where number, words and time agree.
_SAME_TIME: Final = timedelta(minutes=5)


def look_up(now: datetime) -> int:
    """Ask after the unknown attempts whose next look-up fell due since the last run; return how many were settled.

    `now` is business time, for what is stored; ages are on the machine's clock. Holds no transaction over the network.
    """
    real_now = timezone.now()
    beat = Heartbeat.objects.filter(name=HEARTBEAT).first()
    last = beat.finished_at if beat else real_now - AFTER[-1]
    end = time.monotonic() + LONGEST_SECONDS
    settled = 0
    for attempt in _due(last, real_now):
        if time.monotonic() > end:
            logger.warning("look-ups are cut short: too many are due")
            break
        report = _ask(attempt, now)
        settled += bool(report and record([report], now))
    Heartbeat.objects.update_or_create(name=HEARTBEAT, defaults={"business_at": now, "finished_at": real_now})
    return settled


def _due(last: datetime, real_now: datetime) -> list[Attempt]:
    """Return the unknown attempts that grew older than one of AFTER between `last` and `real_now`."""
    ripe = Q(pk__in=[])
    for delay in AFTER:
        # An unknown delivery's lease ends EVIDENCE after its call was given up.
        shift = EVIDENCE - delay
        ripe |= Q(delivery__lease_until__gt=last + shift, delivery__lease_until__lte=real_now + shift)
    return list(
        Attempt.objects.filter(
            ripe, outcome=Outcome.UNKNOWN, delivery__state=State.UNKNOWN, provider__in=_PROVIDERS
        ).order_by("started_at")
    )


def _ask(attempt: Attempt, now: datetime) -> Report | None:
    """Return what the provider knows of `attempt`, None where it does not say or cannot be asked."""
    try:
        return _PROVIDERS[attempt.provider](attempt, now)
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError) as error:
        logger.warning("looking up attempt %s failed: %s", attempt.pk, type(error).__name__)
        return None


def _sendgrid(attempt: Attempt, now: datetime) -> Report | None:
    """Ask the Email Activity API (an add-on: others answer 403) for the message that carries our id."""
    query = urlencode({"query": f"unique_args['attempt_id']=\"{attempt.pk.hex}\"", "limit": 1})
    answer = _get(settings.SENDGRID_HOST, f"/v3/messages?{query}", f"Bearer {settings.SENDGRID_API_KEY}")
    for message in (answer or {}).get("messages", []):
        name = {"not_delivered": "dropped"}.get(message["status"], message["status"])
        word = sendgrid_word(name, "")
        return _report(attempt, ChannelName.EMAIL, word, message["msg_id"].partition(".")[0], message["status"], now)
    return None


def _twilio(attempt: Attempt, now: datetime) -> Report | None:
    """List the messages to the number; ours is the one with the same words, made when we called, known to no other."""
    query = urlencode({"To": attempt.recipient, "DateSent>": f"{attempt.started_at - timedelta(days=1):%Y-%m-%d}"})
    user, password = settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN
    credentials = base64.b64encode(f"{user}:{password}".encode()).decode("ascii")
    path = f"/2010-04-01/Accounts/{quote(user, safe='')}/Messages.json?{query}"
    answer = _get(settings.TWILIO_HOST, path, f"Basic {credentials}")
    for message in (answer or {}).get("messages", []):
        made = parsedate_to_datetime(message["date_created"])
        if message["body"] != attempt.text or abs(made - attempt.started_at) > _SAME_TIME:
            continue
        if Attempt.objects.filter(provider_id=message["sid"]).exists():
            continue
        code = str(message.get("error_code") or "")
        word = twilio_word(message["status"], code)
        return _report(attempt, ChannelName.SMS, word, message["sid"], message["status"], now, code=code)
    return None


_PROVIDERS: Final[dict[str, Callable[[Attempt, datetime], Report | None]]] = {
    "sendgrid": _sendgrid,
    "twilio": _twilio,
}


def _report(
    attempt: Attempt,
    channel: ChannelName,
    word: Word | None,
    provider_id: str,
    status: str,
    now: datetime,
    *,
    code: str = "",
) -> Report | None:
    if word is None or word.state is None:
        return None
    return Report(
        provider=attempt.provider,
        channel=channel,
        event_id=f"lookup:{attempt.pk.hex}:{status}",
        word=word,
        occurred_at=now,
        attempt_id=attempt.pk.hex,
        provider_id=provider_id[:120],
        code=code,
        payload={"lookup": status},
    )


def _get(base_url: str, path: str, authorization: str) -> Any:
    """Return the JSON of one GET, None where the answer is not 200. No redirects, no retries."""
    parts = urlsplit(base_url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("GET", path, headers={"Authorization": authorization, "Accept": "application/json"})
        with connection.getresponse() as response:
            body = response.read()
            return json.loads(body) if response.status == 200 else None
    finally:
        connection.close()
