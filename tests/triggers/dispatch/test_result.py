"""What each verdict makes of a delivery and its attempt."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from django.db.models.functions import Now

from campaigns.models import Customer, Suppression
from tests.triggers.dispatch.scene import NOON, due, states
from triggers.channels import SendResult, Verdict
from triggers.dispatch import dispatch
from triggers.dispatch.claim import claim
from triggers.dispatch.compose import Composer, Draft
from triggers.dispatch.permit import permit
from triggers.dispatch.result import record
from triggers.dispatch.send import Answered
from triggers.models import Attempt, Delivery, Outcome, State
from triggers.sweeper import sweep

pytestmark = pytest.mark.django_db


def permitted() -> list[Draft]:
    """Everything due at noon, as far as its permit."""
    batch = claim(NOON, channels=["email"], size=99)
    drafts, _misfits = Composer(batch, NOON).compose(batch)
    return permit(drafts, [], NOON)


def answer(drafts: Sequence[Draft], result: SendResult) -> None:
    """Record the same answer for each of `drafts`."""
    record([Answered(draft, result, 0.01) for draft in drafts], NOON)


@pytest.mark.parametrize(
    ("verdict", "state", "outcome"),
    [
        (Verdict.ACCEPTED, State.ACCEPTED, Outcome.ACCEPTED),
        (Verdict.NOT_BEGUN, State.PLANNED, Outcome.REFUSED),
        (Verdict.LATER, State.PLANNED, Outcome.REFUSED),
        (Verdict.SETTINGS, State.PLANNED, Outcome.REFUSED),
        (Verdict.BAD_ADDRESS, State.FAILED, Outcome.FAILED),
        (Verdict.BAD_MESSAGE, State.FAILED, Outcome.FAILED),
        (Verdict.OPTED_OUT, State.FAILED, Outcome.FAILED),
        (Verdict.UNKNOWN, State.UNKNOWN, Outcome.UNKNOWN),
    ],
)
def test_verdict_decides_state_and_outcome(verdict: Verdict, state: State, outcome: Outcome) -> None:
    due(1)
    answer(permitted(), SendResult(verdict, provider_id="p-1", code="c", detail="d"))
    delivery, attempt = Delivery.objects.get(), Attempt.objects.get()
    assert (delivery.state, attempt.outcome) == (state, outcome)
    assert (attempt.provider_id, attempt.code, attempt.detail) == ("p-1", "c", "d")
    assert attempt.finished_at is not None


def test_words_that_no_database_holds_are_stored_without_them() -> None:
    due(1)
    answer(permitted(), SendResult(Verdict.BAD_MESSAGE, code="5\x0050", detail="no \x00such \ud800one"))
    attempt = Attempt.objects.get()
    assert (attempt.code, attempt.detail) == ("550", "no such ?one")


def test_refusals_back_off_twice_as_long_each_time() -> None:
    due(1)
    now, waits = NOON, []
    for _refusal in range(4):
        batch = claim(now, channels=["email"], size=9)
        drafts, _misfits = Composer(batch, now).compose(batch)
        record([Answered(draft, SendResult(Verdict.LATER), 0.01) for draft in permit(drafts, [], now)], now)
        delivery = Delivery.objects.get()
        waits.append((delivery.not_before - now).total_seconds())
        now = delivery.not_before
    assert waits == [30, 60, 120, 240]
    assert Attempt.objects.filter(outcome=Outcome.REFUSED).count() == 4
    assert dispatch(now) == 1
    assert states() == {"accepted": 1}


def test_refused_delivery_has_not_spoken() -> None:
    due(1)
    answer(permitted(), SendResult(Verdict.LATER))
    delivery = Delivery.objects.get()
    assert (delivery.spoken_on, delivery.permitted_at, delivery.address_key, delivery.claim) == (None, None, "", None)


def test_refusal_behind_the_freshness_skips_as_stale() -> None:
    due(1)
    drafts = permitted()
    late = drafts[0].delivery.fresh_until - timedelta(seconds=10)
    record([Answered(drafts[0], SendResult(Verdict.LATER), 0.01)], late)
    assert (Delivery.objects.get().state, Delivery.objects.get().reason) == (State.SKIPPED, "stale")


def test_unknown_is_never_sent_again() -> None:
    due(1)
    answer(permitted(), SendResult(Verdict.UNKNOWN))
    for hours in (1, 24, 71):
        assert dispatch(NOON + timedelta(hours=hours)) == 0
    assert Attempt.objects.count() == 1


def test_bad_address_is_closed() -> None:
    due(1)
    answer(permitted(), SendResult(Verdict.BAD_ADDRESS))
    key = Customer.objects.get().email_key
    assert list(Suppression.objects.values_list("channel", "address_key", "reason")) == [("email", key, "bounced")]


def test_word_of_someone_who_said_no_to_the_provider_is_kept() -> None:
    due(1)
    answer(permitted(), SendResult(Verdict.OPTED_OUT))
    assert Suppression.objects.get().reason == "stopped"
    assert Customer.objects.get().email_marketing is False


def test_sending_without_a_result_becomes_unknown_when_its_lease_is_over() -> None:
    due(1)
    permitted()
    assert sweep() == 0
    Delivery.objects.update(lease_until=Now() - timedelta(seconds=1))
    assert sweep() == 1
    assert (Delivery.objects.get().state, Attempt.objects.get().outcome) == (State.UNKNOWN, Outcome.UNKNOWN)


def test_answer_that_comes_after_the_lease_is_evidence() -> None:
    due(1)
    drafts = permitted()
    Delivery.objects.update(lease_until=Now() - timedelta(seconds=1))
    sweep()
    answer(drafts, SendResult(Verdict.ACCEPTED, provider_id="p-1"))
    assert (Delivery.objects.get().state, Attempt.objects.get().outcome) == (State.ACCEPTED, Outcome.ACCEPTED)


def test_refusal_that_comes_after_the_lease_sends_nothing_again() -> None:
    due(1)
    drafts = permitted()
    Delivery.objects.update(lease_until=Now() - timedelta(seconds=1))
    sweep()
    answer(drafts, SendResult(Verdict.LATER))
    assert states() == {"unknown": 1}


def test_result_never_moves_back_what_a_callback_has_moved_on() -> None:
    due(1)
    drafts = permitted()
    Delivery.objects.update(state=State.DELIVERED)
    answer(drafts, SendResult(Verdict.ACCEPTED))
    assert states() == {"delivered": 1}


def test_unknown_without_evidence_is_unconfirmed_after_a_day() -> None:
    due(1)
    answer(permitted(), SendResult(Verdict.UNKNOWN))
    assert Delivery.objects.filter(lease_until__gt=Now() + timedelta(hours=23)).count() == 1
    Delivery.objects.update(lease_until=Now() - timedelta(seconds=1))
    sweep()
    assert states() == {"unconfirmed": 1}


def test_claim_whose_lease_is_over_goes_back_and_the_third_time_into_quarantine() -> None:
    due(1)
    seen = []
    for _claim in range(3):
        assert len(claim(NOON, channels=["email"], size=9)) == 1
        Delivery.objects.update(lease_until=Now() - timedelta(seconds=1))
        sweep()
        seen.append(Delivery.objects.get().state)
    assert seen == [State.PLANNED, State.PLANNED, State.QUARANTINED]
    assert Delivery.objects.get().reason == "three_claims"
    assert dispatch(NOON) == 0
