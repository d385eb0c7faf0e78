"""Twilio over HTTP: what we send passes its official schema, and each answer is classed as its table says."""

import time

import pytest
from pytest_django import Settings

from tests.providers.process import Running
from tests.triggers.channels.conftest import sms
from triggers.channels import SendResult, Verdict
from triggers.channels.twilio import Twilio


def test_send_with_every_feature_passes_the_official_schema(twilio: Running) -> None:
    message = sms()
    result = Twilio().send(message)
    line = twilio.log()[-1]
    assert result == SendResult(Verdict.ACCEPTED, provider_id=line["id"], code="201")
    assert line["request"] == {
        "To": "+33639980001",
        "From": "+33939980000",
        "Body": "Merci Zoé, à bientôt !",
        "StatusCallback": f"https://micro.test/webhooks/twilio/status/{message.attempt_id.hex}",
        "ValidityPeriod": "3600",
    }


def test_send_by_a_messaging_service_passes_the_official_schema(twilio: Running) -> None:
    service = "MG" + "0" * 32
    assert Twilio().send(sms(sender=service, valid_seconds=None)).verdict is Verdict.ACCEPTED
    request = twilio.log()[-1]["request"]
    assert (request["MessagingServiceSid"], "From" in request, "ValidityPeriod" in request) == (service, False, False)


@pytest.mark.parametrize(("seconds", "sent"), [(-5, "1"), (0, "1"), (90_000, "36000")])
def test_validity_keeps_to_what_twilio_takes(twilio: Running, seconds: int, sent: str) -> None:
    Twilio().send(sms(valid_seconds=seconds))
    assert twilio.log()[-1]["request"]["ValidityPeriod"] == sent


@pytest.mark.parametrize(
    ("fault", "verdict"),
    [
        ("429:20429", Verdict.LATER),
        ("400:21611", Verdict.LATER),
        ("400:21211", Verdict.BAD_ADDRESS),
        ("400:21614", Verdict.BAD_ADDRESS),
        ("400:21612", Verdict.BAD_MESSAGE),
        ("400:21617", Verdict.BAD_MESSAGE),
        ("400:21999", Verdict.BAD_MESSAGE),
        ("400:21610", Verdict.OPTED_OUT),
        ("401:20003", Verdict.SETTINGS),
        ("400:10001", Verdict.SETTINGS),
        ("400:21606", Verdict.SETTINGS),
        ("400:21408", Verdict.SETTINGS),
        ("400:30002", Verdict.SETTINGS),
        ("404:20404", Verdict.SETTINGS),
        ("500:20500", Verdict.UNKNOWN),
        ("400:20500", Verdict.UNKNOWN),
        ("503", Verdict.UNKNOWN),
        ("garbage", Verdict.UNKNOWN),
        ("drop", Verdict.UNKNOWN),
        ("reset", Verdict.UNKNOWN),
    ],
)
def test_answer_is_classed(twilio: Running, fault: str, verdict: Verdict) -> None:
    twilio.misbehave({fault: 1.0})
    assert Twilio().send(sms()).verdict is verdict


def test_refusal_keeps_twilios_own_code_and_words(twilio: Running) -> None:
    twilio.misbehave({"400:21211": 1.0})
    result = Twilio().send(sms())
    assert (result.code, result.detail) == ("21211", "Unable to create record: simulated")


def test_connection_refused_is_surely_unsent(twilio: Running, settings: Settings) -> None:
    settings.TWILIO_HOST = "http://127.0.0.1:9"
    assert Twilio().send(sms()).verdict is Verdict.LATER


def test_missing_token_is_a_matter_of_settings(twilio: Running, settings: Settings) -> None:
    settings.TWILIO_AUTH_TOKEN = ""
    twilio.misbehave({"401:20003": 1.0})
    assert Twilio().send(sms()).verdict is Verdict.SETTINGS


def test_too_late_is_not_begun(twilio: Running) -> None:
    before = len(twilio.log())
    assert Twilio().send(sms(), not_after=time.monotonic() - 1).verdict is Verdict.NOT_BEGUN
    assert len(twilio.log()) == before
