"""What a person decides: one more call, kept with their name, and never a third by itself."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from pytest_django import Settings

from campaigns.consent import withdraw
from campaigns.models import PermittedHours, Shop
from tests.providers.process import Running, running
from tests.triggers.dispatch.scene import NOON, due, states
from triggers import rulings
from triggers.dispatch import dispatch
from triggers.models import Attempt, Circuit, Delivery, Epoch, Outcome, Ruling, State
from triggers.sweeper import sweep

pytestmark = pytest.mark.django_db
TOMORROW = NOON + timedelta(days=1, hours=1)


@pytest.fixture
def sendgrid(tmp_path: Path, settings: Settings) -> Iterator[Running]:
    settings.EMAIL_PROVIDER, settings.SENDGRID_API_KEY = "sendgrid", "SG.test"
    settings.RECIPIENT_ALLOW_LIST = ["@maison-the.test"]
    with running("sendgrid", tmp_path / "sent.log") as simulator:
        settings.SENDGRID_HOST = simulator.url
        yield simulator


@pytest.fixture
def unconfirmed(sendgrid: Running) -> Delivery:
    """A message whose answer was lost, a day ago."""
    due(1)
    sendgrid.misbehave({"reset": 1.0})
    dispatch(NOON)
    sendgrid.misbehave({})
    Delivery.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    sweep()
    delivery = Delivery.objects.get()
    assert delivery.state == State.UNCONFIRMED
    return delivery


def test_resend_calls_once_more_and_names_what_it_repeats(unconfirmed: Delivery, sendgrid: Running) -> None:
    first = Attempt.objects.get()
    assert rulings.resend(unconfirmed.pk, by="marie", now=TOMORROW).verdict.value == "accepted"
    second = Attempt.objects.get(resend_of=first)
    assert [line["attempt"] for line in sendgrid.log()] == [second.pk.hex]
    assert (states(), first.outcome, second.outcome) == ({"accepted": 1}, "unknown", "accepted")
    ruling = Ruling.objects.get()
    assert (ruling.kind, ruling.ruled_by, ruling.ruled_at, ruling.attempt) == ("resend", "marie", TOMORROW, second)


def test_resend_is_a_decision_even_after_a_restored_backup(unconfirmed: Delivery, sendgrid: Running) -> None:
    Epoch.objects.update(lost_until=TOMORROW)
    assert rulings.resend(unconfirmed.pk, by="marie", now=TOMORROW).verdict.value == "accepted"


def test_second_press_is_refused_and_nothing_is_sent(unconfirmed: Delivery, sendgrid: Running) -> None:
    rulings.resend(unconfirmed.pk, by="marie", now=TOMORROW)
    with pytest.raises(rulings.RulingRefused, match="accepted"):
        rulings.resend(unconfirmed.pk, by="paul", now=TOMORROW)
    assert len(sendgrid.log()) == 1


@pytest.mark.parametrize("fault", ["429", "401", "400:subject", "400:personalizations.0.to.0.email"])
def test_refused_resend_stays_unconfirmed_and_may_be_tried_again(
    unconfirmed: Delivery, sendgrid: Running, fault: str
) -> None:
    sendgrid.misbehave({fault: 1.0})
    rulings.resend(unconfirmed.pk, by="marie", now=TOMORROW)
    sendgrid.misbehave({})
    again = Delivery.objects.get()
    assert (again.state, again.spoken_on) == (State.UNCONFIRMED, unconfirmed.spoken_on)
    dispatch(TOMORROW + timedelta(hours=1))
    assert sendgrid.log() == []
    if fault not in ("429", "401", "400:subject"):
        return  # the address is closed now
    assert rulings.resend(unconfirmed.pk, by="marie", now=TOMORROW).verdict.value == "accepted"
    assert len(sendgrid.log()) == 1


def test_resend_whose_answer_is_lost_is_unknown_again(unconfirmed: Delivery, sendgrid: Running) -> None:
    sendgrid.misbehave({"drop": 1.0})
    rulings.resend(unconfirmed.pk, by="marie", now=TOMORROW)
    assert states() == {"unknown": 1}
    assert Attempt.objects.filter(outcome=Outcome.UNKNOWN).count() == 2


def test_resend_asks_the_permit(unconfirmed: Delivery, sendgrid: Running) -> None:
    shop = Shop.get()
    PermittedHours.objects.create(shop=shop, channel="email", opens="02:00", closes="03:00")
    with pytest.raises(rulings.RulingRefused, match="quiet_hours"):
        rulings.resend(unconfirmed.pk, by="marie", now=TOMORROW)
    PermittedHours.objects.all().delete()
    Shop.objects.update(sending_stopped=True)
    with pytest.raises(rulings.RulingRefused, match="all_stop"):
        rulings.resend(unconfirmed.pk, by="marie", now=TOMORROW)
    Shop.objects.update(sending_stopped=False)
    Circuit.objects.update_or_create(provider="sendgrid", defaults={"open_until": timezone.now()})
    with pytest.raises(rulings.RulingRefused, match="provider_paused"):
        rulings.resend(unconfirmed.pk, by="marie", now=TOMORROW)
    Circuit.objects.all().delete()
    withdraw(unconfirmed.customer, "email", "test", NOON)
    with pytest.raises(rulings.RulingRefused, match="no_consent"):
        rulings.resend(unconfirmed.pk, by="marie", now=TOMORROW)
    assert (sendgrid.log(), states(), Ruling.objects.count()) == ([], {"unconfirmed": 1}, 0)
    assert Attempt.objects.count() == 1


def test_release_puts_back_what_was_quarantined_and_nothing_else() -> None:
    quarantined, planned = due(2)
    Delivery.objects.filter(pk=quarantined.pk).update(state=State.QUARANTINED, claims=3, reason="three_claims")
    ids = [quarantined.pk, planned.pk]
    assert rulings.release(ids, by="marie", now=NOON) == 1
    assert Ruling.objects.get().delivery == quarantined
    dispatch(NOON)
    assert states() == {"accepted": 2}


def test_release_too_late_is_skipped_by_the_permit() -> None:
    (quarantined,) = due(1)
    Delivery.objects.update(state=State.QUARANTINED, claims=3)
    rulings.release([quarantined.pk], by="marie", now=NOON)
    dispatch(NOON + timedelta(days=60))
    assert (states(), Delivery.objects.get().reason) == ({"skipped": 1}, "stale")


def test_what_was_left_keeps_its_state() -> None:
    (delivery,) = due(1)
    Delivery.objects.update(state=State.UNCONFIRMED)
    assert rulings.leave([delivery.pk], by="marie", now=NOON) == 1
    assert (states(), Ruling.objects.get().kind) == ({"unconfirmed": 1}, "leave")
