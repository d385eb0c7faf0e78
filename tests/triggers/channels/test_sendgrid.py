"""SendGrid over HTTP: what we send passes its official schema, and each answer is classed as its table says."""

import json
import time

import pytest
from pytest_django import Settings
from sendgrid.helpers.mail import (
    ClickTracking,
    Content,
    CustomArg,
    From,
    Header,
    Mail,
    OpenTracking,
    Personalization,
    ReplyTo,
    SubscriptionTracking,
    To,
    TrackingSettings,
)

from tests.providers.process import Running
from tests.triggers.channels.conftest import words
from triggers.channels import SendResult, Verdict
from triggers.channels.sendgrid import SendGrid, payload


def test_send_with_every_feature_passes_the_official_schema(sendgrid: Running) -> None:
    message = words()
    result = SendGrid().send(message)
    line = sendgrid.log()[-1]
    assert result == SendResult(Verdict.ACCEPTED, provider_id=line["id"], code="202")
    assert (line["attempt"], line["to"]) == (message.attempt_id.hex, "claire@boutique.test")
    assert line["request"]["headers"] == {
        "List-Unsubscribe": "<https://maison-the.test/u/abc>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


def test_send_with_the_least_passes_the_official_schema(sendgrid: Running) -> None:
    message = words(sender_name="", reply_to="", html="", unsubscribe_url="")
    assert SendGrid().send(message).verdict is Verdict.ACCEPTED


def test_strict_simulator_names_the_fault(sendgrid: Running, settings: Settings) -> None:
    result = SendGrid().send(words(recipient="not an address"))
    assert (result.verdict, result.code) == (Verdict.BAD_ADDRESS, "400")
    assert json.loads(result.detail)["errors"][0]["field"] == "personalizations.0.to.0.email"


def test_payload_equals_what_sendgrids_own_types_build() -> None:
    message = words()
    mail = Mail()
    mail.from_email = From(message.sender, message.sender_name)
    mail.reply_to = ReplyTo(message.reply_to)
    mail.subject = message.subject
    personalization = Personalization()
    personalization.add_to(To(message.recipient))
    personalization.add_custom_arg(CustomArg("attempt_id", message.attempt_id.hex))
    mail.add_personalization(personalization)
    mail.add_content(Content("text/plain", message.text))
    mail.add_content(Content("text/html", message.html))
    mail.add_header(Header("List-Unsubscribe", "<https://maison-the.test/u/abc>"))
    mail.add_header(Header("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"))
    mail.tracking_settings = TrackingSettings(
        click_tracking=ClickTracking(False, False),
        open_tracking=OpenTracking(False),
        subscription_tracking=SubscriptionTracking(False),
    )
    assert payload(message) == mail.get()


@pytest.mark.parametrize(
    ("fault", "verdict"),
    [
        ("429", Verdict.LATER),
        ("400:personalizations.0.to.0.email", Verdict.BAD_ADDRESS),
        ("400:subject", Verdict.BAD_MESSAGE),
        ("400", Verdict.BAD_MESSAGE),
        ("413", Verdict.BAD_MESSAGE),
        ("401", Verdict.SETTINGS),
        ("403", Verdict.SETTINGS),
        ("404", Verdict.SETTINGS),
        ("405", Verdict.SETTINGS),
        ("451", Verdict.SETTINGS),
        ("301", Verdict.SETTINGS),
        ("500", Verdict.UNKNOWN),
        ("503", Verdict.UNKNOWN),
        ("garbage", Verdict.UNKNOWN),
        ("drop", Verdict.UNKNOWN),
        ("reset", Verdict.UNKNOWN),
    ],
)
def test_answer_is_classed(sendgrid: Running, fault: str, verdict: Verdict) -> None:
    sendgrid.misbehave({fault: 1.0})
    assert SendGrid().send(words()).verdict is verdict


@pytest.mark.parametrize("fault", ["500", "drop", "reset", "429"])
def test_call_that_failed_is_made_once(sendgrid: Running, fault: str) -> None:
    sendgrid.misbehave({fault: 1.0})
    before = len(sendgrid.log())
    SendGrid().send(words())
    assert len(sendgrid.log()) - before == (1 if fault == "drop" else 0)


def test_connection_refused_is_surely_unsent(settings: Settings) -> None:
    settings.SENDGRID_HOST = "http://127.0.0.1:9"
    result = SendGrid().send(words())
    assert (result.verdict, result.code) == (Verdict.LATER, "not_sent")


def test_unknown_host_is_surely_unsent(settings: Settings) -> None:
    settings.SENDGRID_HOST = "http://nowhere.invalid"
    assert SendGrid().send(words()).verdict is Verdict.LATER


def test_tls_that_fails_is_surely_unsent(sendgrid: Running, settings: Settings) -> None:
    settings.SENDGRID_HOST = sendgrid.url.replace("http://", "https://")
    assert SendGrid().send(words()).verdict is Verdict.LATER


def test_read_timeout_is_unknown(sendgrid: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("triggers.channels.keepalive.READ_SECONDS", 0.2)
    sendgrid.misbehave({"slow:1": 1.0})
    result = SendGrid().send(words())
    assert (result.verdict, result.code) == (Verdict.UNKNOWN, "no_answer")


def test_too_late_is_not_begun(sendgrid: Running) -> None:
    before = len(sendgrid.log())
    assert SendGrid().send(words(), not_after=time.monotonic() - 1).verdict is Verdict.NOT_BEGUN
    assert len(sendgrid.log()) == before


def test_connection_closed_by_the_other_side_is_not_an_unknown(sendgrid: Running) -> None:
    channel = SendGrid()
    assert channel.send(words()).verdict is Verdict.ACCEPTED
    sendgrid.misbehave({"drop": 1.0})
    assert channel.send(words()).verdict is Verdict.UNKNOWN
    sendgrid.misbehave({})
    assert channel.send(words()).verdict is Verdict.ACCEPTED


def test_idle_connection_is_replaced(sendgrid: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    channel = SendGrid()
    channel.send(words())
    first = channel._connection._socket
    monkeypatch.setattr("triggers.channels.keepalive.IDLE_SECONDS", -1.0)
    assert channel.send(words()).verdict is Verdict.ACCEPTED
    assert channel._connection._socket is not first
