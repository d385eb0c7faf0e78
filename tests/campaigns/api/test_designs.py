"""Moments, gestures and campaigns by API, and their steps from draft to end."""

from typing import Any

import pytest

from campaigns.approval import content_hash
from campaigns.models import AuditEntry, Campaign, GestureTemplate
from tests.campaigns.api.conftest import Api, problem
from tests.cast import shop

MOMENT = {"slug": "after-delivery", "name": "After delivery", "kind": "post_purchase", "rule": {}}
GESTURE: dict[str, Any] = {
    "slug": "how-is-it",
    "name": "How is it going?",
    "variants": [
        {"channel": "email", "language": "fr", "subject": "Alors ?", "body": "<p>Bonjour {{ customer.first_name }}</p>"}
    ],
}
CAMPAIGN = {
    "slug": "care",
    "name": "Care",
    "moment": "after-delivery",
    "gesture": "how-is-it",
    "audience": {"all": [{"field": "country", "is": "is", "value": "FR"}]},
}


@pytest.fixture
def designed(api: Api) -> Api:
    shop()
    for path, body in (("moments", MOMENT), ("gestures", GESTURE), ("campaigns", CAMPAIGN)):
        response = api.post(path, body)
        assert response.status_code == 201, response.json()
    return api


def test_created_designs_read_back(designed: Api) -> None:
    assert MOMENT.items() <= designed.get("moments/after-delivery").json().items()
    gesture = designed.get("gestures/how-is-it").json()
    assert gesture["variants"] == [GESTURE["variants"][0] | {"preheader": "", "rank": 1}]
    campaign = designed.get("campaigns/care").json()
    assert CAMPAIGN.items() <= campaign.items()
    assert (campaign["status"], campaign["holdout_share"]) == ("draft", "0.100")


def test_same_slug_twice_is_409(designed: Api) -> None:
    assert problem(designed.post("moments", MOMENT)) == (409, ["slug"])


@pytest.mark.parametrize(
    ("path", "change", "fault"),
    [
        ("moments", {"kind": "eclipse"}, "kind"),
        ("moments", {"rule": {"moon": 1}}, "rule"),
        ("moments", {"stage": "nowhere"}, "stage"),
        ("gestures", {"variants": [{"body": "{{ customer.__class__ }}"}]}, "variants.0.body"),
        ("gestures", {"variants": [{"body": "<p>a</p>"}] * 2}, "variants.1"),
        ("campaigns", {"moment": "nothing"}, "moment"),
        ("campaigns", {"audience": {"any": [{"field": "x", "is": "is", "value": 1}]}}, "audience.any.0.field"),
        ("campaigns", {"holdout_share": "0.95"}, "holdout_share"),
        ("campaigns", {"absorbs": ["nothing"]}, "absorbs.0"),
        ("campaigns", {"channels": []}, "channels"),
        ("campaigns", {"colour": "red"}, "colour"),
    ],
)
def test_faults_have_paths(designed: Api, path: str, change: dict[str, Any], fault: str) -> None:
    body = {"moments": MOMENT, "gestures": GESTURE, "campaigns": CAMPAIGN}[path] | {"slug": "other"} | change
    assert problem(designed.post(path, body)) == (400, [fault])
    one = {"moments": "after-delivery", "gestures": "how-is-it", "campaigns": "care"}[path]
    assert problem(designed.patch(f"{path}/{one}", change)) == (400, [fault])


def test_lists_come_in_pages(api: Api) -> None:
    for number in range(5):
        api.post("moments", MOMENT | {"slug": f"m-{number}"})
    seen: list[str] = []
    path: str | None = "moments?limit=2"
    while path:
        page = api.get(path).json()
        seen += [row["slug"] for row in page["results"]]
        path = page["next"] and page["next"].partition("/api/v1/")[2]
    assert seen == [f"m-{number}" for number in range(5)]
    for bad in ("limit=0", "limit=501", "limit=x", "cursor=!!", "cursor=LTE"):
        assert problem(api.get(f"moments?{bad}"))[0] == 400, bad


def test_campaign_from_draft_to_end(designed: Api) -> None:
    assert problem(designed.post("campaigns/care/launch"))[0] == 409
    assert designed.post("campaigns/care/submit").json()["status"] == "in_review"
    approved = designed.post("campaigns/care/approve").json()
    assert (approved["status"], approved["approved_by"]) == ("approved", "API: test")
    launched = designed.post("campaigns/care/launch").json()
    assert launched["status"] == "live"
    assert designed.post("campaigns/care/pause").json()["status"] == "paused"
    resumed = designed.post("campaigns/care/launch").json()
    assert (resumed["status"], resumed["launched_at"]) == ("live", launched["launched_at"])
    assert designed.post("campaigns/care/stop").json()["status"] == "ended"
    assert problem(designed.post("campaigns/care/launch"))[0] == 409


