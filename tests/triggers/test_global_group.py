"""The global control group: its size, its epochs, and the quarter that draws it anew."""

from decimal import Decimal

import pytest
from django.test import Client

from campaigns.models import AuditEntry, Customer
from tests import cast
from triggers.global_group import draw, draw_each_quarter, suggested_share
from triggers.models import GlobalHoldout

pytestmark = pytest.mark.django_db

MARCH = cast.at("2026-03-31 21:59")  # still the first quarter in Paris, by a minute
APRIL = cast.at("2026-03-31 22:00")


def epochs() -> list[tuple[str, str, str]]:
    rows = GlobalHoldout.objects.order_by("pk").values_list("epoch", "share", "drawn_by")
    return [(epoch, str(share), by) for epoch, share, by in rows]


def test_small_shops_are_advised_a_fifth() -> None:
    assert suggested_share() == Decimal("0.20")
    Customer.objects.bulk_create(Customer(external_id=f"c-{n}", created_at=cast.LONG_AGO) for n in range(5000))
    assert suggested_share() == Decimal("0.10")


def test_new_quarter_of_the_shop_draws_with_the_same_share_once() -> None:
    cast.shop()
    assert draw_each_quarter(MARCH) is None
    draw(Decimal("0.10"), by="marie", now=MARCH)
    assert draw_each_quarter(MARCH) is None
    assert draw_each_quarter(APRIL) is not None
    assert draw_each_quarter(APRIL) is None
    assert epochs() == [("2026Q1", "0.100", "marie"), ("2026Q2", "0.100", "")]


def test_group_that_was_ended_is_not_drawn_again() -> None:
    cast.shop()
    draw(Decimal("0.10"), by="marie", now=MARCH)
    draw(Decimal(0), by="marie", now=MARCH)
    assert draw_each_quarter(APRIL) is None
    assert epochs()[-1] == ("2026Q1-2", "0.000", "marie")


def test_group_is_drawn_and_ended_in_the_studio(marie: Client, paul: Client) -> None:
    cast.shop()
    page = "/studio/triggers/globalholdout/group/"
    assert "20 %" in marie.get(page).content.decode()
    marie.post(f"{page}draw/", {"share": "0.20"})
    (group,) = GlobalHoldout.objects.all()
    assert (str(group.share), group.drawn_by) == ("0.200", "marie")
    assert group.epoch in marie.get(page).content.decode()
    assert AuditEntry.objects.get().action == "drawn"
    assert paul.get(page).status_code == 200
    assert paul.post(f"{page}draw/", {"share": "0"}).status_code == 403
    marie.post(f"{page}draw/", {"share": "0"})
    assert [share for _epoch, share, _by in epochs()] == ["0.200", "0.000"]
    assert marie.get("/studio/triggers/globalholdout/").status_code == 200
