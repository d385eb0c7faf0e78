"""The Bilan beside a global control group whose truth is planted, and honest without one."""

from datetime import timedelta
from decimal import Decimal
from typing import Final

import pytest
from django.test import Client
from django.utils import translation

from analytics.bilan import bilan_figures, bilan_words
from campaigns.models import Answer, Customer, Order
from tests import cast
from triggers.holdout import members_in_sql
from triggers.models import GlobalHoldout

pytestmark = pytest.mark.django_db
NOW: Final = cast.at("2026-05-20 12:00")
SINCE: Final = NOW - timedelta(days=60)


def programme(*, treated: float, control: float, n: int = 1500, share: str = "0.3") -> GlobalHoldout:
    """A group drawn 60 days ago, and the share of each side that ordered since, for about 50.00 each."""
    cast.shop()
    group = GlobalHoldout.objects.create(epoch="2026Q2", share=Decimal(share), since=SINCE)
    Customer.objects.bulk_create(Customer(external_id=f"c{k}", created_at=cast.LONG_AGO) for k in range(n))
    orders = []
    for member, rate in ((True, control), (False, treated)):
        rows = list(Customer.objects.annotate(member=members_in_sql(group)).filter(member=member).order_by("pk"))
        for k, row in enumerate(rows[: round(rate * len(rows))]):
            at = SINCE + timedelta(days=1 + k % 50)
            total = 4000 + k * 97 % 2000
            orders.append(
                Order(external_id=f"{member}{k}", customer=row, placed_at=at, total=total, updated_at=at, created_at=at)
            )
    Order.objects.bulk_create(orders)
    return group


def test_a_programme_that_works_is_told_as_a_range() -> None:
    programme(treated=0.30, control=0.15)
    cast.live_campaign(margin_share="0.5", launched_at=SINCE)
    figures = bilan_figures("", NOW)
    low, high = figures["gained"]["interval"]
    # 0.15 more orders of about 50.00 each, for about 1,050 customers, half of it margin.
    assert low < 0.15 * 5000 * 0.5 * figures["treated_customers"] < high
    assert low > 0
    assert figures["treated_customers"] + figures["control_customers"] == 1500
    told = bilan_words(figures)
    assert (told["tone"], figures["gained"]["proven"]) == ("good", "up")
    assert told["sentence"].startswith("The programme brought €")


def test_nothing_proven_is_said_in_both_languages() -> None:
    programme(treated=0.20, control=0.20)
    figures = bilan_figures("", NOW)
    low, high = figures["gained"]["interval"]
    assert low < 0 < high
    english = bilan_words(figures)
    assert english["sentence"].startswith("Nothing is proven")
    assert english["honest"].startswith("It may have brought something or nothing")
    with translation.override("fr"):
        french = bilan_words(figures)
    assert french["sentence"] != english["sentence"]
    assert french["honest"] != english["honest"]


def test_a_programme_that_harms_is_told() -> None:
    programme(treated=0.10, control=0.30)
    told = bilan_words(bilan_figures("", NOW))
    assert (told["tone"], told["gained"]["proven"]) == ("bad", "down")
    assert told["sentence"].startswith("The programme lost")


def test_without_a_group_nothing_is_claimed() -> None:
    cast.shop()
    told = bilan_words(bilan_figures("", NOW))
    assert (told["refused"], told["gained"], told["tone"]) == ("no_group", None, "calm")


def test_too_few_orders_and_a_broken_draw_are_refused() -> None:
    group = programme(treated=0.02, control=0.02, n=800)
    assert bilan_figures("", NOW)["refused"] == "few_orders"
    held = Customer.objects.annotate(member=members_in_sql(group)).filter(member=True)
    Order.objects.all().delete()
    Customer.objects.filter(pk__in=list(held.values_list("pk", flat=True))[:200]).delete()
    assert bilan_figures("", NOW + timedelta(hours=1))["refused"] == "unbalanced_draw"


def test_page_has_the_programme_first_comments_without_names_and_json_without_comments(
    marie: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("campaigns.clock.now", lambda: NOW)
    programme(treated=0.30, control=0.15)
    who = cast.claire()
    for number, score in enumerate((10, 8, 2)):
        Answer.objects.create(
            external_id=f"a{number}",
            customer=who,
            score=score,
            comment=f"{score} of ten, and here is why I say so",
            answered_at=NOW - timedelta(days=1),
            recorded_at=NOW,
        )
    page = marie.get("/studio/reports/bilan").content.decode()
    assert "The programme brought" in page
    assert "2 of ten, and here is why" in page
    assert "Claire" not in page
    assert "style=" not in page
    told = marie.get("/studio/reports/bilan/data.json").json()
    assert "comments" not in told
    assert told["gained"]["interval"][0] > 0
