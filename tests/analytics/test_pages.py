"""The report as page, JSON, CSV and REST."""

import csv
import io

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from rest_framework.test import APIClient

from analytics.table import report_csv
from campaigns.api.authentication import make_key
from tests.analytics.arms import Contact, arms, campaign, fill

pytestmark = pytest.mark.django_db


@pytest.fixture
def marketer(client: Client) -> Client:
    client.force_login(get_user_model().objects.create_superuser("marie", "marie@maison-the.test", "x"))
    return client


@pytest.fixture
def shop_key() -> APIClient:
    _row, key = make_key("shop", ["read"])
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {key}")
    return client


def told(name: str = "birthday") -> None:
    row = campaign(slug=name, name=name)
    fill(row, arms(treated=1000, buyers_t=150, control=1000, buyers_c=100), prefix=name)


def test_pages_are_for_people_who_may_see_campaigns(client: Client) -> None:
    told()
    assert client.get("/studio/reports/birthday/").status_code == 302
    client.force_login(get_user_model().objects.create_user("stranger", "s@maison-the.test", "x", is_staff=True))
    assert client.get("/studio/reports/birthday/").status_code == 403
    assert client.get("/studio/reports/birthday.json").status_code == 403


def test_page_tells_the_verdict_and_every_range_without_jargon(marketer: Client) -> None:
    told()
    page = marketer.get("/studio/reports/birthday/")
    assert page.status_code == 200
    text = page.content.decode()
    assert "21 to 79 more purchases than without the campaign" in text
    assert "significant" not in text
    assert "p-value" not in text
    assert "style=" not in text
    for words in ("Control group", "Season taken out", "Plain before/after", "How this was found"):
        assert words in text


def test_list_shows_each_verdict(marketer: Client) -> None:
    told()
    text = marketer.get("/studio/reports/").content.decode()
    assert "it works" in text
    assert "21 to 79 more purchases" in text


def test_an_unknown_campaign_is_not_found(marketer: Client) -> None:
    assert marketer.get("/studio/reports/nothing/").status_code == 404


def test_pages_of_a_campaign_without_anything_still_open(marketer: Client) -> None:
    campaign(slug="empty")
    draft = campaign(slug="draft", status="draft")
    draft.launched_at = None
    draft.save()
    for slug in ("empty", "draft"):
        assert marketer.get(f"/studio/reports/{slug}/").status_code == 200
        assert marketer.get(f"/studio/reports/{slug}.json").status_code == 200
        assert marketer.get(f"/studio/reports/{slug}.csv").status_code == 200


def test_json_tells_money_in_whole_units(marketer: Client) -> None:
    told()
    report = marketer.get("/studio/reports/birthday.json").json()
    assert report["currency"] == "EUR"
    assert report["metrics"]["revenue"]["holdout"]["value_t"] == pytest.approx(0.15 * 52.98, abs=0.01)


def test_csv_has_a_row_a_metric_and_evidence(marketer: Client) -> None:
    told()
    answer = marketer.get("/studio/reports/birthday.csv")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.content.decode())))
    assert [(row["metric"], row["evidence"]) for row in rows] == [
        *(
            (metric, evidence)
            for metric in ("conversion", "revenue", "basket", "nps", "cac")
            for evidence in ("holdout", "season", "plain")
        ),
        ("revenue", "cuped"),
        ("revenue", "winsorised"),
    ]
    assert float(rows[0]["difference"]) == pytest.approx(0.05)
    assert float(rows[0]["difference_low"]) < 0.05 < float(rows[0]["difference_high"])
    assert all(row["how_much_to_believe"] and row["in_words"] for row in rows)


def test_csv_holds_no_formula() -> None:
    row = {"refused": "x", "sentence": "=1+1", "trust": "@SUM(A1)"}
    report = {
        "campaign": "+slug",
        "verdict": {"sentence": "-2"},
        "metrics": {"nps": dict.fromkeys(("holdout", "season", "plain"), row)},
    }
    cells = [cell for line in list(csv.reader(io.StringIO(report_csv(report))))[1:] for cell in line if cell]
    assert not [cell for cell in cells if cell[0] in "=+-@"]


def test_rest_report_as_json_and_csv(shop_key: APIClient) -> None:
    told()
    answer = shop_key.get("/api/v1/campaigns/birthday/report")
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/json")
    assert answer.json()["verdict"]["code"] == "works_well"
    table = shop_key.get("/api/v1/campaigns/birthday/report?format=csv")
    assert (table.status_code, table["Content-Type"]) == (200, "text/csv; charset=utf-8")
    assert table.content.decode().splitlines()[0].startswith("campaign,metric,evidence")


def test_rest_report_needs_a_key_with_read(shop_key: APIClient) -> None:
    told()
    assert APIClient().get("/api/v1/campaigns/birthday/report").status_code == 401
    _row, key = make_key("writer", ["ingest"])
    writer = APIClient()
    writer.credentials(HTTP_AUTHORIZATION=f"Bearer {key}")
    assert writer.get("/api/v1/campaigns/birthday/report").status_code == 403


@pytest.mark.parametrize("address", ["nothing/report", "nothing/report?format=csv", "birthday/report?format=xml"])
def test_rest_report_that_is_not_there_is_a_problem(shop_key: APIClient, address: str) -> None:
    told()
    answer = shop_key.get(f"/api/v1/campaigns/{address}")
    assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")
    assert answer.json()["status"] == 404


def test_rest_report_is_in_the_contract(shop_key: APIClient) -> None:
    operation = shop_key.get("/api/v1/openapi.json").json()["paths"]["/api/v1/campaigns/{slug}/report"]["get"]
    assert set(operation["responses"]["200"]["content"]) == {"application/json", "text/csv"}
    assert [p["name"] for p in operation["parameters"]] == ["format", "slug"]


def test_nps_is_told_in_points_and_never_as_a_percentage(marketer: Client) -> None:
    row = campaign()
    contacts = [Contact("due", score=10 if n % 4 else 3) for n in range(200)]
    contacts += [Contact("held_out", score=9 if n % 2 else 5) for n in range(200)]
    fill(row, contacts)
    nps = marketer.get("/studio/reports/birthday.json").json()["metrics"]["nps"]["holdout"]
    assert (nps["value_t"], nps["value_c"], nps["rel"]) == (50.0, 0.0, None)
    assert nps["unit_text"] == "points"


def test_reports_measured_by_beat() -> None:
    from analytics.tasks import measure

    told()
    assert measure() == 1
