"""Consents: a nightly sync never undoes a STOP."""

from itertools import permutations

import pytest

from campaigns.ingest.batch import ingest_batch
from campaigns.models import Consent, Customer
from tests.campaigns.ingest.conftest import NOW, consent, customer, post

pytestmark = pytest.mark.usefixtures("rows")

EARLY, MIDDLE, LATE = "2026-02-01T10:00:00Z", "2026-02-02T10:00:00+01:00", "2026-02-03T10:00:00Z"


def accepts() -> tuple[bool, bool]:
    row = Customer.objects.get()
    return row.email_marketing, row.sms_marketing


def test_grant_and_refusal_by_channel(rows: None) -> None:
    post(consent(EARLY, granted=True), consent(EARLY, granted=True, channel="email"))
    assert accepts() == (True, True)
    post(consent(MIDDLE, granted=False))
    assert accepts() == (True, False)


def test_older_grant_posted_later_does_not_undo_a_refusal(rows: None) -> None:
    post(consent(MIDDLE, granted=False))
    assert post(consent(EARLY, granted=True)) == ["created"]
    assert accepts() == (False, False)
    post(consent(LATE, granted=True))
    assert accepts() == (False, True)


def test_refusal_wins_a_tie(rows: None) -> None:
    post(consent(EARLY, granted=False), consent(EARLY, granted=True))
    assert accepts() == (False, False)


def test_same_consent_is_recorded_once(rows: None) -> None:
    told = consent("2026-02-01T10:00:00+05:30", granted=True, source="checkout", text="J'accepte")
    assert post(told, told) == ["created", "unchanged"]
    assert post(told) == ["unchanged"]
    assert Consent.objects.count() == 1


def test_profile_sync_leaves_consent_alone(rows: None) -> None:
    post(consent(EARLY, granted=True))
    post(customer(first_name="Claire"))
    assert accepts() == (False, True)


@pytest.mark.parametrize("order", list(permutations([(EARLY, True), (MIDDLE, False), (LATE, True)])))
def test_order_of_arrival_makes_no_difference(rows: None, order: tuple[tuple[str, bool], ...]) -> None:
    for given_at, granted in order:
        ingest_batch([consent(given_at, granted=granted)], NOW)
    assert accepts() == (False, True)
