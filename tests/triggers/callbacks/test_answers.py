"""Scores answered by SMS: kept where our last message asked for one, once, whatever comes twice or out of order."""

from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from campaigns.gestures.sms import asks_for_score
from campaigns.models import Answer, Customer, Suppression
from tests import cast
from tests.triggers.callbacks.conftest import TwilioPost
from tests.triggers.callbacks.test_twilio import INBOUND, inbound, state_of
from tests.triggers.messages import SENT, sent
from triggers.callbacks.answers import score_of
from triggers.models import Attempt, DeliveryEvent

pytestmark = pytest.mark.django_db
ASKS = "Votre colis vous plaît ? Répondez par une note de 0 à 10. STOP pour ne plus rien recevoir."


@pytest.fixture(autouse=True)
def soon_after(tmp_path: Path, settings: Settings) -> None:
    """An hour after the message went out."""
    clock = tmp_path / "clock"
    clock.write_text(SENT.replace(hour=SENT.hour + 1).isoformat())
    settings.CLOCK_FILE = str(clock)


def asked(text: str = ASKS, **fields: Any) -> Attempt:
    """An SMS to Claire."""
    attempt = sent(Customer.objects.filter(external_id="claire").first() or cast.claire(), channel="sms", **fields)
    Attempt.objects.filter(pk=attempt.pk).update(text=text)
    return attempt


def answers() -> list[tuple[str, int, str]]:
    return list(Answer.objects.values_list("external_id", "score", "comment"))


@pytest.mark.parametrize(
    ("body", "score"),
    [
        ("9", (9, "")),
        ("9 super", (9, "super")),
        (" 10 ! génial", (10, "génial")),
        ("0", (0, "")),
        ("9/10, merci", (9, "merci")),
        ("9️⃣", (9, "")),
        ("９", (9, "")),
        ("8 - bof", (8, "bof")),
        ("9\nvraiment", (9, "vraiment")),
        ("9 stop", (9, "stop")),
        ("11", None),
        ("100", None),
        ("9.5", None),
        ("3,5", None),
        ("2h de retard", None),
        ("5€ c'est cher", None),
        ("06 12 34 56 78", None),
        ("2026-01-01", None),
        ("Merci 9", None),
        ("STOP", None),
        ("", None),
    ],
)
def test_score_at_the_beginning(body: str, score: tuple[int, str] | None) -> None:
    assert score_of(body) == score


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        (ASKS, True),
        ("How was it, 0-10?", True),
        ("from 0 (no) to 10 (yes)", True),
        ("Merci, et à bientôt !", False),
        ("10 euros offerts", False),
        ("De 10 à 100 points", False),
        ("0,10 € offert", False),
    ],
)
def test_text_that_asks(text: str, asks: bool) -> None:
    assert asks_for_score(text) is asks


def test_score_becomes_the_customers_answer(twilio: TwilioPost) -> None:
    attempt = asked()
    response = twilio(INBOUND, inbound("9 super", "SM9"))
    assert (response.status_code, "<Message>" in response.content.decode()) == (200, False)
    answer = Answer.objects.get()
    assert (answer.external_id, answer.survey, answer.score, answer.comment) == ("twilio:SM9", "nps", 9, "super")
    assert (answer.customer.external_id, answer.answered_at) == ("claire", SENT.replace(hour=SENT.hour + 1))
    assert state_of(attempt) == "delivered"
    kept = DeliveryEvent.objects.get()
    assert (kept.kind, kept.attempt_id, kept.payload) == ("answered", attempt.pk, {})


def test_answer_posted_twice_is_one(twilio: TwilioPost) -> None:
    asked()
    for _post in range(3):
        assert twilio(INBOUND, inbound("9", "SM9")).status_code == 200
    assert answers() == [("twilio:SM9", 9, "")]
    assert DeliveryEvent.objects.count() == 1


def test_second_thought_is_a_second_answer(twilio: TwilioPost) -> None:
    asked()
    twilio(INBOUND, inbound("9", "SM1"))
    twilio(INBOUND, inbound("4 finalement", "SM2"))
    assert answers() == [("twilio:SM1", 9, ""), ("twilio:SM2", 4, "finalement")]


def test_number_after_a_message_that_asked_nothing_is_no_answer(twilio: TwilioPost) -> None:
    asked("Merci, et à bientôt !")
    twilio(INBOUND, inbound("9"))
    assert (answers(), DeliveryEvent.objects.count()) == ([], 0)


def test_only_the_last_message_counts(twilio: TwilioPost) -> None:
    asked(key="first")
    later = asked("Merci, et à bientôt !", key="second")
    Attempt.objects.filter(pk=later.pk).update(business_at=SENT.replace(minute=30))
    twilio(INBOUND, inbound("9"))
    assert answers() == []


@pytest.mark.parametrize("state", ["planned", "failed", "skipped"])
def test_message_that_never_went_out_asked_nothing(twilio: TwilioPost, state: str) -> None:
    asked(state=state)
    twilio(INBOUND, inbound("9"))
    assert answers() == []


def test_old_question_is_not_answered(twilio: TwilioPost) -> None:
    attempt = asked()
    Attempt.objects.filter(pk=attempt.pk).update(business_at=SENT.replace(day=1))
    twilio(INBOUND, inbound("9"))
    assert answers() == []


def test_score_of_a_stranger_is_not_kept(twilio: TwilioPost) -> None:
    asked()
    twilio(INBOUND, inbound("9", From="+33639989999"))
    assert answers() == []


def test_score_with_stop_behind_it_is_both(twilio: TwilioPost) -> None:
    cast.shop()
    asked()
    for _post in range(2):
        assert "Maison Thé" in twilio(INBOUND, inbound("3 STOP", "SM3")).content.decode()
    assert answers() == [("twilio:SM3", 3, "STOP")]
    assert Customer.objects.get().sms_marketing is False
    assert Suppression.objects.get().reason == "stopped"


def test_forged_score_is_refused(twilio: TwilioPost) -> None:
    asked()
    assert twilio(INBOUND, inbound("9"), signature="AAAA").status_code == 403
    assert answers() == []
