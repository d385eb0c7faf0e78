"""Each stop button, pressed while a worker is in the middle of its queue: within five seconds nothing leaves."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.db import connection, connections
from pytest_django import Settings

from campaigns import launch
from campaigns.models import Campaign, Shop
from campaigns.stop import stop
from tests.providers.process import Running, running
from tests.triggers.dispatch.scene import NOON, due, states
from triggers.dispatch import dispatch
from triggers.models import Delivery, State

MANY = 200


@pytest.fixture
def sendgrid(tmp_path: Path, settings: Settings) -> Iterator[Running]:
    """A provider that takes a tenth of a second a message, and a worker that calls it twice at once."""
    settings.EMAIL_PROVIDER, settings.SENDGRID_API_KEY = "sendgrid", "SG.test"
    settings.RECIPIENT_ALLOW_LIST = ["@maison-the.test"]
    settings.DISPATCH_CONNECTIONS = 2
    with running("sendgrid", tmp_path / "sent.log") as simulator:
        settings.SENDGRID_HOST = simulator.url
        simulator.misbehave({"slow:0.1": 1.0})
        yield simulator


BUTTONS: dict[str, Callable[[], None]] = {
    "all_stop": lambda: stop(True, by="marie", now=NOON),
    "channel_stop": lambda: stop(True, channel="email", by="marie", now=NOON),
    "campaign_paused": lambda: launch.pause(Campaign.objects.get(), by="marie", now=NOON),
}


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite's tests run in memory: no second connection")
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("button", BUTTONS)
def test_button_stops_a_worker_in_the_middle_of_its_queue(sendgrid: Running, button: str) -> None:
    def work() -> None:
        try:
            dispatch(NOON)
        finally:
            connections.close_all()

    due(MANY)
    with ThreadPoolExecutor(1) as pool:
        worker = pool.submit(work)
        while not sendgrid.log():
            time.sleep(0.02)
        pressed = time.monotonic()
        BUTTONS[button]()
        worker.result(timeout=5)
    assert time.monotonic() - pressed < 5
    taken = len(sendgrid.log())
    assert 0 < taken < MANY
    assert states() == {"accepted": taken, "planned": MANY - taken}
    time.sleep(0.5)
    assert dispatch(NOON) == 0
    assert len(sendgrid.log()) == taken


@pytest.mark.django_db
def test_stopped_channel_waits_and_the_others_go_on() -> None:
    due(2, channels=("email", "sms"))
    Shop.objects.update(stopped_channels=["sms"])
    Delivery.objects.filter(pk=Delivery.objects.latest("pk").pk).update(channel="sms")
    assert dispatch(NOON) == 1
    assert states() == {"accepted": 1, "planned": 1}
    stop(False, channel="sms", by="marie", now=NOON)
    assert Shop.get().stopped_channels == []
    assert dispatch(NOON) == 1


@pytest.mark.django_db
def test_channel_stopped_after_the_message_was_claimed_holds_it_at_the_permit() -> None:
    from triggers.dispatch.claim import claim
    from triggers.dispatch.compose import Composer
    from triggers.dispatch.permit import permit

    due(1)
    batch = claim(NOON, channels=["email"], size=9)
    drafts, misfits = Composer(batch, NOON).compose(batch)
    stop(True, channel="email", by="marie", now=NOON)
    assert permit(drafts, misfits, NOON) == []
    assert (Delivery.objects.get().state, Delivery.objects.get().reason) == (State.PLANNED, "channel_stop")
