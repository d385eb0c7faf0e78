"""Rehearsals, timeline, next and why by REST."""

from datetime import timedelta
from typing import Any

import pytest

from campaigns import clock
from campaigns.models import Customer, Event
from tests import cast
from tests.campaigns.api.conftest import Api, problem
from triggers.dispatch import dispatch
from triggers.planner import plan
from triggers.rehearsal import queue


@pytest.fixture
def api(db: None) -> Api:
    from campaigns.api.authentication import make_key

    return Api(make_key("shop", ["read", "run"])[1])


@pytest.fixture
def bought(db: None) -> None:
    """Claire bought two days ago, when the campaign did not run yet."""
    cast.live_campaign("post_purchase", {"anchor": "placed"}, slug="thanks", launched_at=clock.now())
    cast.order(cast.claire(), "o-1", clock.now() - timedelta(days=2))


def test_rehearsal_is_asked_for_and_read(api: Api, bought: None) -> None:
    asked = api.post("campaigns/thanks/rehearse", {"days": 7})
    assert (asked.status_code, asked.json()["status"]) == (202, "queued")
    address = f"rehearsals/{asked.json()['id']}"
    assert problem(api.get(f"{address}?format=csv")) == (409, [])
    queue.run_waiting()
    done = api.get(address).json()
    assert (done["status"], done["result"]["gestures"], done["result"]["cost"]) == ("done", 1, "0.00")
    assert [message["customer"] for message in done["result"]["messages"]] == ["claire"]
    table = api.get(f"{address}?format=csv").content.decode().splitlines()
    assert table[:2] == ["section,name,day,channel,value", "total,gestures,,,1"]


def test_rehearsal_is_cancelled(api: Api, bought: None) -> None:
    asked = api.post("campaigns/thanks/rehearse").json()
    assert api.post(f"rehearsals/{asked['id']}/cancel").json()["status"] == "cancelled"
    assert queue.run_waiting() == 0


@pytest.mark.parametrize("body", [{"days": 0}, {"days": 5000}, {"weeks": 1}])
def test_rehearsal_of_impossible_days_is_refused(api: Api, bought: None, body: dict[str, Any]) -> None:
    assert problem(api.post("campaigns/thanks/rehearse", body))[0] == 400


def test_rehearsal_needs_the_scope_to_run(bought: None) -> None:
    from campaigns.api.authentication import make_key

    reader = Api(make_key("reader", ["read"])[1])
    assert problem(reader.post("campaigns/thanks/rehearse"))[0] == 403


def test_timeline_is_read_page_by_page_newest_first(api: Api, bought: None) -> None:
    now = clock.now()
    claire = Customer.objects.get()
    Event.objects.bulk_create(
        Event(
            external_id=f"e-{n}",
            customer=claire,
            name="visit",
            occurred_at=now - timedelta(hours=n // 2),
            recorded_at=now,
        )
        for n in range(6)
    )
    cast.order(claire, "o-2", now + timedelta(seconds=1))
    plan(now + timedelta(minutes=1))
    dispatch(now + timedelta(minutes=1))
    whole = api.get("customers/claire/timeline").json()
    kinds = [entry["kind"] for entry in whole["results"]]
    assert (whole["next"], sorted(set(kinds))) == (None, ["consent", "event", "gesture", "message", "order"])
    instants = [entry["at"] for entry in whole["results"]]
    assert instants == sorted(instants, reverse=True)
    paged: list[Any] = []
    address = "customers/claire/timeline?limit=2"
    while address:
        page = api.get(address).json()
        paged += page["results"]
        address = (page["next"] or "").partition("/api/v1/")[2]
    assert paged == whole["results"]


@pytest.mark.parametrize("cursor", ["x", "W10", "WyIyMDI2LTAxLTAxIiwgMCwgIjEiXQ"])
def test_timeline_refuses_a_cursor_that_no_page_gave(api: Api, bought: None, cursor: str) -> None:
    assert problem(api.get(f"customers/claire/timeline?cursor={cursor}")) == (400, ["cursor"])


def test_why_names_the_verdict_and_next_the_gestures(api: Api, bought: None) -> None:
    answer = api.get("customers/claire/why?campaign=thanks").json()
    assert (answer["verdict"], answer["audience"]) == ("before_launch", {"inside": True, "conditions": []})
    assert {guard["guard"] for guard in answer["guards"]} >= {"no_address", "no_consent", "quiet_hours"}
    assert api.get("customers/claire/next").json() == {"results": []}


def test_why_needs_a_campaign_and_a_customer(api: Api, bought: None) -> None:
    assert problem(api.get("customers/claire/why")) == (400, ["campaign"])
    assert problem(api.get("customers/nobody/why?campaign=thanks"))[0] == 404


def test_answers_in_the_language_asked_for(api: Api, bought: None) -> None:
    told = api.send("GET", "customers/claire/why?campaign=thanks", **{"Accept-Language": "fr"})
    assert told.json()["sentence"] != api.get("customers/claire/why?campaign=thanks").json()["sentence"]
