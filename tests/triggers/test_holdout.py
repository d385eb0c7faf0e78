"""The holdout draw: golden numbers, and the same answer from Python and from the database."""

from decimal import Decimal

import pytest

from campaigns.models import Customer
from tests import cast
from triggers.holdout import bucket, held_out, held_out_in_sql, salt_of, share_of


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