def test_campaign_is_sent_back_with_a_reason(designed: Api) -> None:
    designed.post("campaigns/care/submit")
    assert designed.post("campaigns/care/send-back", {"why": " Too long. "}).json()["status"] == "draft"
    assert AuditEntry.objects.get(action="sent_back").detail == {"why": "Too long."}
    assert problem(designed.post("campaigns/care/send-back", {"why": "Too long."})) == (409, [""])


@pytest.mark.parametrize("body", [None, {}, {"why": ""}, {"why": "  "}, {"why": "x" * 501}, {"why": 1}, {"why": "\0"}])
def test_reason_for_sending_back_is_required_text(designed: Api, body: Any) -> None:
    designed.post("campaigns/care/submit")
    assert problem(designed.post("campaigns/care/send-back", body)) == (400, ["why"])
    assert designed.get("campaigns/care").json()["status"] == "in_review"


def test_edit_voids_the_approval(designed: Api) -> None:
    designed.post("campaigns/care/approve")
    text = GESTURE["variants"][0] | {"subject": "Alors, ce thé ?"}
    assert designed.patch("gestures/how-is-it", {"variants": [text]}).status_code == 200
    assert designed.get("campaigns/care").json()["status"] == "draft"
    assert problem(designed.post("campaigns/care/launch"))[0] == 409


def test_edit_pauses_a_running_campaign_until_it_is_approved_again(designed: Api) -> None:
    designed.post("campaigns/care/approve")
    designed.post("campaigns/care/launch")
    assert designed.patch("campaigns/care", {"audience": {}}).json()["status"] == "paused"
    assert problem(designed.post("campaigns/care/launch"))[0] == 409
    designed.post("campaigns/care/approve")
    assert designed.post("campaigns/care/launch").json()["status"] == "live"


def test_renaming_keeps_the_approval(designed: Api) -> None:
    designed.post("campaigns/care/approve")
    assert designed.patch("campaigns/care", {"name": "Care, kindly"}).json()["status"] == "approved"


def test_holdout_and_purpose_are_frozen_at_launch(designed: Api) -> None:
    designed.post("campaigns/care/approve")
    designed.post("campaigns/care/launch")
    assert problem(designed.patch("campaigns/care", {"holdout_share": "0.500"})) == (409, ["holdout_share"])
    assert problem(designed.patch("gestures/how-is-it", {"purpose": "service"})) == (409, ["purpose"])
    assert GestureTemplate.objects.get().purpose == "relation"


def test_service_gesture_is_launched_without_a_holdout(designed: Api) -> None:
    designed.patch("gestures/how-is-it", {"purpose": "service"})
    designed.post("campaigns/care/approve")
    designed.post("campaigns/care/launch")
    assert Campaign.objects.get().holdout_share == 0


def test_what_hinders_a_launch_is_said(designed: Api) -> None:
    designed.patch("campaigns/care", {"channels": ["sms"], "macro_conversion": "booking"})
    response = designed.post("campaigns/care/approve")
    assert problem(response) == (409, ["", ""])


def test_openapi_and_its_page_are_public(db: None) -> None:
    from django.test import Client

    schema = Client().get("/api/v1/openapi.json").json()
    assert "/api/v1/batch" in schema["paths"]
    page = Client().get("/api/docs/")
    assert page.status_code == 200
    assert "post_batch" in page.content.decode()


def test_campaign_absorbs_others_and_says_so(designed: Api) -> None:
    thanks = CAMPAIGN | {"slug": "thanks", "absorbs": ["care"], "even_in_trouble": True, "promised": True}
    assert designed.post("campaigns", thanks).status_code == 201
    read = designed.get("campaigns/thanks").json()
    assert (read["absorbs"], read["even_in_trouble"], read["promised"]) == (["care"], True, True)
    assert problem(designed.patch("campaigns/thanks", {"absorbs": ["thanks"]})) == (400, ["absorbs.0"])
    assert designed.patch("campaigns/thanks", {"absorbs": []}).json()["absorbs"] == []


def test_what_a_campaign_absorbs_is_part_of_what_was_approved(designed: Api) -> None:
    designed.post("campaigns", CAMPAIGN | {"slug": "thanks"})
    campaign = Campaign.objects.get(slug="care")
    before = content_hash(campaign)
    campaign.absorbs.add(Campaign.objects.get(slug="thanks"))
    assert content_hash(campaign) != before
