"""Twilio's webhooks: statuses of an SMS, and people's STOP, START and HELP."""

import json
from pathlib import Path

import pytest
from django.test import Client
from pytest_django import Settings

from campaigns.models import Consent, Customer, Suppression
from tests import cast
from tests.triggers.callbacks.conftest import TwilioPost
from tests.triggers.messages import sent
from triggers.callbacks.twilio import wish_of
from triggers.models import Attempt, Delivery, DeliveryEvent

pytestmark = pytest.mark.django_db

DATA = Path(__file__).resolve().parents[4] / "shared" / "data"
PUBLISHED = DATA / "api_twilio" / "signature_and_form_vectors.json"
needs_published = pytest.mark.skipif(not PUBLISHED.is_file(), reason=f"Twilio's vectors are not at {PUBLISHED}")
SID = "SM0123456789abcdef0123456789abcdef"
STATUS, INBOUND = "/webhooks/twilio/status", "/webhooks/twilio/inbound"


def status(word: str, code: str = "") -> dict[str, str]:
    form = {"MessageSid": SID, "MessageStatus": word, "To": "+33639980001", "From": "+33939980000"}
    return form | ({"ErrorCode": code} if code else {})


def inbound(body: str, sid: str = SID, **fields: str) -> dict[str, str]:
    return {"MessageSid": sid, "From": "+33639980001", "To": "+33939980000", "Body": body} | fields


def state_of(attempt: Attempt) -> str:
    return Delivery.objects.values_list("state", flat=True).get(pk=attempt.delivery_id)


@needs_published
def test_published_vectors_verify_and_act(settings: Settings) -> None:
    settings.TWILIO_AUTH_TOKEN, settings.PUBLIC_URL = "12345", "https://app.example.test"
    cast.shop()
    someone = cast.customer("someone", phone="+15558675310")
    attempt = sent(someone, channel="sms", provider_id=SID)
    codes = []
    for vector in json.loads(PUBLISHED.read_text())["computed_here_with_twilio_python"]:
        path = vector["url"].removeprefix("https://app.example.test")
        signature = vector["X-Twilio-Signature"]
        forged = ("A" if signature[0] != "A" else "B") + signature[1:]
        assert Client().post(path, vector["params"], headers={"X-Twilio-Signature": forged}).status_code == 403
        response = Client().post(path, vector["params"], headers={"X-Twilio-Signature": signature})
        codes.append(response.status_code)
    assert codes == [204, 204, 200]
    # 30005 (the number does not exist) came after "delivered" and is the later truth.
    assert state_of(attempt) == "bounced"
    assert Suppression.objects.get().reason == "bounced"
    assert Customer.objects.get().sms_marketing is False


@pytest.mark.parametrize("signature", ["", "AAAA", "é", "RSOYDt4T1cUTdK1PDd93/VVr8B8="])
@pytest.mark.parametrize("path", [STATUS, INBOUND, f"{STATUS}/00"])
def test_forged_webhook_is_refused_and_nothing_stored(twilio: TwilioPost, path: str, signature: str) -> None:
    attempt = sent(cast.claire(), channel="sms", provider_id=SID)
    form = inbound("STOP") | status("delivered")
    assert twilio(path, form, signature=signature).status_code == 403
    assert not DeliveryEvent.objects.exists()
    assert (state_of(attempt), Customer.objects.get().sms_marketing) == ("accepted", True)


def test_signature_of_another_address_or_form_is_refused(twilio: TwilioPost, settings: Settings) -> None:
    attempt = sent(cast.claire(), channel="sms", provider_id=SID)
    settings.PUBLIC_URL = "https://elsewhere.test"
    assert twilio(STATUS, status("delivered")).status_code == 403
    assert state_of(attempt) == "accepted"


def test_without_a_token_everything_is_refused(twilio: TwilioPost, settings: Settings) -> None:
    settings.TWILIO_AUTH_TOKEN = ""
    assert twilio(STATUS, status("delivered")).status_code == 403
    assert twilio(INBOUND, inbound("STOP")).status_code == 403


@pytest.mark.parametrize(
    ("word", "code", "state", "reason", "accepts"),
    [
        ("queued", "", "accepted", None, True),
        ("sent", "", "accepted", None, True),
        ("delivered", "", "delivered", None, True),
        ("read", "", "delivered", None, True),
        ("canceled", "", "failed", None, True),
        ("failed", "", "failed", None, True),
        ("undelivered", "30003", "failed", None, True),
        ("undelivered", "30004", "bounced", "bounced", True),
        ("undelivered", "30005", "bounced", "bounced", True),
        ("undelivered", "30006", "bounced", "bounced", True),
        ("undelivered", "30007", "failed", None, True),
        ("failed", "21610", "failed", "stopped", False),
        ("undelivered", "99999", "failed", None, True),
        ("new word", "", "accepted", None, True),
    ],
)
def test_status_has_its_consequence(
    twilio: TwilioPost, word: str, code: str, state: str, reason: str | None, accepts: bool
) -> None:
    attempt = sent(cast.claire(), channel="sms")
    response = twilio(f"{STATUS}/{attempt.pk.hex}", status(word, code))
    assert (response.status_code, response.content) == (204, b"")
    assert state_of(attempt) == state
    assert list(Suppression.objects.values_list("reason", flat=True)) == ([reason] if reason else [])
    assert Customer.objects.get().sms_marketing is accepts
    kept = DeliveryEvent.objects.get()
    assert (kept.attempt_id, kept.event_id, kept.code) == (attempt.pk, f"{SID}:{word}", code)


