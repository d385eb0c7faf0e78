"""Claims: who gets which deliveries, and for how long."""

from datetime import timedelta

import pytest
from django.db import connection
from django.db.models.functions import Now

from campaigns.models import Campaign
from tests.triggers.dispatch.scene import NOON, due, states
from triggers.dispatch.claim import claim, give_back
from triggers.models import Delivery, State

pytestmark = pytest.mark.django_db

BOTH = ["email", "sms"]


def test_claim_takes_the_longest_due_with_a_token_and_a_lease() -> None:
    third = due(3)[-1]
    Delivery.objects.filter(pk=third.pk).update(not_before=NOON - timedelta(days=1))
    batch = claim(NOON, channels=BOTH, size=1)
    assert [delivery.pk for delivery in batch] == [third.pk]
    third.refresh_from_db()
    assert (third.state, third.claims, third.claim) == (State.CLAIMED, 1, batch[0].claim)
    on_lease = Delivery.objects.filter(lease_until__gt=Now() + timedelta(seconds=110))
    assert list(on_lease.filter(lease_until__lt=Now() + timedelta(seconds=130))) == [third]


def test_claim_takes_nothing_twice() -> None:
    due(3)
    taken = [delivery.pk for _worker in range(3) for delivery in claim(NOON, channels=BOTH, size=2)]
    assert len(taken) == len(set(taken)) == 3


def test_claim_leaves_other_channels_later_ones_and_paused_campaigns() -> None:
    due(1)
    assert claim(NOON, channels=["sms"], size=9) == []
    assert claim(NOON, channels=[], size=9) == []
    assert claim(NOON - timedelta(hours=2), channels=BOTH, size=9) == []
    Campaign.objects.update(status=Campaign.Status.PAUSED)
    assert claim(NOON, channels=BOTH, size=9) == []


def test_claims_grow_smaller_with_each_worker_that_died_with_what_they_hold() -> None:
    made = due(9)
    Delivery.objects.update(claims=1, not_before=NOON - timedelta(days=1))
    alone, suspects, others = made[:2], made[2:7], made[7:]
    Delivery.objects.filter(pk__in=[delivery.pk for delivery in alone]).update(claims=2)
    Delivery.objects.filter(pk__in=[delivery.pk for delivery in others]).update(claims=0, not_before=NOON)
    batches = [{delivery.pk for delivery in claim(NOON, channels=BOTH, size=30)} for _claim in range(7)]
    assert batches[0] | batches[1] == {delivery.pk for delivery in suspects}
    assert batches[2] == {delivery.pk for delivery in others}
    assert batches[3] | batches[4] == {delivery.pk for delivery in alone}
    assert [len(batch) for batch in batches] == [3, 2, 2, 1, 1, 0, 0]


def test_give_back_forgets_the_claim() -> None:
    due(2)
    give_back(claim(NOON, channels=BOTH, size=2))
    assert states() == {"planned": 2}
    assert set(Delivery.objects.values_list("claims", "claim", "lease_until")) == {(0, None, None)}


def test_give_back_leaves_what_another_worker_took_over() -> None:
    due(1)
    late = claim(NOON, channels=BOTH, size=1)
    Delivery.objects.update(state=State.PLANNED)
    (other,) = claim(NOON, channels=BOTH, size=1)
    give_back(late)
    (kept,) = Delivery.objects.all()
    assert (kept.state, kept.claim) == (State.CLAIMED, other.claim)


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer and no row locks")
@pytest.mark.django_db(transaction=True)
def test_claim_passes_by_rows_that_another_worker_is_claiming() -> None:
    import psycopg

    first, second = due(2)
    settings = connection.settings_dict
    with psycopg.connect(
        host=settings["HOST"], port=settings["PORT"], user=settings["USER"], dbname=settings["NAME"]
    ) as other:
        other.execute("SELECT 1 FROM triggers_delivery WHERE id = %s FOR UPDATE", [first.pk])
        assert [delivery.pk for delivery in claim(NOON, channels=BOTH, size=9)] == [second.pk]
