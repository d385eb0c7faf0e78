"""The net promoter score: counts by month, refusals, who answered, and the page with its comments."""

import csv
import io
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.test import Client

from analytics.facts.scores import monthly_scores, scores, within
from analytics.kernel import Scores, TooLittleData
from analytics.kernel.single import score_interval, weighted_score
from analytics.nps import months_until, nps_figures
from analytics.nps_views import nps_csv
from campaigns.models import Answer, Customer, GestureTemplate, Variant
from tests import cast
from tests.triggers.messages import SENT, sent

pytestmark = pytest.mark.django_db
NOW = cast.at("2026-05-20 12:00")
PARIS = ZoneInfo("Europe/Paris")


def answer(who: Customer, score: int, local: str, **fields: object) -> Answer:
    when = cast.at(local, "Europe/Paris")
    values = {"external_id": f"{who.external_id}-{local}", "answered_at": when, "recorded_at": when} | fields
    return Answer.objects.create(customer=who, score=score, **values)


def crowd(score_of: dict[str, int], local: str, *, orders: int = 1) -> None:
    """`count` customers for each score, named by it."""
    for name, count in score_of.items():
        for number in range(count):
            first = cast.at("2026-01-01 00:00")
            row = cast.customer(f"{local}-{orders}-{name}-{number}", orders_count=orders, first_order_at=first)
            if name != "silent":
                answer(row, int(name), local)


def test_each_respondent_counts_once_a_month_and_by_the_shops_midnight() -> None:
    claire, malik = cast.claire(), cast.malik()
    answer(claire, 10, "2026-03-31 23:30")
    answer(claire, 3, "2026-04-01 00:10")
    answer(claire, 9, "2026-04-20 10:00")
    answer(malik, 6, "2026-04-02 10:00")
    answer(malik, 2, "2026-04-02 10:00", external_id="same-instant")
    answer(malik, 10, "2026-04-03 10:00", external_id="csat", survey="csat")
    period, _firsts = months_until(NOW, 12, PARIS)
    by_month = monthly_scores(within("nps", period), PARIS)
    assert {str(month): (told.promoters, told.detractors, told.n) for month, told in by_month.items()} == {
        "2026-03-01": (1, 0, 1),
        "2026-04-01": (1, 1, 2),
    }
    assert scores(within("nps", period)) == Scores(promoters=1, passives=0, detractors=1)


@pytest.mark.parametrize(
    ("now", "first", "last"), [("2026-01-10", "2025-02-01", "2026-01-01"), ("2026-12-31", "2026-01-01", "2026-12-01")]
)
def test_months_cross_the_year(now: str, first: str, last: str) -> None:
    _period, firsts = months_until(cast.at(f"{now} 12:00"), 12, PARIS)
    assert (len(firsts), str(firsts[0]), str(firsts[-1])) == (12, first, last)


def test_a_score_of_few_answers_is_refused() -> None:
    cast.shop()
    crowd({"9": 29}, "2026-04-10 10:00")
    told = nps_figures("nps", 12, NOW)
    assert (told["n"], told["nps"], told["interval"], told["trend"][0]["nps"]) == (29, None, None, None)
    assert told["sentence"] == "Not enough data yet: 29 answers, at least 30 are needed."


def test_respondents_who_buy_more_are_told_and_weighed_down() -> None:
    cast.shop()
    crowd({"9": 40, "silent": 10}, "2026-04-10 10:00", orders=5)
    crowd({"6": 30, "9": 10, "silent": 160}, "2026-04-10 10:00", orders=1)
    told = nps_figures("nps", 12, NOW)
    who = told["respondents"]
    assert (who["of"], who["customers"], who["respondents"]) == ("buyers", 250, 80)
    assert [(row["class"], row["customers"], row["respondents"], row["nps"]) for row in who["classes"]] == [
        ("one", 200, 40, -50.0),
        ("many", 50, 40, 100.0),
    ]
    assert told["nps"] == 25.0
    assert who["weighted"] == pytest.approx((200 * -50 + 50 * 100) / 250)
    assert "Those with four orders or more answered more often (80.0%)" in who["sentence"]
    assert "Had all answered as often, it would lie between −42 and +2." in who["sentence"]


