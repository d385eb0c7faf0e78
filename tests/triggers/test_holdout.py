"""The holdout draw: golden numbers, and the same answer from Python and from the database."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from campaigns.models import Campaign, Customer
from tests import cast
from triggers.holdout import bucket, held_out, held_out_in_sql, members_in_sql, salt_of, share_of
from triggers.models import Delivery, GlobalHoldout, Occasion
from triggers.planner import plan

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.mark.parametrize(
    ("salt", "unit", "expected"),
    [
        ("global:2025Q1", "cust_1", 0.4476875344342493),
        ("campaign:42", "cust_1", 0.7057168577635331),
        ("campaign:42", "cust_2", 0.6603302132459231),
        ("campaign:43", "cust_1", 0.7689853872441508),
        ("campaign:42", "é@ex.fr", 0.5888974988046766),
    ],
)
def test_bucket_is_the_golden_number(salt: str, unit: str, expected: float) -> None:
    assert bucket(salt, unit) == pytest.approx(expected, abs=1e-12)


def test_buckets_are_uniform_and_independent_between_campaigns() -> None:
    low = {
        salt: {i for i in range(100_000) if bucket(salt, f"c{i}") < 0.1}
        for salt in ("campaign:1", "campaign:2", "global:A")
    }
    both = low["campaign:1"] & low["campaign:2"]
    assert (len(low["campaign:1"]), len(low["global:A"]), len(both)) == (9939, 10001, 1004)


@pytest.mark.django_db
@pytest.mark.parametrize("share", ["0.001", "0.1", "0.5", "0.9"])
def test_draw_in_sql_is_the_draw_in_python(share: str) -> None:
    Customer.objects.bulk_create(
        Customer(external_id=f"é-{number}", created_at=cast.LONG_AGO) for number in range(2000)
    )
    drawn = dict(
        Customer.objects.annotate(out=held_out_in_sql("campaign:7", "external_id", Decimal(share))).values_list(
            "external_id", "out"
        )
    )
    assert {unit: bool(out) for unit, out in drawn.items()} == {
        unit: bucket("campaign:7", unit) < float(share) for unit in drawn
    }
    assert {unit: held_out("campaign:7", unit, Decimal(share)) for unit in drawn} == drawn


@pytest.mark.django_db
def test_service_message_is_never_held_out() -> None:
    campaign = cast.live_campaign(holdout_share="0.5", gesture_fields={"purpose": "service"})
    assert (share_of(campaign), salt_of(campaign)) == (Decimal(0), f"campaign:{campaign.pk}")


NOW = cast.at("2026-03-14 12:00")
# Of both of the cast, in the epochs named below.
NEARLY_ALL, HARDLY_ANY, NOBODY = Decimal("0.9"), Decimal("0.001"), Decimal(0)


def thanks(**fields: Any) -> Campaign:
    return cast.live_campaign("post_purchase", {"anchor": "placed"}, **{"launched_at": NOW - DAY} | fields)


def decisions() -> list[tuple[str, str]]:
    return list(Occasion.objects.order_by("key").values_list("key", "decision"))


@pytest.mark.django_db
def test_members_of_the_global_group_are_those_of_the_draw() -> None:
    Customer.objects.bulk_create(Customer(external_id=f"c-{n}", created_at=cast.LONG_AGO) for n in range(1000))
    group = GlobalHoldout.objects.create(epoch="2026Q1", share=Decimal("0.05"), since=NOW)
    members = Customer.objects.annotate(member=members_in_sql(group)).filter(member=True)
    expected = {f"c-{n}" for n in range(1000) if bucket("global:2026Q1", f"c-{n}") < 0.05}
    assert set(members.values_list("external_id", flat=True)) == expected
    assert not Customer.objects.annotate(member=members_in_sql(None)).filter(member=True).exists()


@pytest.mark.django_db
def test_globally_held_out_customer_is_outside_the_arms_and_keeps_the_slot_of_their_moment() -> None:
    thanks(holdout_share="0.5")
    GlobalHoldout.objects.create(epoch="2026Q1", share=NEARLY_ALL, since=NOW - DAY)
    cast.order(cast.customer("claire"), "o-1", NOW - HOUR)
    plan(NOW)
    assert decisions() == [("order:o-1", "global")]
    assert Occasion.objects.get().slot_at == NOW - HOUR
    assert not Delivery.objects.exists()


@pytest.mark.django_db
def test_service_message_reaches_the_globally_held_out() -> None:
    thanks(gesture_fields={"purpose": "service"})
    GlobalHoldout.objects.create(epoch="2026Q1", share=NEARLY_ALL, since=NOW - DAY)
    cast.order(cast.customer("claire"), "o-1", NOW - HOUR)
    plan(NOW)
    assert decisions() == [("order:o-1", "due")]


@pytest.mark.django_db
def test_new_epoch_moves_nobody_who_had_an_occasion_in_the_campaign() -> None:
    thanks()
    claire, paul = cast.customer("claire"), cast.customer("paul")
    cast.order(claire, "o-1", NOW - HOUR)
    plan(NOW)
    GlobalHoldout.objects.create(epoch="2026Q1", share=NEARLY_ALL, since=NOW + HOUR)
    cast.order(claire, "o-2", NOW + HOUR)
    cast.order(paul, "o-3", NOW + HOUR)
    plan(NOW + 2 * HOUR)
    GlobalHoldout.objects.create(epoch="2026Q2", share=HARDLY_ANY, since=NOW + 3 * HOUR)
    cast.order(paul, "o-4", NOW + 4 * HOUR)
    plan(NOW + 4 * HOUR)
    GlobalHoldout.objects.create(epoch="2026Q3", share=NOBODY, since=NOW + 5 * HOUR)
    cast.order(paul, "o-5", NOW + 6 * HOUR)
    plan(NOW + 6 * HOUR)
    assert decisions() == [
        ("order:o-1", "due"),
        ("order:o-2", "due"),
        ("order:o-3", "global"),
        ("order:o-4", "global"),
        ("order:o-5", "due"),
    ]
