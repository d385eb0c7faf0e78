"""Several dispatchers over one queue, and a provider that fails in every way: nobody is written to twice."""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.db import connection, connections
from pytest_django import Settings

from campaigns.models import Campaign
from tests.providers.process import Running, running
from tests.triggers.dispatch.scene import NOON, due, states
from triggers.dispatch import dispatch
from triggers.models import Attempt, Delivery, Outcome, State

MANY = 120


@pytest.fixture
def sendgrid(tmp_path: Path, settings: Settings) -> Iterator[Running]:
    settings.EMAIL_PROVIDER = "sendgrid"
    settings.SENDGRID_API_KEY = "SG.test"
    settings.RECIPIENT_ALLOW_LIST = ["@maison-the.test"]
    with running("sendgrid", tmp_path / "sent.log") as simulator:
        settings.SENDGRID_HOST = simulator.url
        yield simulator


def in_threads(count: int, job: Callable[[], object]) -> None:
    """Run `job` several times at once, each with its own database connection."""

    def one() -> None:
        try:
            job()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(count) as pool:
        for running_job in [pool.submit(one) for _job in range(count)]:
            running_job.result()


@pytest.mark.skipif(
    connection.vendor != "postgresql", reason="SQLite's tests run in memory; tests/system/test_kills.py has several"
)
@pytest.mark.django_db(transaction=True)
def test_four_dispatchers_send_each_message_once(sendgrid: Running, settings: Settings) -> None:
    settings.DISPATCH_BATCH = 10
    due(MANY)
    in_threads(4, lambda: dispatch(NOON))
    assert states() == {"accepted": MANY}
    assert Counter(line["to"] for line in sendgrid.log()) == {f"buyer-{n}@maison-the.test": 1 for n in range(MANY)}


@pytest.mark.django_db(transaction=True)
def test_provider_that_fails_in_every_way_hears_of_nobody_twice(sendgrid: Running, settings: Settings) -> None:
    settings.DISPATCH_BATCH = 10
    due(MANY)
    sendgrid.misbehave({"429": 0.15, "500": 0.02, "drop": 0.02, "reset": 0.02, "garbage": 0.02, "400:subject": 0.1})
    now = NOON
    for _tick in range(40):
        dispatch(now)
        # Three refusals of the message itself pause the campaign; somebody looks and resumes it.
        Campaign.objects.update(status=Campaign.Status.LIVE, watched_since=now)
        waiting = Delivery.objects.filter(state=State.PLANNED).order_by("not_before").first()
        if waiting is None:
            break
        now = max(now, waiting.not_before)
    taken = Counter(line["to"] for line in sendgrid.log())
    assert max(taken.values()) == 1
    assert set(states()) <= {"accepted", "unknown", "failed"}
    accepted = set(Delivery.objects.filter(state=State.ACCEPTED).values_list("customer__email", flat=True))
    unknown = set(Delivery.objects.filter(state=State.UNKNOWN).values_list("customer__email", flat=True))
    assert accepted <= taken.keys() <= accepted | unknown
    assert Attempt.objects.exclude(outcome=Outcome.REFUSED).count() == MANY
    assert Attempt.objects.filter(outcome=Outcome.REFUSED).exists()
