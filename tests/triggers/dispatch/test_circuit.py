"""A provider that fails nearly everything is paused for all workers, then tried with one message."""

import time
from datetime import timedelta

import pytest
from django.db.models.functions import Now

from triggers.channels import SendResult, Verdict
from triggers.dispatch import circuit
from triggers.models import Circuit

pytestmark = pytest.mark.django_db

OUTBOX = "outbox"


def note(verdict: Verdict, times: int = 1) -> None:
    """Note the same verdict several times, in one sub-batch."""
    circuit.note(OUTBOX, [SendResult(verdict, code="401", detail="no credits")] * times)


def over() -> None:
    """Let the pause be over."""
    Circuit.objects.update(open_until=Now() - timedelta(seconds=1))


def test_healthy_provider_keeps_no_row() -> None:
    note(Verdict.ACCEPTED, 50)
    note(Verdict.BAD_ADDRESS, 50)
    assert Circuit.objects.count() == 0
    assert circuit.open_channels() == ["email", "sms"]


@pytest.mark.parametrize(
    ("verdict", "enough", "cause"),
    [(Verdict.SETTINGS, 5, "settings"), (Verdict.UNKNOWN, 10, "unknown"), (Verdict.LATER, 10, "later")],
)
def test_enough_failures_of_one_kind_open_it(verdict: Verdict, enough: int, cause: str) -> None:
    note(verdict, enough - 1)
    assert circuit.open_channels() == ["email", "sms"]
    note(verdict)
    assert circuit.open_channels() == []
    row = Circuit.objects.get()
    assert (row.cause, row.detail) == (cause, "401 no credits")


def test_failures_among_many_answers_do_not_open_it() -> None:
    for _batch in range(9):
        note(Verdict.UNKNOWN, 2)
        note(Verdict.ACCEPTED, 18)
    assert circuit.open_channels() == ["email", "sms"]


def test_twenty_unknown_in_five_minutes_open_it_whatever_was_well_between() -> None:
    for _batch in range(19):
        note(Verdict.UNKNOWN)
        note(Verdict.ACCEPTED, 19)
    assert circuit.open_channels() == ["email", "sms"]
    note(Verdict.UNKNOWN)
    assert circuit.open_channels() == []
    over()
    circuit.take_trial()
    note(Verdict.ACCEPTED)
    assert circuit.open_channels() == ["email", "sms"]


def test_unknown_ones_of_longer_ago_are_forgotten() -> None:
    note(Verdict.UNKNOWN, 9)
    Circuit.objects.update(unknown_at=[time.time() - 301] * 19)
    note(Verdict.ACCEPTED, 20)
    note(Verdict.UNKNOWN)
    assert circuit.open_channels() == ["email", "sms"]


def test_calls_that_were_not_begun_say_nothing_of_the_provider() -> None:
    note(Verdict.NOT_BEGUN, 50)
    assert circuit.open_channels() == ["email", "sms"]


def test_pause_that_is_over_gives_one_trial_to_one_worker() -> None:
    note(Verdict.SETTINGS, 5)
    assert circuit.take_trial() is None
    over()
    assert circuit.take_trial() == "email"
    assert circuit.take_trial() is None


def test_trial_that_fails_pauses_again() -> None:
    note(Verdict.UNKNOWN, 10)
    over()
    circuit.take_trial()
    over()
    note(Verdict.LATER)
    assert circuit.open_channels() == []
    assert circuit.take_trial() is None


def test_trial_that_succeeds_closes_it() -> None:
    note(Verdict.UNKNOWN, 10)
    over()
    circuit.take_trial()
    note(Verdict.ACCEPTED)
    assert circuit.open_channels() == ["email", "sms"]
    note(Verdict.UNKNOWN)
    assert circuit.open_channels() == ["email", "sms"]


def test_answers_of_calls_made_before_the_pause_do_not_end_it() -> None:
    note(Verdict.UNKNOWN, 10)
    note(Verdict.ACCEPTED)
    assert circuit.open_channels() == []
    over()
    note(Verdict.ACCEPTED)
    assert circuit.open_channels() == []
    assert circuit.take_trial() == "email"
    note(Verdict.ACCEPTED)
    assert circuit.open_channels() == ["email", "sms"]


def test_person_who_mended_the_settings_closes_it() -> None:
    note(Verdict.SETTINGS, 5)
    circuit.close(OUTBOX)
    assert circuit.open_channels() == ["email", "sms"]