def test_where_a_message_asked_the_rate_is_of_those_who_were_asked() -> None:
    claire, malik = cast.claire(), cast.malik()
    campaign = cast.live_campaign()
    Variant.objects.filter(gesture=campaign.gesture, channel="email").update(body="<p>{{ survey_url }}</p>")
    assert GestureTemplate.objects.count() == 1
    for who in (claire, malik):
        sent(who, campaign=campaign)
    Answer.objects.create(
        external_id="a", customer=claire, score=9, answered_at=SENT + timedelta(hours=1), recorded_at=SENT
    )
    who_answered = nps_figures("nps", 12, NOW)["respondents"]
    assert (who_answered["of"], who_answered["customers"], who_answered["respondents"]) == ("asked", 2, 1)
    assert "1 of the 2 customers who were asked answered (50.0%)." in who_answered["sentence"]


def test_interval_of_one_score_holds_it_and_stays_on_the_scale() -> None:
    low, high = score_interval(Scores(promoters=40, passives=0, detractors=0))
    assert (round(low, 2), high) == (83.58, 100.0)
    low, high = score_interval(Scores(promoters=8465, passives=3953, detractors=1194))
    # 53.416 ± 1.96 · √(10,000 · (9,659/13,612 − 0.53416²) / 13,612), by hand.
    assert (round(low, 2), round(high, 2)) == (52.32, 54.51)
    with pytest.raises(TooLittleData):
        score_interval(Scores(promoters=1, passives=0, detractors=0))


def test_strata_at_their_own_weights_give_the_plain_score() -> None:
    parts = [Scores(promoters=30, passives=10, detractors=20), Scores(promoters=5, passives=30, detractors=15)]
    value, _interval = weighted_score([(part.n, part) for part in parts])
    assert value == pytest.approx(100 * (35 - 35) / 110)
    with pytest.raises(TooLittleData):
        weighted_score([(10, parts[0]), (5, Scores(promoters=1, passives=0, detractors=0))])


@pytest.fixture
def marketer(client: Client) -> Client:
    client.force_login(get_user_model().objects.create_superuser("marie", "marie@maison-the.test", "x"))
    return client


def test_page_shows_and_searches_comments(marketer: Client) -> None:
    cast.shop()
    claire, malik = cast.claire(), cast.malik()
    now = cast.at("2026-05-20 12:00")
    for who, score, words in ((claire, 9, "Livraison rapide"), (malik, 2, "<b>Livraison</b> lente")):
        Answer.objects.create(
            external_id=who.external_id, customer=who, score=score, comment=words, answered_at=now, recorded_at=now
        )
    whole = marketer.get("/studio/reports/nps?months=60").content.decode()
    assert "Livraison rapide" in whole
    assert "&lt;b&gt;Livraison&lt;/b&gt; lente" in whole
    slow = marketer.get("/studio/reports/nps?months=60&q=lente+livraison").content.decode()
    assert ("rapide" in slow, "lente" in slow) == (False, True)
    fans = marketer.get("/studio/reports/nps?months=60&band=promoters").content.decode()
    assert ("rapide" in fans, "lente" in fans) == (True, False)
    assert "No comment has these words." in marketer.get("/studio/reports/nps?months=60&q=zzz").content.decode()


@pytest.mark.parametrize("query", ["", "?months=7&band=x&page=99", "?survey=nothing", "?months=²"])
def test_page_and_its_twins_open_whatever_is_asked(marketer: Client, query: str) -> None:
    assert [
        marketer.get(f"/studio/reports/{name}{query}").status_code for name in ("nps", "nps/data.json", "nps/data.csv")
    ] == [200] * 3


def test_page_is_for_people_who_may_read_answers(client: Client) -> None:
    assert client.get("/studio/reports/nps").status_code == 302
    user = get_user_model().objects.create_user("paul", "p@maison-the.test", "x", is_staff=True)
    client.force_login(user)
    assert client.get("/studio/reports/nps").status_code == 403
    user.user_permissions.add(Permission.objects.get(codename="view_answer"))
    assert client.get("/studio/reports/nps").status_code == 200


def test_csv_has_a_row_a_month_and_no_formula() -> None:
    cast.shop()
    crowd({"6": 40, "9": 20}, "2026-04-10 10:00")
    crowd({"9": 5}, "2026-05-10 10:00")
    figures = nps_figures("nps", 12, NOW) | {"survey": "=evil"}
    rows = list(csv.DictReader(io.StringIO(nps_csv(figures))))
    assert [(row["survey"], row["month"], row["answers"], row["nps"]) for row in rows] == [
        ("'=evil", "2026-04-01", "60", str(-100 / 3)),
        ("'=evil", "2026-05-01", "5", ""),
    ]
