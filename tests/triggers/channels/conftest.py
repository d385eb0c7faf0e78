"""The simulators, one process each for all tests of this folder, and a message to hand over."""

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from tests.providers.openapi import SENDGRID, TWILIO
from tests.providers.process import Running, running
from triggers.channels import Message

SID = "AC" + "0" * 32
WITHOUT_DATA = "the official OpenAPI files (../shared/data) are not here"


def words(**fields: Any) -> Message:
    """An e-mail with every feature on."""
    values: dict[str, Any] = {
        "attempt_id": uuid.uuid4(),
        "recipient": "claire@boutique.test",
        "sender": "bonjour@maison-the.test",
        "sender_name": "Maison Thé",
        "reply_to": "aide@maison-the.test",
        "subject": "Merci, Zoé, et à très bientôt !",
        "text": "Merci.\nÀ bientôt !",
        "html": "<p>Merci.</p>\n<p>À bientôt !</p>",
        "unsubscribe_url": "https://maison-the.test/u/abc",
    }
    return Message(**values | fields)


def sms(**fields: Any) -> Message:
    """An SMS with every feature on."""
    values: dict[str, Any] = {
        "attempt_id": uuid.uuid4(),
        "recipient": "+33639980001",
        "sender": "+33939980000",
        "text": "Merci Zoé, à bientôt !",
        "valid_seconds": 3600,
    }
    return Message(**values | fields)


@pytest.fixture(scope="session")
def strict_sendgrid(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    if not SENDGRID.exists():
        pytest.skip(WITHOUT_DATA)
    yield from _run("sendgrid", tmp_path_factory.mktemp("sendgrid") / "sent.log", "--strict")


@pytest.fixture(scope="session")
def strict_twilio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    if not TWILIO.exists():
        pytest.skip(WITHOUT_DATA)
    yield from _run("twilio", tmp_path_factory.mktemp("twilio") / "sent.log", "--strict")


@pytest.fixture(scope="session")
def smtp_sink(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    yield from _run("smtp", tmp_path_factory.mktemp("smtp") / "sent.log")


def _run(name: str, log: Path, *options: str) -> Iterator[Running]:
    with running(name, log, *options) as simulator:
        yield simulator


@pytest.fixture
def sendgrid(strict_sendgrid: Running, settings: Settings) -> Iterator[Running]:
    settings.SENDGRID_HOST = strict_sendgrid.url
    settings.SENDGRID_API_KEY = "SG.test"
    yield strict_sendgrid
    strict_sendgrid.misbehave({})


@pytest.fixture
def twilio(strict_twilio: Running, settings: Settings) -> Iterator[Running]:
    settings.TWILIO_HOST = strict_twilio.url
    settings.TWILIO_ACCOUNT_SID = SID
    settings.TWILIO_AUTH_TOKEN = "token"
    settings.PUBLIC_URL = "https://micro.test"
    yield strict_twilio
    strict_twilio.misbehave({})


@pytest.fixture
def smtp(smtp_sink: Running, settings: Settings) -> Running:
    settings.SMTP_URL = f"smtp://127.0.0.1:{smtp_sink.port}"
    return smtp_sink
