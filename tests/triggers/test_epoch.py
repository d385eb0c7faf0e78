"""A database restored from a backup sends nothing until a person releases it; any other one sends at once."""

import io
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from tests import cast
from tests.triggers.dispatch.scene import NOON, buyers, due, states, thanks
from triggers import epoch
from triggers.dispatch import dispatch
from triggers.models import Delivery, Epoch, GuardFinding
from triggers.planner import plan

pytestmark = pytest.mark.django_db(transaction=True)
HOLD = "/studio/triggers/delivery/needs-a-person/"


@pytest.fixture(autouse=True)
def data_folder(tmp_path: Path, settings: Any) -> None:
    """Nobody else's counts."""
    settings.DATA_DIR = tmp_path


def restore() -> None:
    """Make the database what it was two permit batches ago, as a backup of then."""
    Epoch.objects.update(number=Epoch.get().number - 2)


def test_each_permit_batch_is_counted_inside_and_outside(settings: Any) -> None:
    settings.DISPATCH_BATCH = 2
    due(5)
    dispatch(NOON)
    row = Epoch.get()
    assert row.number == 3
    assert epoch.witnessed(row.lineage) == 3


def test_new_database_beside_an_old_count_is_not_held() -> None:
    due(1)
    dispatch(NOON)
    Epoch.objects.all().delete()
    assert not epoch.on_hold(NOON)


def test_batch_that_permits_nothing_is_not_counted() -> None:
    due(1, status="paused")
    dispatch(NOON)
    assert Epoch.get().number == 0


def test_restored_database_sends_nothing(settings: Any) -> None:
    settings.DISPATCH_BATCH = 1
    settings.DISPATCH_CONNECTIONS = 1
    due(3)
    dispatch(NOON)
    restore()
    cast.order(cast.claire(), "later", NOON)
    plan(NOON)
    assert dispatch(NOON) == 0
    assert states() == {"accepted": 3, "planned": 1}
    assert Epoch.get().held_at == NOON
    # And still, when its count has grown in the meantime.
    Epoch.objects.update(number=99)
    assert dispatch(NOON) == 0


def test_release_that_skips_leaves_out_what_may_have_been_sent() -> None:
    due(3)
    Epoch.objects.create(pk=1, held_at=NOON)
    afternoon = NOON + timedelta(hours=3)
    cast.order(cast.claire(), "later", NOON + timedelta(hours=2))
    plan(afternoon)
    assert dispatch(afternoon) == 0
    epoch.release(by="marie", skip_lost=True, now=afternoon)
    assert dispatch(afternoon) == 1
    assert states() == {"skipped": 3, "accepted": 1}
    assert set(GuardFinding.objects.values_list("guard", flat=True)) == {"restored"}
    row = Epoch.get()
    assert (row.held_at, row.released_by, row.released_at) == (None, "marie", afternoon)


def test_moment_of_the_lost_hours_that_is_planned_only_now_is_left_out() -> None:
    thanks()
    Epoch.objects.create(pk=1, held_at=NOON)
    epoch.release(by="marie", skip_lost=True, now=NOON + timedelta(hours=1))
    buyers(2)
    plan(NOON + timedelta(hours=1))
    assert dispatch(NOON + timedelta(hours=1)) == 0
    assert list(Delivery.objects.values_list("state", "reason")) == [("skipped", "restored")] * 2


def test_release_that_sends_sends_everything() -> None:
    due(2)
    Epoch.objects.create(pk=1, held_at=NOON)
    assert dispatch(NOON) == 0
    epoch.release(by="marie", skip_lost=False, now=NOON)
    assert dispatch(NOON) == 2


def test_release_without_a_hold_says_so() -> None:
    Epoch.get()
    with pytest.raises(epoch.NotOnHold):
        epoch.release(by="marie", skip_lost=True, now=NOON)


def test_unreadable_data_folder_leaves_redis_as_the_witness(tmp_path: Path, settings: Any) -> None:
    settings.DATA_DIR = tmp_path / "gone"
    due(1)
    assert dispatch(NOON) == 1


def test_page_tells_of_the_hold_and_releases_it(marie: Client) -> None:
    cast.shop()
    Epoch.objects.create(pk=1, held_at=NOON)
    assert "This database is older than what was sent" in marie.get("/studio/").content.decode()
    page = marie.get(HOLD)
    assert page.context["hold"] == {"since": NOON, "due": 0}
    marie.post(f"{HOLD}release-hold/", {"how": "skip"})
    row = Epoch.get()
    assert (row.held_at, row.lost_until, row.released_by) == (None, NOON, "marie")


def test_page_lets_nobody_release_who_may_only_look(paul: Client) -> None:
    Epoch.objects.create(pk=1, held_at=NOON)
    assert paul.post(f"{HOLD}release-hold/", {"how": "skip"}).status_code == 403


def told(*words: str) -> str:
    out = io.StringIO()
    call_command("release_hold", *words, stdout=out)
    return out.getvalue()


def test_command_tells_and_releases() -> None:
    assert told() == "Sending is not on hold.\n"
    Epoch.objects.update_or_create(pk=1, defaults={"held_at": NOON})
    assert "On hold since 2026-03-10 12:00 UTC" in told()
    assert told("--skip-lost").endswith("Released.\n")
    assert Epoch.get().held_at is None


def test_worker_that_comes_second_to_a_restored_database_holds_as_well(monkeypatch: Any) -> None:
    due(1)
    dispatch(NOON)
    restore()
    seen = Epoch.get()
    Epoch.objects.update(held_at=NOON)
    monkeypatch.setattr(Epoch, "get", lambda: seen)  # as it was a moment ago, before the first worker
    assert epoch.on_hold(NOON)
