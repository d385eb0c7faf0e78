"""An answer that a customer gives on our page or by SMS, and the event by which a campaign follows up on a bad one."""

import hashlib
from collections.abc import Collection
from datetime import datetime
from functools import partial
from typing import Final

from django.db import transaction

from campaigns import bell
from campaigns.bell import Fact
from campaigns.ingest.rows import insert_new
from campaigns.models import Answer, Customer, Event

NPS: Final = "nps"
DETRACTOR: Final = 6
PROMOTER: Final = 9
# A campaign can be triggered on it, with `score` and `commented` among its properties.
DETRACTOR_EVENT: Final = "nps_detractor"
LONGEST_COMMENT: Final = 5_000


def record_answer(
    customer: Customer, answer_id: str, *, score: int, comment: str, now: datetime, survey: str = NPS
) -> Answer:
    """Store one answer of 0 to 10, or correct the one stored under `answer_id`; an empty comment leaves the old one.

    Raises ValueError for another score. A person may change their mind on the page, so that, unlike a fact that the
    shop posts, the last word counts; the follow-up event of a detractor happens once.
    """
    if not 0 <= score <= 10:
        raise ValueError(f"{score} is no score of 0 to 10")
    told = {"customer": customer, "survey": survey, "score": score, "answered_at": now, "recorded_at": now}
    said = {"comment": comment.replace("\0", "").strip()[:LONGEST_COMMENT]} if comment.strip() else {}
    with transaction.atomic():
        answer, _created = Answer.objects.update_or_create(external_id=answer_id, defaults=told | said)
        follow_up([answer_id], now)
        transaction.on_commit(partial(bell.ring, [customer.pk], {Fact.ANSWER: now}))
    return answer


def follow_up(answer_ids: Collection[str], now: datetime) -> None:
    """Store, once an answer, the event that its customer is a detractor; an answer that is none brings nothing."""
    unhappy = Answer.objects.filter(external_id__among=answer_ids, survey=NPS, score__lte=DETRACTOR)
    insert_new(
        Event,
        [
            {
                # A hash: an id of 200 characters leaves no room for a prefix, and the shop's own ids must not be hit.
                "external_id": f"{DETRACTOR_EVENT}:{hashlib.sha256(answer.external_id.encode()).hexdigest()}",
                "customer_id": answer.customer_id,
                "name": DETRACTOR_EVENT,
                "occurred_at": answer.answered_at,
                "properties": {"score": answer.score, "commented": bool(answer.comment)},
                "recorded_at": now,
            }
            for answer in unhappy
        ],
        key=("external_id",),
    )
