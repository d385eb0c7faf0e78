"""What an operator is told before customers are."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings

from microattentions.checks import settings_checks, world_checks
from tests import cast
from tests.providers.dns import name_server

SAFE = {
    "CLOCK_FILE": "",
    "DEBUG": False,
    "PRODUCTION": True,
    "SECRET_KEY": "x" * 40,
    "SENDGRID_API_KEY": "",
    "SENDGRID_WEBHOOK_PUBLIC_KEY": "",
    "TWILIO_ACCOUNT_SID": "",
    "TWILIO_AUTH_TOKEN": "secret",
    "EMAIL_PROVIDER": "outbox",
    "SMS_PROVIDER": "outbox",
    "SENDING_RATES": {},
    "SMTP_URL": "",
    "RECIPIENT_ALLOW_LIST": [],
    "PUBLIC_URL": "https://gestures.boutique.test",
}


def found(settings: Any, **changes: Any) -> list[str]:
    for name, value in (SAFE | changes).items():
        setattr(settings, name, value)
    return [str(finding.id).removeprefix("microattentions.") for finding in settings_checks()]


def test_checks_of_a_sound_production_find_nothing(settings: Any) -> None:
    assert found(settings) == []


@pytest.mark.parametrize(
    ("changes", "ids"),
    [
        ({"CLOCK_FILE": "/tmp/clock"}, ["E001"]),
        ({"CLOCK_FILE": "/tmp/clock", "PRODUCTION": False}, ["W001"]),
        ({"DEBUG": True, "PRODUCTION": False, "TWILIO_ACCOUNT_SID": "AC1", "RECIPIENT_ALLOW_LIST": ["+33"]}, ["E002"]),
        ({"DEBUG": True}, ["E003"]),
        ({"SECRET_KEY": "short"}, ["E004"]),
        ({"SENDGRID_API_KEY": "SG.x"}, ["W002"]),
        ({"SENDGRID_API_KEY": "SG.x", "SENDGRID_WEBHOOK_PUBLIC_KEY": "MFk"}, []),
        ({"PUBLIC_URL": "http://gestures.boutique.test"}, ["E005"]),
        ({"TWILIO_ACCOUNT_SID": "AC1", "TWILIO_AUTH_TOKEN": ""}, ["E006"]),
        ({"SENDING_RATES": {"email": "fast"}}, ["E007"]),
        ({"EMAIL_PROVIDER": "smtp"}, ["E008"]),
        ({"SMS_PROVIDER": "twilio"}, ["E008"]),
        ({"SMTP_URL": "mail.boutique.test:25"}, ["E009"]),
        ({"DATA_DIR": "/nowhere"}, ["W004"]),
        ({"PRODUCTION": False, "SMTP_URL": "smtp://mail.boutique.test"}, ["W003"]),
    ],
)
def test_checks_of_a_fault_name_it(settings: Any, changes: dict[str, Any], ids: list[str]) -> None:
    assert found(settings, **changes) == ids


def test_production_without_a_secret_does_not_start(tmp_path: Path) -> None:
    env = {name: value for name, value in os.environ.items() if name != "SECRET_KEY"}
    ended = subprocess.run(
        [sys.executable, str(django_settings.BASE_DIR / "manage.py"), "check"],
        env=env | {"PRODUCTION": "1", "DATA_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
    )

    assert ended.returncode != 0
    assert "SECRET_KEY" in ended.stderr


@pytest.mark.django_db
def test_deploy_check_asks_the_broker_and_the_dns(settings: Any) -> None:
    cast.shop()
    settings.REDIS_URL, settings.CHECK_SENDER_DNS = "redis://127.0.0.1:1/0", True
    with name_server({"maison-the.test": "v=spf1 -all"}) as server:
        settings.DNS_SERVER = server
        told = [(finding.id, finding.msg) for finding in world_checks(databases=["default"])]
    assert [(number, text.partition(":")[0]) for number, text in told] == [
        ("microattentions.W005", "The broker at REDIS_URL does not answer."),
        ("microattentions.W006", "maison-the.test has no DKIM key under s1, s2"),
        ("microattentions.W006", "maison-the.test has no DMARC record"),
    ]
    assert [finding.id for finding in world_checks()] == ["microattentions.W005"]
