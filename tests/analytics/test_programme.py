"""The programme's page: each epoch by the Bilan's own figures, and refused in words where it may not be believed."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.utils import translation

from analytics.bilan import bilan_figures
from analytics.facts.programme import epochs, sides
from analytics.kernel import compare_conversion
from analytics.programme import programme_figures, programme_words
from campaigns.models import Customer, Order
from tests import cast
from tests.analytics.test_bilan import NOW, SINCE, programme
from tests.triggers.messages import sent
from triggers.holdout import members_in_sql
from triggers.models import Delivery, GlobalHoldout

pytestmark = pytest.mark.django_db


def members(group: GlobalHoldout) -> list[Customer]:
    return list(Customer.objects.annotate(member=members_in_sql(group)).filter(member=True).order_by("pk"))


def test_an_epoch_is_told_as_the_kernel_finds_it_and_as_the_bilan_says() -> None:
    programme(treated=0.30, control=0.15)
    figures = programme_figures(NOW)
    assert [one["epoch"] for one in figures["epochs"]] == ["2026Q2"]
    assert figures["current"] == bilan_figures("", NOW)
    both = sides(*epochs(NOW)[0])
    found = figures["current"]["gained"]["conversion"]
    level = found["level"]
    assert found == compare_conversion(both["treated"].buyers, both["control"].buyers, level=level).as_dict()
    told = programme_words(figures)
    assert told["sentence"].startswith("The programme brought €")
    assert [check["state"] for check in told["checks"]] == ["passed", "passed", "passed", "waiting"]


def test_an_epoch_that_is_over_stands_beside_the_running_one() -> None:
    programme(treated=0.30, control=0.15)
    GlobalHoldout.objects.create(epoch="2026Q3", share=Decimal("0.3"), since=NOW - timedelta(days=5))
    told = programme_words(programme_figures(NOW))
    assert [(one["epoch"], one["running"]) for one in told["epochs"]] == [("2026Q3", True), ("2026Q2", False)]
    assert told["sentence"] == told["epochs"][0]["sentence"]
    assert told["epochs"][1]["conversion"]["range"].startswith("+")


def test_without_a_group_it_says_how_to_have_one() -> None:
    cast.shop()
    told = programme_words(programme_figures(NOW))
    assert (told["epochs"], told["checks"], told["current"]["refused"]) == ([], [], "no_group")


@pytest.mark.parametrize(
    ("refused", "language", "sentence"),
    [
        ("few_orders", "en", "Not enough data yet"),
        ("few_orders", "fr", "Pas encore assez de données"),
        ("unbalanced_draw", "en", "The global control group does not have its planned size"),
        ("unlike_before", "en", "No result: the two groups already differed before the draw"),
        ("unlike_before", "fr", "Pas de résultat"),
        ("contaminated", "en", "No result: customers of the control group were contacted all the same."),
        ("contaminated", "fr", "Pas de résultat"),
    ],
)
def test_what_may_not_be_believed_is_refused_in_words(refused: str, language: str, sentence: str) -> None:
    rate = 0.02 if refused == "few_orders" else 0.3
    group = programme(treated=rate, control=rate, n=800)
    held = members(group)
    if refused == "unbalanced_draw":
        gone = [row.pk for row in held[:200]]
        Order.objects.filter(customer__in=gone).delete()
        Customer.objects.filter(pk__in=gone).delete()
    if refused == "unlike_before":
        for number, row in enumerate(held[:80]):
            cast.order(row, f"before-{number}", SINCE - timedelta(days=3))
    if refused == "contaminated":
        campaign = cast.live_campaign(launched_at=SINCE + timedelta(days=1))
        for row in held[:12]:
            sent(row, campaign=campaign)
    Delivery.objects.update(permitted_at=SINCE + timedelta(days=2))
    figures = programme_figures(NOW)
    assert (figures["current"]["refused"], figures["current"]["gained"]) == (refused, None)
    with translation.override(language):
        told = programme_words(figures)
    assert told["sentence"].replace("\N{NO-BREAK SPACE}", " ").startswith(sentence)
    assert told["epochs"][0]["conversion"] is None


def test_members_whom_an_older_campaign_keeps_are_told_and_suspend_nothing() -> None:
    group = programme(treated=0.30, control=0.15)
    campaign = cast.live_campaign(launched_at=SINCE - timedelta(days=30))
    for row in members(group)[:20]:
        sent(row, campaign=campaign)
    Delivery.objects.update(permitted_at=SINCE + timedelta(days=2))
    told = programme_words(programme_figures(NOW))
    assert (told["current"]["refused"], told["current"]["written_to_earlier"]) == (None, 20)
    assert told["checks"][1]["state"] == "waiting"
    assert told["checks"][1]["sentence"].startswith("20 of ")


def test_page_json_and_rest_say_the_same_and_the_list_begins_with_it(
    marie: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("campaigns.clock.now", lambda: NOW)
    programme(treated=0.30, control=0.15)
    cast.live_campaign(launched_at=SINCE)
    told = marie.get("/studio/reports/programme/data.json").json()
    page = marie.get("/studio/reports/programme").content.decode()
    assert told["sentence"] in page
    assert told["epochs"][0]["conversion"]["range"] in page
    assert "style=" not in page
    assert told["sentence"] in marie.get("/studio/reports/").content.decode()
    revenue = told["epochs"][0]["gained"]["revenue"]
    assert 0 < revenue["diff"] < 50  # whole euros a customer, not cents
