"""Scores that people answer by SMS ("9", "9 super"): kept as Answers where our last message to them asked for one."""

import re
import unicodedata
from datetime import datetime, timedelta
from typing import Final

from django.db.models import F

from campaigns.gestures.sms import asks_for_score
from campaigns.ingest.batch import ingest_batch
from campaigns.models import ChannelName
from triggers.callbacks.record import Report, record
from triggers.callbacks.words import ANSWERED
from triggers.models import MAY_HAVE_SPOKEN, Attempt

SURVEY: Final = "nps"
# An answer to a question of longer ago is about something else.
ASKED_WITHIN: Final = timedelta(days=7)
# "9", "9 super", "9/10, merci", "10!" and not "2h de retard", "3,5" or "06 12 34 56 78".
_SCORE: Final = re.compile(r"\s*(10|\d)(?:\s*/\s*10)?(?![\w.,/:'’-]*\d)(?![\w/:'’€$%])[\s.,;:!-]*(.*)", re.DOTALL)
# What a phone puts behind a digit to draw it as a key.
_KEYCAP: Final = re.compile("[\ufe0f\u20e3]")


def score_of(body: str) -> tuple[int, str] | None:
    """Return the score, 0 to 10, with which an SMS begins and the comment behind it; None where it is no score."""
    found = _SCORE.fullmatch(_KEYCAP.sub("", unicodedata.normalize("NFKC", body)))
    return (int(found[1]), found[2].strip()) if found else None


def keep_score(score: int, comment: str, key: str, *, provider: str, sid: str, now: datetime) -> bool:
    """Store the answer of the message `sid`, from the number with address key `key`; return whether it answered us.

    It does where the last SMS to that number, at most a week old, asked for a score. Twice is once.
    """
    asked = (
        Attempt.objects.filter(
            delivery__address_key=key,
            delivery__channel=ChannelName.SMS,
            delivery__state__in=MAY_HAVE_SPOKEN,
            business_at__range=(now - ASKED_WITHIN, now),
        )
        .annotate(customer=F("delivery__customer__external_id"))
        .order_by("-business_at", "-started_at")
        .first()
        if key
        else None
    )
    if asked is None or not asks_for_score(asked.text):
        return False
    item = {
        "type": "answer",
        "id": f"{provider}:{sid}",
        "customer": asked.customer,
        "survey": SURVEY,
        "score": score,
        "comment": comment,
        "answered_at": now.isoformat(),
    }
    # First the answer, then the note that it came: a stop between the two is made up for by Twilio's own repeat.
    ingest_batch([item], now)
    report = Report(
        provider=provider,
        channel=ChannelName.SMS,
        event_id=f"{sid}:received"[:200],
        word=ANSWERED,
        occurred_at=now,
        attempt_id=asked.pk.hex,
    )
    record([report], now)
    return True
