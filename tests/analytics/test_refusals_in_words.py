"""What a report refuses, or warns of, in both languages: the sentences that a marketer reads instead of a number."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import translation

from analytics.measure import measure
from analytics.report import described
from campaigns.models import Campaign, Spend
from tests.analytics.arms import LATER, Contact, arms, campaign, fill
from triggers.models import Occasion

pytestmark = pytest.mark.django_db

LANGUAGES = ("en", "fr")


def told(row: Campaign, language: str) -> dict[str, Any]:
    """The report's figures in words of one language."""
    with translation.override(language):
        return described(measure(row, LATER), row)


def spaces(text: str) -> str:
    return text.replace("\N{NO-BREAK SPACE}", " ").replace("\N{NARROW NO-BREAK SPACE}", " ")


@pytest.mark.parametrize(
    ("language", "verdict"),
    [
        (
            "en",
            "Not enough data yet: 9 contacted customers and 20 of the control group came to the goal; "
            "10 in each group are the least.",
        ),
        (
            "fr",
            "Pas encore assez de données : l’objectif est atteint 9 fois chez les clients contactés et 20 fois dans le "
            "groupe de contrôle ; il en faut au moins 10 de chaque côté.",
        ),
    ],
)
def test_too_little_data(language: str, verdict: str) -> None:
    row = campaign()
    fill(row, arms(treated=100, buyers_t=9, control=100, buyers_c=20))
    report = told(row, language)
    assert spaces(report["verdict"]["sentence"]) == verdict
    assert all("diff" not in metric["holdout"] for metric in report["metrics"].values())


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_unbalanced_draw(language: str) -> None:
    row = campaign()
    fill(row, arms(treated=1200, buyers_t=300, control=900, buyers_c=100))
    report = told(row, language)
    assert report["verdict"]["code"] == "unbalanced_draw"
    assert spaces(report["verdict"]["sentence"]).startswith(
        "No result: the two groups do not have their planned sizes"
        if language == "en"
        else "Pas de résultat : les deux groupes n’ont pas les tailles prévues"
    )
    hidden = {spaces(metric["holdout"]["sentence"]) for metric in report["metrics"].values()}
    assert hidden == {
        "Not shown: the two groups cannot be compared."
        if language == "en"
        else "Non affiché : les deux groupes ne sont pas comparables."
    }


def contaminated(count: int) -> Campaign:
    row = campaign()
    fill(row, arms(treated=500, buyers_t=100, control=500, buyers_c=80))
    for held in list(Occasion.objects.filter(decision="held_out")[:count]):
        held.pk, held.key, held.decision = None, "birthday:2027", "due"
        held.save()
    return row


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_contaminated_control_group(language: str) -> None:
    report = told(contaminated(40), language)
    assert report["verdict"]["code"] == "contaminated"
    assert spaces(report["verdict"]["sentence"]) == (
        "No result: customers of the control group were contacted all the same."
        if language == "en"
        else "Pas de résultat : des clients témoins ont tout de même été contactés."
    )
    assert {metric["holdout"]["refused"] for metric in report["metrics"].values()} == {"suspended"}


def test_a_few_customers_in_both_groups_are_told_and_do_no_harm() -> None:
    report = measure(contaminated(5), LATER)
    assert (report["gates"][0]["state"], report["gates"][0]["figures"]["in_both"]) == ("passed", 5)


@pytest.mark.parametrize("kind", ["post_purchase", "silence", "waiting"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_trigger_inside_the_window(language: str, kind: str) -> None:
    row = campaign(kind=kind, rule={})
    fill(row, arms(treated=100, buyers_t=20, control=100, buyers_c=20))
    report = told(row, language)
    assert report["contacts_before_after"]["refused"] == "reads_behaviour"
    assert spaces(report["contacts_before_after"]["sentence"]).startswith(
        "Refused: this moment depends on what the customer just did"
        if language == "en"
        else "Refusé : ce moment dépend de ce que le client vient de faire"
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_missing_spend(language: str) -> None:
    row = campaign()
    fill(row, arms(treated=50, buyers_t=5, control=50, buyers_c=5))
    Spend.objects.bulk_create(
        Spend(week=date(2025, 12, 8) + timedelta(weeks=week), channel="search", amount=10_000) for week in range(5)
    )
    result = told(row, language)["metrics"]["cac"]["plain"]
    assert result["refused"] == "missing_spend"
    assert spaces(result["sentence"]) == (
        "Spend is missing for 3 weeks: enter it, or this cost would be a guess."
        if language == "en"
        else "Il manque la dépense de 3 semaines : saisissez-la, sinon ce coût serait deviné."
    )


def with_a_whale(total: int) -> Campaign:
    row = campaign()
    contacts = arms(treated=400, buyers_t=120, control=400, buyers_c=60)
    contacts[0] = Contact("due", [total])
    fill(row, contacts)
    return row


@pytest.mark.parametrize("language", LANGUAGES)
def test_one_customer_with_half_of_the_revenue(language: str) -> None:
    report = told(with_a_whale(1_000_000), language)
    revenue = report["metrics"]["revenue"]["holdout"]
    assert "one_customer" in revenue["warnings"]
    assert spaces(report["one_customer"]).startswith(
        "One customer alone brought 61% of the revenue of the contacted customers. So nothing is concluded about money"
        if language == "en"
        else "Un seul client a apporté 61 % du chiffre d’affaires des clients contactés. On ne conclut donc rien sur"
    )
    assert "revenue" not in report["beside"]
    assert (report["returns"], report["pays_back"]) == (None, None)
    cut = next(way for way in report["robust"] if way["way"] == "winsorised")
    assert cut["most"] < 6000
    assert cut["diff_ci"][1] - cut["diff_ci"][0] < revenue["diff_ci"][1] - revenue["diff_ci"][0]


def test_one_customer_with_a_quarter_of_the_revenue_is_a_warning() -> None:
    report = told(with_a_whale(250_000), "en")
    assert report["one_customer"].endswith("Beware: without this one, the figure could be another.")
    assert report["returns"] is not None


@pytest.mark.parametrize("language", LANGUAGES)
def test_before_after_says_that_it_proves_nothing(language: str) -> None:
    row = campaign()
    fill(row, [Contact(("due", "held_out")[n % 2], [4000], [4000] * (n % 3 == 0)) for n in range(300)], spread_days=1)
    plain = told(row, language)["metrics"]["conversion"]["plain"]
    end = (
        "This mixes the campaign, the season and luck; on its own it proves nothing."
        if language == "en"
        else "Ce chiffre mélange la campagne, la saison et le hasard ; il ne prouve rien à lui seul."
    )
    assert spaces(plain["sentence"]).endswith(end)
