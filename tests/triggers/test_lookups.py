"""Looking up messages whose answer was lost: what the provider knows settles them, nothing else does."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from django.utils import timezone
from pytest_django import Settings

from tests.providers.process import Running, running
from tests.triggers.dispatch.scene import NOON, due, states
from triggers.dispatch import dispatch
from triggers.dispatch.result import EVIDENCE
from triggers.lookups import AFTER, look_up
from triggers.models import Attempt, Delivery, Heartbeat, State

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture
def sendgrid(tmp_path: Path, settings: Settings) -> Iterator[Running]:
    settings.EMAIL_PROVIDER, settings.SENDGRID_API_KEY = "sendgrid", "SG.test"
    settings.RECIPIENT_ALLOW_LIST = ["@maison-the.test", "+3363998"]
    with running("sendgrid", tmp_path / "sent.log") as simulator:
        settings.SENDGRID_HOST = simulator.url
        yield simulator


@pytest.fixture
def twilio(tmp_path: Path, settings: Settings) -> Iterator[Running]:
    settings.SMS_PROVIDER, settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN = "twilio", "AC" + "0" * 32, "t"
    settings.RECIPIENT_ALLOW_LIST = ["+3363998"]
    with running("twilio", tmp_path / "sent.log") as simulator:
        settings.TWILIO_HOST = simulator.url
        yield simulator


def grow_older(age: timedelta, *, looked: timedelta) -> None:
    """Let the unknown calls have been given up `age` ago, and the last look-ups made `looked` ago."""
    now = timezone.now()
    Delivery.objects.filter(state=State.UNKNOWN).update(lease_until=now - age + EVIDENCE)
    Heartbeat.objects.update_or_create(name="lookup", defaults={"business_at": NOON, "finished_at": now - looked})


def lost(provider: Running, fault: str, count: int = 1, **fields: Any) -> None:
    """`count` messages due, each handed over once without an answer."""
    due(count, **fields)
    provider.misbehave({fault: 1.0})
    dispatch(NOON)
    provider.misbehave({})
    assert states() == {"unknown": count}


def test_message_that_sendgrid_knows_is_settled(sendgrid: Running) -> None:
    lost(sendgrid, "drop", 2)
    grow_older(AFTER[0] + MINUTE / 2, looked=MINUTE)
    assert look_up(NOON) == 2
    assert states() == {"delivered": 2}
    accepted = Attempt.objects.filter(outcome="accepted")
    assert set(accepted.values_list("provider_id", flat=True)) == {line["id"] for line in sendgrid.log()}


def test_message_that_twilio_knows_is_settled(twilio: Running) -> None:
    lost(twilio, "drop", 2, channels=("sms",))
    grow_older(AFTER[0] + MINUTE / 2, looked=MINUTE)
    assert look_up(NOON) == 2
    assert states() == {"delivered": 2}
    accepted = Attempt.objects.filter(outcome="accepted")
    assert set(accepted.values_list("provider_id", flat=True)) == {line["id"] for line in twilio.log()}


def test_other_message_to_the_same_number_is_no_evidence(twilio: Running) -> None:
    lost(twilio, "drop", channels=("sms",))
    Attempt.objects.update(text="Something else")
    grow_older(AFTER[0] + MINUTE / 2, looked=MINUTE)
    assert (look_up(NOON), states()) == (0, {"unknown": 1})


def test_not_finding_it_proves_nothing_and_sends_nothing(sendgrid: Running) -> None:
    lost(sendgrid, "reset")
    for delay in AFTER:
        grow_older(delay + MINUTE / 2, looked=MINUTE)
        assert look_up(NOON) == 0
    dispatch(NOON + timedelta(hours=1))
    assert (states(), sendgrid.log()) == ({"unknown": 1}, [])


@pytest.mark.parametrize(
    ("age", "looked", "asked"),
    [
        (timedelta(minutes=1), timedelta(hours=1), False),
        (timedelta(minutes=2, seconds=30), MINUTE, True),
        (timedelta(minutes=4), MINUTE, False),
        (timedelta(minutes=15, seconds=30), MINUTE, True),
        (timedelta(minutes=59), MINUTE, False),
        (timedelta(minutes=60, seconds=30), MINUTE, True),
        (timedelta(hours=6, seconds=30), MINUTE, True),
        (timedelta(hours=7), MINUTE, False),
        (timedelta(hours=20), timedelta(days=2), True),
    ],
)
def test_look_ups_are_made_four_times(sendgrid: Running, age: timedelta, looked: timedelta, asked: bool) -> None:
    lost(sendgrid, "drop")
    grow_older(age, looked=looked)
    assert look_up(NOON) == asked


def test_account_that_may_not_look_changes_nothing(sendgrid: Running) -> None:
    lost(sendgrid, "drop")
    requests.put(f"{sendgrid.url}/_mode", json={"may_look": False}, timeout=5)
    grow_older(AFTER[0] + MINUTE / 2, looked=MINUTE)
    assert (look_up(NOON), states()) == (0, {"unknown": 1})


def test_provider_out_of_reach_stops_no_sweep(sendgrid: Running, settings: Settings) -> None:
    lost(sendgrid, "drop")
    settings.SENDGRID_HOST = "http://127.0.0.1:1"
    grow_older(AFTER[0] + MINUTE / 2, looked=MINUTE)
    assert (look_up(NOON), states()) == (0, {"unknown": 1})
    assert Heartbeat.objects.get(name="lookup").business_at == NOON
