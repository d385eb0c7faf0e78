"""Health, readiness, metrics and logs."""

import json
import logging
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from microattentions.logs import formatter
from tests import cast
from tests.providers.broker import broker
from tests.triggers.dispatch.scene import NOON, due
from triggers.dispatch import dispatch
from triggers.models import Circuit, Decision, Delivery, Epoch, Heartbeat, Occasion

__all__ = ["broker"]


def ready(client: Client) -> dict[str, Any]:
    answer: dict[str, Any] = client.get("/readyz").json()
    return answer


@pytest.fixture
def no_broker(settings: Any) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"


def test_root_leads_to_the_studio(client: Client) -> None:
    assert client.get("/")["Location"] == "/studio/"


def test_health_asks_no_database(client: Client) -> None:
    assert client.get("/healthz").content == b"ok\n"


@pytest.mark.django_db
@pytest.mark.usefixtures("no_broker")
def test_readiness_without_worker_and_broker_is_degraded(client: Client) -> None:
    assert client.get("/readyz").status_code == 200
    parts = {"database": "ok", "workers": "degraded", "sending": "ok", "broker": "degraded"}
    assert ready(client) == {"status": "degraded", **parts}


@pytest.mark.django_db
@pytest.mark.usefixtures("no_broker")
def test_readiness_knows_working_workers(client: Client) -> None:
    beat = Heartbeat.objects.create(name="plan", business_at=timezone.now(), finished_at=timezone.now())
    assert ready(client)["workers"] == "ok"

    beat.finished_at -= timedelta(minutes=4)
    beat.save()
    assert ready(client)["workers"] == "degraded"


@pytest.mark.django_db
@pytest.mark.usefixtures("no_broker")
def test_readiness_with_missing_migrations_is_unavailable(client: Client) -> None:
    from django.db.migrations.recorder import MigrationRecorder

    MigrationRecorder.Migration.objects.filter(app="triggers").delete()

    assert client.get("/readyz").status_code == 503
    assert ready(client)["database"] == "migrations missing"


def late_delivery(minutes: int) -> None:
    campaign, claire = cast.live_campaign(), cast.claire()
    due_at = datetime.now(UTC) - timedelta(minutes=minutes)
    occasion = Occasion.objects.create(
        campaign=campaign,
        customer=claire,
        key="birthday:2026",
        due_at=due_at,
        fresh_until=due_at + timedelta(days=1),
        slot_at=due_at,
        decision=Decision.DUE,
        decided_at=due_at,
    )
    Delivery.objects.create(
        occasion=occasion,
        campaign=campaign,
        customer=claire,
        channel="email",
        not_before=due_at,
        created_at=due_at,
    )


@pytest.mark.django_db
def test_metrics_tell_the_queue_and_its_age(client: Client) -> None:
    late_delivery(10)

    lines = dict(line.rsplit(" ", 1) for line in client.get("/metrics").content.decode().splitlines() if line[0] != "#")

    assert lines['microattentions_deliveries{state="planned"}'] == "1.0"
    assert lines['microattentions_deliveries{state="unknown"}'] == "0.0"
    assert lines['microattentions_campaigns{status="live"}'] == "1.0"
    assert 600 <= float(lines["microattentions_queue_age_seconds"]) < 660


@pytest.mark.django_db
def test_metrics_tell_of_calls_pauses_and_holds(client: Client, broker: None) -> None:
    due(3)
    dispatch(NOON)
    Circuit.objects.create(provider="outbox", open_until=timezone.now(), cause="unknown")
    Epoch.objects.update(held_at=NOON)

    lines = dict(line.rsplit(" ", 1) for line in client.get("/metrics").content.decode().splitlines() if line[0] != "#")

    assert lines['microattentions_provider_answers_total{answer="accepted",provider="outbox"}'] == "3.0"
    assert lines['microattentions_call_seconds_bucket{le="+Inf",provider="outbox"}'] == "3.0"
    assert lines['microattentions_delay_seconds_bucket{channel="email",le="0.5"}'] == "3.0"
    assert lines['microattentions_provider_paused{provider="outbox"}'] == "1.0"
    assert lines['microattentions_sending_held{why="restored"}'] == "1.0"
    assert lines['microattentions_sending_held{why="stopped"}'] == "0.0"


@pytest.mark.django_db
def test_metrics_are_for_this_machine_or_the_token(client: Client, settings: Any) -> None:
    assert client.get("/metrics", REMOTE_ADDR="203.0.113.5").status_code == 403
    assert client.get("/metrics", headers={"X-Forwarded-For": "203.0.113.5"}).status_code == 403

    settings.METRICS_TOKEN = "a-long-token"
    assert client.get("/metrics").status_code == 403
    assert client.get("/metrics", headers={"Authorization": "Bearer a-wrong-one"}).status_code == 403
    assert client.get("/metrics", headers={"Authorization": "Bearer a-long-token"}).status_code == 200


def logged(record: logging.LogRecord) -> dict[str, Any]:
    line: dict[str, Any] = json.loads(formatter().format(record))
    return line


def test_log_line_drops_what_is_not_listed_and_blanks_addresses() -> None:
    record = logging.LogRecord(
        "x", logging.WARNING, "f", 1, "to %s or %s", ("claire@boutique.test", "+33639980001"), None
    )
    record.first_name = "Claire"

    line = logged(record)

    assert line["event"] == "to [address] or [phone]"
    assert set(line) == {"event", "level", "logger", "timestamp"}


def test_log_line_of_an_exception_says_where_and_not_what() -> None:
    try:
        raise ValueError("Key (email)=(claire@boutique.test) Claire Petit")
    except ValueError as error:
        info = (type(error), error, error.__traceback__)

    line = logged(logging.LogRecord("x", logging.ERROR, "f", 1, "failed", (), info))

    assert line["exception"].startswith("ValueError < test_operation.py:")
    assert "Claire" not in json.dumps(line)
