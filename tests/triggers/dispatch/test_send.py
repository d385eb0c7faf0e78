"""Several connections: a slow message holds its own alone; a database that goes away after a call."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.db.models.functions import Now

from campaigns.models import Customer
from tests.providers.process import Running, running
from tests.triggers.dispatch.scene import NOON, due, states
from triggers import sweeper
from triggers.dispatch import dispatch, drain, send
from triggers.models import Attempt, Delivery

_SLOW_SECOND = 345
pytestmark = pytest.mark.django_db(transaction=True)
on_postgresql = pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no connection to cut")


@pytest.fixture
def sendgrid(tmp_path: Path, settings: Any) -> Iterator[Running]:
    settings.EMAIL_PROVIDER = "sendgrid"
    settings.SENDGRID_API_KEY = "SG.test"
    settings.RECIPIENT_ALLOW_LIST = ["@maison-the.test"]
    with running("sendgrid", tmp_path / "sent.log") as simulator:
        settings.SENDGRID_HOST = simulator.url
        yield simulator


def test_slow_messages_do_not_hold_the_others(sendgrid: Running, settings: Any) -> None:
    settings.DISPATCH_CONNECTIONS, settings.DISPATCH_BATCH = 4, 10
    due(60)
    # Drawn with this seed: the second message is answered late, and none of the others.
    sendgrid.misbehave({"slow:3": 0.01}, seed=_SLOW_SECOND)
    dispatch(NOON)
    log = sendgrid.log()
    assert states() == {"accepted": 60}
    assert len(log) == 60
    # A batch is ten: more than two of them went out while it hung.
    assert sum(line["at"] < log[1]["at"] + 3 for line in log) > 25


@pytest.fixture
def smtp(tmp_path: Path, settings: Any) -> Iterator[Running]:
    settings.EMAIL_PROVIDER = "smtp"
    settings.RECIPIENT_ALLOW_LIST = ["@maison-the.test"]
    with running("smtp", tmp_path / "sent.log") as sink:
        settings.SMTP_URL = f"smtp://127.0.0.1:{sink.port}"
        yield sink


def test_slow_message_in_a_pipeline_does_not_hold_the_others(smtp: Running, settings: Any) -> None:
    settings.DISPATCH_CONNECTIONS, settings.DISPATCH_BATCH = 4, 20
    due(60)
    # In the second batch, when one connection is enough.
    Customer.objects.filter(external_id="buyer-30").update(email="slow-4@maison-the.test")
    dispatch(NOON)
    log = smtp.log()
    assert states() == {"accepted": 60}
    assert len({line["to"] for line in log}) == len(log) == 60
    slow = next(line["at"] for line in log if line["to"] == "slow-4@maison-the.test")
    assert max(line["at"] for line in log) < slow + 3


def test_connection_lost_in_a_pipeline_leaves_one_unknown(smtp: Running, settings: Any) -> None:
    settings.DISPATCH_CONNECTIONS = 1
    due(6)
    Customer.objects.filter(external_id="buyer-2").update(email="drop@maison-the.test")
    Customer.objects.filter(external_id="buyer-4").update(email="answer-550@maison-the.test")
    dispatch(NOON)
    # The one behind the lost connection is surely unsent, and has its turn in half a minute.
    assert states() == {"accepted": 3, "unknown": 1, "planned": 1, "failed": 1}
    dispatch(NOON + timedelta(minutes=1))
    assert states() == {"accepted": 4, "unknown": 1, "failed": 1}
    assert len({line["to"] for line in smtp.log()}) == len(smtp.log()) == 5


def test_what_no_connection_is_free_for_goes_back_unsent(sendgrid: Running, settings: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(send, "BEGIN_SECONDS", 0.3)
    settings.DISPATCH_CONNECTIONS, settings.DISPATCH_BATCH = 2, 10
    due(12)
    sendgrid.misbehave({"slow:1.2": 1.0})
    dispatch(NOON, seconds=1)
    stood = states()
    assert stood.pop("accepted") == len(sendgrid.log()) <= 6
    assert stood.keys() == {"planned"}
    assert {attempt.code for attempt in Attempt.objects.filter(outcome="refused")} == {""}
    sendgrid.misbehave({})
    monkeypatch.undo()
    dispatch(NOON)
    assert states() == {"accepted": 12}
    assert len({line["to"] for line in sendgrid.log()}) == len(sendgrid.log()) == 12


def once_called(sendgrid: Running, action: Callable[[], None]) -> threading.Thread:
    """Do `action` as soon as the provider has taken a message, before it answers."""

    def wait() -> None:
        end = time.monotonic() + 30
        while not sendgrid.log():
            if time.monotonic() > end:
                return
            time.sleep(0.01)
        action()

    waiting = threading.Thread(target=wait)
    waiting.start()
    return waiting


def cut(reached: dict[str, Any]) -> None:
    """End every other connection to the database, as a restart of the server would."""
    import psycopg

    with psycopg.connect(**reached, autocommit=True) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def parameters() -> dict[str, Any]:
    """How psycopg reaches the test's database."""
    values = {name: connection.settings_dict[name] for name in ("HOST", "PORT", "USER", "PASSWORD", "NAME")}
    known = {"NAME": "dbname"}
    return {known.get(name, name.lower()): value for name, value in values.items() if value}


@pytest.fixture
def mended() -> Iterator[None]:
    """The next test finds a connection that works."""
    yield
    connection.close()


@on_postgresql
@pytest.mark.usefixtures("mended")
def test_answers_are_stored_once_the_database_is_back(sendgrid: Running) -> None:
    due(3)
    sendgrid.misbehave({"slow:1.5": 1.0})
    cutting = once_called(sendgrid, partial(cut, parameters()))
    # The look for more work fails as well; only that is told.
    with suppress(OperationalError):
        dispatch(NOON)
    cutting.join()
    assert states() == {"accepted": 3}


@on_postgresql
@pytest.mark.usefixtures("mended")
def test_worker_that_cannot_store_its_answer_leaves_it_unknown(sendgrid: Running, monkeypatch: Any) -> None:
    due(1)
    sendgrid.misbehave({"slow:1.5": 1.0})
    monkeypatch.setattr(drain, "PATIENCE_SECONDS", 0.1)
    settings_of, reached = connection.settings_dict, parameters()

    def away() -> None:
        cut(reached)
        settings_of["PORT"] = "1"

    leaving = once_called(sendgrid, away)
    try:
        with pytest.raises(OperationalError):
            dispatch(NOON)
    finally:
        leaving.join()
        settings_of["PORT"] = reached.get("port", "")
        connection.close()
    assert states() == {"sending": 1}
    Delivery.objects.update(lease_until=Now() - timedelta(seconds=1))
    sweeper.sweep()
    assert states() == {"unknown": 1}
    assert dispatch(NOON) == 0
    assert len(sendgrid.log()) == 1
