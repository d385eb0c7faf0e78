"""Not faster than the settings say: those that must wait come back at their own time, without Redis more slowly."""

import threading
import time
from pathlib import Path
from typing import Any

import pytest

from campaigns.models import Customer
from tests.providers.broker import broker
from tests.triggers.dispatch.scene import NOON, due, states
from triggers import redis_link
from triggers.dispatch import dispatch, rates
from triggers.models import Delivery

__all__ = ["broker"]
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fresh() -> None:
    """No line of another test, and no pause after its failures."""
    rates._own_lines.clear()
    redis_link._silent_until = 0.0


def waits() -> list[float]:
    """For how many seconds each delivery that was put off waits, in order."""
    put_off = Delivery.objects.filter(reason="rate").order_by("not_before").values_list("not_before", flat=True)
    return [(at - NOON).total_seconds() for at in put_off]


@pytest.mark.usefixtures("broker")
def test_what_is_beyond_a_seconds_worth_waits_for_its_place(settings: Any) -> None:
    settings.SENDING_RATES = {"email": "4"}
    due(10)
    assert dispatch(NOON) == 5
    assert states() == {"accepted": 5, "planned": 5}
    assert waits() == pytest.approx([1.25, 1.5, 1.75, 2.0, 2.25], abs=0.26)


@pytest.mark.usefixtures("broker")
def test_what_has_waited_goes_without_asking_again(settings: Any) -> None:
    settings.SENDING_RATES = {"email": "4"}
    due(10)
    dispatch(NOON)
    last = Delivery.objects.latest("not_before").not_before
    # The line is full of others by then.
    rates._waits([[("email:outbox", 100.0)]])
    assert dispatch(last) == 5
    assert states() == {"accepted": 10}


@pytest.mark.usefixtures("broker")
def test_place_that_was_not_taken_is_lost(settings: Any) -> None:
    settings.SENDING_RATES = {"email": "1"}
    due(4)
    dispatch(NOON)
    assert len(waits()) == 2
    rates._waits([[("email:outbox", 100.0)]])
    assert dispatch(NOON.replace(hour=13)) == 0


@pytest.mark.usefixtures("broker")
def test_each_domain_has_a_line_of_its_own(settings: Any) -> None:
    settings.SENDING_RATES = {"email:domain": "1"}
    due(4)
    Customer.objects.filter(external_id="buyer-3").update(email="buyer-3@gmail.test")
    assert dispatch(NOON) == 3
    assert len(waits()) == 1


@pytest.mark.usefixtures("broker")
def test_workers_share_the_lines(settings: Any) -> None:
    settings.SENDING_RATES = {"email": "2"}
    due(6)
    dispatch(NOON, limit=2)
    dispatch(NOON)
    assert states() == {"accepted": 3, "planned": 3}


def test_without_redis_a_process_goes_at_a_tenth_of_the_rate(settings: Any) -> None:
    settings.SENDING_RATES, settings.REDIS_URL = {"email": "20"}, "redis://127.0.0.1:1/0"
    due(6)
    assert dispatch(NOON) == 3
    assert waits() == pytest.approx([1.5, 2.0, 2.5], abs=0.26)


def test_without_rates_nobody_waits() -> None:
    due(40)
    assert dispatch(NOON) == 40


def test_worker_stays_for_those_whose_turn_comes_in_a_moment(settings: Any, tmp_path: Path) -> None:
    settings.SENDING_RATES = {"email": "40"}
    due(8)
    # Real time: five go at once, the others within a second.
    now = Delivery.objects.earliest("not_before").not_before
    clock = tmp_path / "clock"
    clock.write_text(NOON.isoformat())
    assert now <= NOON
    settings.CLOCK_FILE = str(clock)

    def goes_on() -> None:
        time.sleep(0.5)
        clock.write_text(NOON.replace(minute=1).isoformat())

    later = threading.Thread(target=goes_on)
    later.start()
    assert dispatch() == 8
    later.join()


def test_faults_of_the_setting_are_named(settings: Any) -> None:
    settings.SENDING_RATES = {"email": "5", "emial": "5", "sms": "none", "sms:sender": "-1"}
    assert rates.faults() == [
        "'emial' is not one of email, email:sender, email:domain, sms, sms:sender",
        "sms is no positive number",
        "sms:sender is no positive number",
    ]