def test_doubles_and_disorder_end_the_same(twilio: TwilioPost) -> None:
    attempt = sent(cast.claire(), channel="sms", state="unknown", outcome="unknown")
    for word in ("delivered", "sent", "queued", "delivered", "sent"):
        assert twilio(f"{STATUS}/{attempt.pk.hex}", status(word)).status_code == 204
    attempt.refresh_from_db()
    assert (state_of(attempt), attempt.outcome, attempt.provider_id) == ("delivered", "accepted", SID)
    assert DeliveryEvent.objects.count() == 3


def test_status_without_id_or_word_is_a_bad_request(twilio: TwilioPost) -> None:
    assert twilio(STATUS, {"MessageSid": SID}).status_code == 400


def test_word_about_a_message_that_is_not_ours_is_forgotten(twilio: TwilioPost) -> None:
    assert twilio(f"{STATUS}/{'0' * 32}", status("delivered")).status_code == 204
    assert not DeliveryEvent.objects.exists()


@pytest.mark.parametrize(
    ("body", "wish"),
    [
        ("STOP", "stop"),
        ("  stop. ", "stop"),
        ("Stop svp merci", "stop"),
        ("ARRET", "stop"),
        ("Arrêt", "stop"),
        ("ARRE\u0302T", "stop"),
        ("Désabonner", "stop"),
        ("DÉSABONNEMENT !", "stop"),
        ("S.T.O.P", "stop"),
        ("ＳＴＯＰ", "stop"),
        ("STOP ALL", "stop"),
        ("unsubscribe", "stop"),
        ("Fin", "stop"),
        ("START", "start"),
        ("unstop", "start"),
        ("HELP", "help"),
        ("Aide", "help"),
        ("aidé ?", "help"),
        ("La fin du monde", ""),
        ("9", ""),
        ("Merci, parfait !", ""),
        ("Don't stop", ""),
        ("", ""),
        ("👍", ""),
    ],
)
def test_wish_in_any_case_or_accent(body: str, wish: str) -> None:
    assert wish_of(body) == wish


def test_stop_and_start_in_french_name_the_shop(twilio: TwilioPost) -> None:
    cast.shop()
    cast.claire()
    stopped = twilio(INBOUND, inbound("Arrêt", "SM1"))
    assert (stopped.status_code, stopped["Content-Type"]) == (200, "text/xml")
    assert "<Message>Maison Thé" in stopped.content.decode()
    assert Customer.objects.get().sms_marketing is False
    assert Suppression.objects.get().reason == "stopped"
    assert "<Message>Maison Thé" in twilio(INBOUND, inbound("start", "SM2")).content.decode()
    assert Customer.objects.get().sms_marketing is True
    assert not Suppression.objects.exists()


def test_stop_delivered_again_after_a_start_changes_nothing(twilio: TwilioPost) -> None:
    cast.shop()
    cast.claire()
    for body, sid in (("STOP", "SM1"), ("START", "SM2"), ("STOP", "SM1")):
        assert twilio(INBOUND, inbound(body, sid)).status_code == 200
    assert Customer.objects.get().sms_marketing is True
    assert not Suppression.objects.exists()


def test_stop_of_a_number_we_do_not_know_closes_it_all_the_same(twilio: TwilioPost) -> None:
    cast.shop()
    assert twilio(INBOUND, inbound("STOP")).status_code == 200
    assert Suppression.objects.count() == 1


def test_help_answers_and_changes_nothing(twilio: TwilioPost) -> None:
    cast.shop()
    cast.claire()
    before = Consent.objects.count()
    assert "Maison Thé" in twilio(INBOUND, inbound("AIDE")).content.decode()
    assert (Consent.objects.count(), Suppression.objects.count()) == (before, 0)


def test_what_twilio_answered_itself_is_heeded_without_a_second_answer(twilio: TwilioPost) -> None:
    cast.shop()
    cast.claire()
    response = twilio(INBOUND, inbound("pas envie", OptOutType="STOP"))
    assert "<Message>" not in response.content.decode()
    assert Customer.objects.get().sms_marketing is False


def test_any_other_answer_is_left_alone_and_not_kept(twilio: TwilioPost) -> None:
    cast.shop()
    response = twilio(INBOUND, inbound("Merci beaucoup !"))
    assert response.status_code == 200
    assert "<Message>" not in response.content.decode()
    assert not DeliveryEvent.objects.exists()


def test_neither_number_nor_text_of_an_answer_is_kept(twilio: TwilioPost) -> None:
    cast.shop()
    twilio(INBOUND, inbound("STOP svp"))
    kept = str(DeliveryEvent.objects.values().get())
    assert "+33639980001" not in kept
    assert "svp" not in kept


def test_old_token_counts_while_it_is_being_changed(twilio: TwilioPost, settings: Settings) -> None:
    attempt = sent(cast.claire(), channel="sms")
    settings.TWILIO_AUTH_TOKEN, settings.TWILIO_AUTH_TOKEN_FALLBACKS = "the new one", ["12345", ""]
    assert twilio(f"{STATUS}/{attempt.pk.hex}", status("delivered")).status_code == 204
    settings.TWILIO_AUTH_TOKEN_FALLBACKS = [""]
    assert twilio(f"{STATUS}/{attempt.pk.hex}", status("undelivered")).status_code == 403
    assert state_of(attempt) == "delivered"
