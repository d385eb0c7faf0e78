"""The fire permit: what it asks again, what it keeps, and who may not pass."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from campaigns.consent import suppress, withdraw
from campaigns.models import Campaign, Customer, Shop, Suppression
from tests import cast
from tests.triggers.dispatch.scene import NOON, buyers, due, states, thanks
from triggers.dispatch import dispatch
from triggers.dispatch.claim import claim
from triggers.dispatch.compose import Composer, Draft
from triggers.dispatch.permit import permit
from triggers.models import Attempt, Delivery, GuardFinding, Outcome, State
from triggers.planner import plan

pytestmark = pytest.mark.django_db


def composed() -> list[Draft]:
    """Everything due at noon, claimed and composed."""
    batch = claim(NOON, channels=["email", "sms"], size=99)
    drafts, misfits = Composer(batch, NOON).compose(batch)
    assert misfits == []
    return drafts


def test_permitted_ones_have_spoken_and_their_attempts_are_under_way() -> None:
    due(2)
    drafts = composed()
    assert permit(drafts, [], NOON) == drafts
    assert states() == {"sending": 2}
    assert set(Delivery.objects.values_list("claims", "permitted_at")) == {(0, NOON)}
    assert set(Attempt.objects.values_list("outcome", "business_at")) == {(Outcome.PENDING, NOON)}
    assert set(Attempt.objects.values_list("id", flat=True)) == {draft.message.attempt_id for draft in drafts}


def test_consent_withdrawn_after_the_plan_stops_the_message() -> None:
    due(2)
    withdraw(Customer.objects.get(external_id="buyer-0"), "email", "test", NOON)
    dispatch(NOON)
    assert states() == {"skipped": 1, "accepted": 1}
    assert Delivery.objects.get(state=State.SKIPPED).reason == "no_consent"
    assert [finding.guard for finding in GuardFinding.objects.all()] == ["no_consent"]


def test_consent_withdrawn_after_the_message_was_composed_stops_it() -> None:
    due(1)
    drafts = composed()
    withdraw(Customer.objects.get(), "email", "test", NOON)
    assert permit(drafts, [], NOON) == []
    assert states() == {"skipped": 1}
    assert Attempt.objects.count() == 0


def test_address_suppressed_after_the_message_was_composed_stops_it() -> None:
    due(1)
    drafts = composed()
    suppress("email", Customer.objects.get().email_key, Suppression.Reason.BOUNCED, NOON)
    permit(drafts, [], NOON)
    assert Delivery.objects.get().reason == "suppressed"


def test_stop_button_pressed_after_the_message_was_composed_holds_it() -> None:
    due(1)
    drafts = composed()
    Shop.objects.update(sending_stopped=True)
    assert permit(drafts, [], NOON) == []
    held = Delivery.objects.get()
    assert (held.state, held.reason, held.claim) == (State.PLANNED, "all_stop", None)
    assert held.not_before > NOON
    assert dispatch(NOON + timedelta(minutes=5)) == 0
    Shop.objects.update(sending_stopped=False)
    assert dispatch(NOON + timedelta(minutes=5)) == 1


def test_campaign_paused_after_the_message_was_composed_holds_it() -> None:
    due(1)
    drafts = composed()
    Campaign.objects.update(status=Campaign.Status.PAUSED)
    permit(drafts, [], NOON)
    assert (Delivery.objects.get().state, Delivery.objects.get().reason) == (State.PLANNED, "campaign_paused")


def test_campaign_ended_skips_what_was_planned() -> None:
    due(1)
    Campaign.objects.update(status=Campaign.Status.ENDED)
    dispatch(NOON)
    assert (Delivery.objects.get().state, Delivery.objects.get().reason) == (State.SKIPPED, "campaign_ended")


def test_daily_cap_counts_within_one_batch() -> None:
    thanks(slug="first")
    thanks(slug="second")
    buyers(1)
    plan(NOON)
    Delivery.objects.update(not_before=NOON, state=State.PLANNED, reason="")
    dispatch(NOON)
    assert Attempt.objects.count() == 1


def test_what_is_stale_is_skipped() -> None:
    due(1)
    dispatch(NOON + timedelta(days=30))
    assert (Delivery.objects.get().state, Delivery.objects.get().reason) == (State.SKIPPED, "stale")


def test_address_changed_after_the_message_was_composed_is_written_anew() -> None:
    due(1)
    drafts = composed()
    Customer.objects.update(email="new@maison-the.test")
    assert permit(drafts, [], NOON) == []
    assert states() == {"planned": 1}
    dispatch(NOON)
    assert Attempt.objects.get().recipient == "new@maison-the.test"


def test_late_worker_whose_lease_was_taken_over_may_not_fire() -> None:
    due(2)
    late = composed()
    Delivery.objects.filter(pk=late[0].delivery.pk).update(state=State.PLANNED, claim=None)
    (other,) = claim(NOON, channels=["email"], size=1)
    fired = permit(late, [], NOON)
    assert fired == [late[1]]
    assert states() == {"claimed": 1, "sending": 1}
    assert Delivery.objects.get(state=State.CLAIMED).claim == other.claim
    assert Attempt.objects.get().delivery_id == late[1].delivery.pk


def test_two_profiles_of_one_mailbox_get_one_message() -> None:
    thanks()
    for name in ("anna", "bert"):
        shared = cast.customer(name, email="both@maison-the.test")
        cast.order(shared, f"o-{name}", NOON - timedelta(hours=1))
    plan(NOON)
    Delivery.objects.update(not_before=NOON, state=State.PLANNED, reason="")
    dispatch(NOON)
    assert Attempt.objects.count() == 1


def test_second_attempt_exists_only_after_a_proven_refusal() -> None:
    (delivery,) = due(1)
    dispatch(NOON)
    first = Attempt.objects.get()
    again = {"delivery": delivery, "provider": "outbox", "recipient": "x", "text": "x", "business_at": NOON}
    with pytest.raises(IntegrityError), transaction.atomic():
        Attempt.objects.create(started_at=NOON, **again)
    Attempt.objects.update(outcome=Outcome.REFUSED)
    Attempt.objects.create(started_at=NOON, **again)
    assert Attempt.objects.count() == 2
    assert first.outcome == Outcome.ACCEPTED


def test_message_to_nobody_on_the_staging_list_is_skipped(settings: object) -> None:
    settings.EMAIL_PROVIDER = "sendgrid"  # type: ignore[attr-defined]
    settings.RECIPIENT_ALLOW_LIST = ["@maison-the.test"]  # type: ignore[attr-defined]
    due(1)
    settings.RECIPIENT_ALLOW_LIST = ["@elsewhere.test"]  # type: ignore[attr-defined]
    dispatch(NOON)
    assert (Delivery.objects.get().state, Delivery.objects.get().reason) == (State.SKIPPED, "not_on_list")
