"""Consent and suppression: the last word counts, and no sync undoes a STOP."""

from datetime import datetime, timedelta

import pytest

from campaigns.consent import lift, record_consent, refuse, suppress, welcome_back, withdraw
from campaigns.ingest.batch import ingest_batch
from campaigns.models import Consent, Customer, Suppression
from tests import cast

pytestmark = pytest.mark.django_db

NOON = cast.at("2026-03-14 12:00")
HOUR = timedelta(hours=1)
Reason = Suppression.Reason


def accepts(customer: Customer, channel: str = "email") -> bool:
    return bool(getattr(Customer.objects.get(pk=customer.pk), f"{channel}_marketing"))


def say(customer: Customer, granted: bool, given_at: datetime) -> None:
    record_consent(customer, "email", granted, source="test", given_at=given_at, now=NOON)


@pytest.mark.parametrize(
    ("words", "accepted"),
    [
        ([(False, 0), (True, 1)], True),
        ([(True, 1), (False, 0)], True),
        ([(True, 0), (False, 1)], False),
        ([(False, 1), (True, 0)], False),
        ([(True, 1), (False, 1)], False),
        ([(False, 0), (True, 1), (False, 2), (True, 1)], False),
        ([(False, 0), (False, 2), (True, 1), (True, 3)], True),
    ],
)
def test_last_word_counts_in_whatever_order_it_comes(words: list[tuple[bool, int]], accepted: bool) -> None:
    claire = cast.claire()
    for granted, hours in words:
        say(claire, granted, NOON + hours * HOUR)
    assert claire.email_marketing is accepted
    assert accepts(claire) is accepted
    assert accepts(claire, "sms") is True


def test_the_shops_bulk_and_a_persons_word_follow_one_rule() -> None:
    claire = cast.claire()
    withdraw(claire, "email", "unsubscribe link", NOON)
    item = {"type": "consent", "customer": "claire", "channel": "email", "granted": True, "source": "sync"}
    ingest_batch([item | {"given_at": (NOON - HOUR).isoformat()}], NOON + HOUR)
    assert accepts(claire) is False
    ingest_batch([item | {"given_at": (NOON + HOUR).isoformat()}], NOON + 2 * HOUR)
    assert accepts(claire) is True


def test_the_ledger_keeps_every_word_once() -> None:
    claire = cast.claire()
    for _time in range(2):
        withdraw(claire, "email", "unsubscribe link", NOON)
    assert list(Consent.objects.filter(customer=claire, channel="email").values_list("granted", "given_at")) == [
        (True, cast.LONG_AGO),
        (False, NOON),
    ]


def test_stop_closes_the_number_for_everyone_who_has_it_and_start_opens_it() -> None:
    claire, malik = cast.claire(), cast.malik(phone="+33639980001")
    refuse("sms", claire.phone_key, Reason.STOPPED, source="SMS STOP", now=NOON)
    assert [accepts(claire, "sms"), accepts(malik, "sms"), accepts(claire)] == [False, False, True]
    assert Suppression.objects.filter(channel="sms", address_key=claire.phone_key).count() == 1
    welcome_back("sms", claire.phone_key, source="SMS START", now=NOON + HOUR)
    assert [accepts(claire, "sms"), accepts(malik, "sms")] == [True, True]
    assert not Suppression.objects.exists()


def test_a_sync_never_opens_an_address_again() -> None:
    claire = cast.claire()
    refuse("email", claire.email_key, Reason.UNSUBSCRIBED, source="unsubscribe link", now=NOON)
    say(claire, True, NOON + HOUR)
    assert Suppression.objects.get().reason == Reason.UNSUBSCRIBED


@pytest.mark.parametrize("reason", [Reason.BOUNCED, Reason.COMPLAINED, Reason.BY_HAND])
def test_start_does_not_open_what_the_person_did_not_close(reason: str) -> None:
    claire = cast.claire()
    suppress("sms", claire.phone_key, reason, NOON)
    welcome_back("sms", claire.phone_key, source="SMS START", now=NOON)
    assert Suppression.objects.filter(reason=reason).exists()
    assert lift("sms", claire.phone_key) is True
    assert lift("sms", claire.phone_key) is False


def test_suppression_keeps_its_first_reason_and_nobodys_address_is_never_closed() -> None:
    suppress("email", "k" * 32, Reason.BOUNCED, NOON)
    suppress("email", "k" * 32, Reason.COMPLAINED, NOON + HOUR)
    suppress("email", "", Reason.BOUNCED, NOON)
    refuse("email", "", Reason.COMPLAINED, source="x", now=NOON)
    assert list(Suppression.objects.values_list("address_key", "reason", "created_at")) == [
        ("k" * 32, Reason.BOUNCED, NOON)
    ]
    assert not Consent.objects.exists()
