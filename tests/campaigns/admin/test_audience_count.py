"""The audience told while it is edited: in words of both languages, counted, with a sample."""

import itertools
import time

import pytest
from django.test import Client

from campaigns.audience import count
from campaigns.models import Customer
from tests import cast

LINES = {"audience__joins": "all", "audience__ask": ["country|is"], "audience__value": ["FR"]}
URL = "/studio/campaigns/campaign/audience/"


@pytest.fixture(autouse=True)
def three(db: None) -> None:
    cast.shop()
    cast.claire()
    cast.malik()
    cast.priya()


def test_audience_is_said_in_both_languages_and_counted(marie: Client) -> None:
    page = marie.post(URL, LINES)
    assert [language.sentence for language in page.context["said"]] == ["Has the country FR", "A pour pays FR"]
    assert (page.context["count"].found, page.context["count"].of) == (1, 3)
    assert [str(person) for person in page.context["sample"]] == ["Claire Petit"]


def test_fault_is_told_by_its_line(marie: Client) -> None:
    page = marie.post(URL, LINES | {"audience__ask": ["points|at_least"], "audience__value": ["many"]})
    assert "line 1" in page.content.decode()


def test_audience_made_through_the_api_is_counted_as_stored(marie: Client) -> None:
    tree = {"not": {"field": "country", "is": "is", "value": "FR"}}
    campaign = cast.live_campaign(audience=tree)
    page = marie.post(URL, {"audience__kept": "1", "campaign": campaign.pk})
    assert page.context["count"].found == 2


def test_exact_count_goes_on_until_everybody_was_asked(marie: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    # PostgreSQL counts the customers of all tests before this one, too.
    monkeypatch.setattr(count, "_FIRST_SLICE", Customer.objects.latest("pk").pk - 1)
    monkeypatch.setattr(time, "monotonic", itertools.count().__next__)
    progress = marie.post(f"{URL}count/", LINES).context["progress"]
    assert not progress.done
    while not progress.done:
        posted = {"found": progress.found, "last": progress.last, "newest": progress.newest}
        following = marie.post(f"{URL}count/", LINES | posted).context["progress"]
        assert following.last > progress.last
        progress = following
    assert progress.found == 1


def test_whoever_may_not_see_campaigns_learns_nothing(client: Client) -> None:
    assert client.post(URL, LINES).status_code == 302
