"""Answers posted by the shop: a detractor's brings the event of the follow-up once, anybody else's brings none."""

from datetime import timedelta

import pytest

from campaigns.answers import DETRACTOR_EVENT, record_answer
from campaigns.ingest.batch import ingest_batch
from campaigns.models import Answer, Event
from tests import cast

pytestmark = pytest.mark.django_db
NOW = cast.at("2026-03-14 09:00")


def item(number: int, score: int, survey: str = "nps") -> dict[str, object]:
    told = {"type": "answer", "id": f"a-{number}", "customer": f"c-{number}", "survey": survey, "score": score}
    return told | {"answered_at": (NOW - timedelta(days=number)).isoformat()}


def test_only_detractors_of_the_nps_are_followed_up_and_once() -> None:
    items = [item(number, score) for number, score in enumerate((0, 6, 7, 10))] + [item(9, 1, "csat")]
    for _again in range(2):
        ingest_batch(items, NOW)
    events = Event.objects.order_by("customer__external_id")
    assert [
        (event.customer.external_id, event.name, event.properties["score"]) for event in events if event.customer
    ] == [
        ("c-0", DETRACTOR_EVENT, 0),
        ("c-1", DETRACTOR_EVENT, 6),
    ]
    assert [event.occurred_at for event in events] == [NOW, NOW - timedelta(days=1)]


@pytest.mark.parametrize("score", [-1, 11])
def test_a_score_beyond_the_scale_is_refused(score: int) -> None:
    with pytest.raises(ValueError, match="no score of 0 to 10"):
        record_answer(cast.claire(), "a-1", score=score, comment="", now=NOW)
    assert not Answer.objects.exists()
