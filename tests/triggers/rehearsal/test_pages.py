"""The studio's pages of rehearsals and reasons."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from campaigns import clock
from campaigns.models import Campaign, Customer
from tests import cast
from triggers.models import Rehearsal
from triggers.rehearsal import play, queue


@pytest.fixture(autouse=True)
def thanks(db: None, monkeypatch: pytest.MonkeyPatch) -> Campaign:
    """A draft that thanks for orders, one order of two days ago, and one by somebody without an address."""
    monkeypatch.setattr(play, "TICK", timedelta(hours=12))
    draft: dict[str, Any] = {"status": Campaign.Status.DRAFT, "launched_at": None}
    campaign = cast.live_campaign("post_purchase", {"anchor": "placed"}, slug="thanks", **draft)
    cast.order(cast.claire(), "o-1", clock.now() - timedelta(days=2))
    cast.order(cast.customer("paul", email=""), "o-2", clock.now() - timedelta(days=2))
    return campaign


def _page(campaign: Campaign) -> str:
    return f"/studio/triggers/rehearsal/of/{campaign.pk}/"


def test_page_teaches_asks_shows_progress_and_then_the_result(marie: Client, thanks: Campaign) -> None:
    assert "Rehearse it on the past" in marie.get(_page(thanks)).content.decode()
    asked = marie.post(f"{_page(thanks)}ask/", {"days": "30"}, follow=True)
    assert "waits for its turn" in asked.content.decode()
    rehearsal = Rehearsal.objects.get()
    assert (rehearsal.until - rehearsal.after, rehearsal.requested_by) == (timedelta(days=30), "marie")
    waiting = marie.get(f"/studio/triggers/rehearsal/{rehearsal.pk}/progress/")
    assert "HX-Refresh" not in waiting
    queue.run_waiting()
    assert marie.get(f"/studio/triggers/rehearsal/{rehearsal.pk}/progress/")["HX-Refresh"] == "true"
    result = marie.get(_page(thanks)).content.decode()
    for words in ("it would have sent 1 gestures to 1 customers", "No address for any of the channels", "Claire Petit"):
        assert words in result
    table = marie.get(f"/studio/triggers/rehearsal/{rehearsal.pk}/csv/")
    assert "skipped,no_address,,,1" in table.content.decode()
    message = rehearsal.messages.get()
    assert "Merci" in marie.get(f"/studio/triggers/rehearsal/message/{message.pk}/").content.decode()


def test_rehearsal_is_cancelled_by_a_button(marie: Client, thanks: Campaign) -> None:
    marie.post(f"{_page(thanks)}ask/", {"days": "30"})
    rehearsal = Rehearsal.objects.get()
    page = marie.post(f"/studio/triggers/rehearsal/{rehearsal.pk}/cancel/", follow=True)
    assert "The latest rehearsal was cancelled" in page.content.decode()


def test_edit_makes_a_result_old(marie: Client, thanks: Campaign) -> None:
    queue.ask(thanks, days=7, by="marie", now=clock.now())
    queue.run_waiting()
    Campaign.objects.update(priority=3)
    assert "The campaign was edited since" in marie.get(_page(thanks)).content.decode()


def test_who_may_only_look_does_not_ask(paul: Client, thanks: Campaign) -> None:
    assert "button" not in paul.get(_page(thanks)).content.decode().partition("<main")[2].partition("</main")[0]
    assert paul.post(f"{_page(thanks)}ask/", {"days": "30"}).status_code == 403


def test_why_is_asked_on_the_pages_of_customer_and_campaign(marie: Client, thanks: Campaign) -> None:
    claire = Customer.objects.get(external_id="claire")
    assert "What comes next" in marie.get(f"/studio/campaigns/customer/{claire.pk}/change/").content.decode()
    found = marie.get(f"/studio/campaigns/campaign/{thanks.pk}/?why=Claire").content.decode()
    address = f"/studio/triggers/occasion/why/{claire.pk}/?campaign={thanks.pk}"
    assert address in found
    answer = marie.get(address).content.decode()
    for words in ("The campaign does not run.", "claire@maison-the.test", "Everybody is in it."):
        assert words in answer


def test_why_of_a_campaign_that_cannot_be_read_says_what_is_wrong(marie: Client, thanks: Campaign) -> None:
    Campaign.objects.update(audience={"field": "nothing", "is": "is", "value": 1})
    claire = Customer.objects.get(external_id="claire")
    answer = marie.get(f"/studio/triggers/occasion/why/{claire.pk}/?campaign={thanks.pk}").content.decode()
    assert "is not a known field" in answer
