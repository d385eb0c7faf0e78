"""The whole way from due to accepted, with the outbox."""

import pytest

from tests.triggers.dispatch.scene import NOON, due, states
from triggers.dispatch import dispatch
from triggers.models import Attempt, Delivery, Outcome, State

pytestmark = pytest.mark.django_db


def test_dispatch_sends_what_is_due_and_keeps_the_words() -> None:
    due(3)
    assert dispatch(NOON) == 3
    assert states() == {"accepted": 3}
    attempts = list(Attempt.objects.order_by("recipient"))
    assert [attempt.recipient for attempt in attempts] == [f"buyer-{n}@maison-the.test" for n in range(3)]
    assert {(a.outcome, a.provider, a.language, a.sender) for a in attempts} == {
        (Outcome.ACCEPTED, "outbox", "fr", "Maison Thé <bonjour@maison-the.test>")
    }
    assert attempts[0].subject == "Merci, et à bientôt !"
    assert "Merci, et à bientôt !" in attempts[0].text
    assert "<p" in attempts[0].html


def test_dispatch_again_changes_nothing() -> None:
    due(3)
    dispatch(NOON)
    assert dispatch(NOON) == 0
    assert Attempt.objects.count() == 3


def test_dispatch_marks_the_civil_day_the_address_and_the_time() -> None:
    (delivery,) = due(1)
    dispatch(NOON)
    delivery.refresh_from_db()
    assert (delivery.state, str(delivery.spoken_on), delivery.permitted_at) == (State.ACCEPTED, "2026-03-10", NOON)
    assert delivery.address_key == delivery.customer.email_key
    assert (delivery.lease_until, delivery.claims) == (None, 0)


def test_dispatch_leaves_what_is_not_due_yet() -> None:
    due(1)
    Delivery.objects.update(not_before=NOON.replace(hour=13))
    assert dispatch(NOON) == 0
    assert states() == {"planned": 1}


def test_dispatch_ends_at_its_limit() -> None:
    due(5)
    assert dispatch(NOON, limit=2) == 2
    assert states() == {"accepted": 2, "planned": 3}
