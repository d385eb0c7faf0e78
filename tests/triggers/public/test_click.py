"""A followed link leads where the database says, and nowhere else."""

import pytest
from django.test import Client

from campaigns.models import Campaign, Link
from tests import cast
from tests.triggers.messages import sent
from triggers.links import click_url, unsubscribe_url
from triggers.models import Attempt, Click

pytestmark = pytest.mark.django_db

TARGET = "https://maison-the.test/offre?a=1&b=%C3%A9#haut"


def a_link(url: str = TARGET) -> tuple[Attempt, Link]:
    attempt = sent(cast.claire(), campaign=cast.live_campaign(slug="fete"))
    variant = attempt.delivery.campaign.gesture.variants.get(channel="email", language="fr")
    return attempt, Link.objects.create(variant=variant, url=url)


def path(attempt: Attempt, link: Link) -> str:
    return "/c/" + click_url(attempt.delivery_id, link.pk).rpartition("/")[2]


def test_get_counts_and_leads_to_the_address_of_the_database(client: Client) -> None:
    attempt, link = a_link()
    response = client.get(path(attempt, link))
    assert (response.status_code, response["Location"]) == (302, TARGET)
    assert (response["Referrer-Policy"], response["Cache-Control"]) == ("no-referrer", "no-store")
    assert not response.cookies
    assert list(Click.objects.values_list("delivery", "link")) == [(attempt.delivery_id, link.pk)]


def test_head_leads_there_and_counts_nothing(client: Client) -> None:
    attempt, link = a_link()
    assert client.head(path(attempt, link))["Location"] == TARGET
    assert not Click.objects.exists()


@pytest.mark.parametrize(
    ("url", "tagged"),
    [
        ("https://a.test", "https://a.test?utm_source=microattentions&utm_medium=email&utm_campaign=fete"),
        (
            "https://a.test/?x=%20+&utm_source=mine#top",
            "https://a.test/?x=%20+&utm_source=mine&utm_medium=email&utm_campaign=fete#top",
        ),
    ],
)
def test_utm_is_added_at_the_redirect_where_the_campaign_asks(client: Client, url: str, tagged: str) -> None:
    attempt, link = a_link(url)
    Campaign.objects.update(utm=True)
    assert client.get(path(attempt, link))["Location"] == tagged


TRICKS = [
    "?next=https://evil.test",
    "?url=https://evil.test",
    "?u=//evil.test",
    "#https://evil.test",
    "?next=https:%2F%2Fevil.test",
    "?redirect=javascript:alert(1)",
]


@pytest.mark.parametrize("trick", TRICKS)
def test_nothing_behind_the_token_changes_the_target(client: Client, trick: str) -> None:
    attempt, link = a_link()
    assert client.get(path(attempt, link) + trick, headers={"host": "localhost"})["Location"] == TARGET


@pytest.mark.parametrize(
    "token",
    [
        "https:%2F%2Fevil.test",
        "%2F%2Fevil.test",
        "..%2F..%2Fevil",
        "AAAA",
        "%00",
        "a" * 500,
        "é",
        "%0d%0aLocation:x",
        "=",
    ],
)
def test_what_we_did_not_sign_is_one_page_without_a_way_out(client: Client, token: str) -> None:
    cast.shop()
    for door in ("c", "u"):
        response = client.get(f"/{door}/{token}")
        assert response.status_code == 404
        assert "Location" not in response
    assert not Click.objects.exists()


def test_forged_unknown_and_cross_purpose_tokens_get_the_same_page(client: Client) -> None:
    attempt, link = a_link()
    good = path(attempt, link)
    pages = {
        client.get(address).content
        for address in (
            good[:-1] + ("A" if good[-1] != "A" else "B"),
            "/c/" + unsubscribe_url(attempt.delivery_id).rpartition("/")[2],
            "/c/" + click_url(attempt.delivery_id, link.pk + 1).rpartition("/")[2],
            "/c/" + click_url(2**63, 2**63).rpartition("/")[2],
            "/u/" + unsubscribe_url(2**80).rpartition("/")[2],
            "/u/preview",
        )
    }
    assert len(pages) == 1


def test_a_link_outlives_its_message(client: Client) -> None:
    attempt, link = a_link()
    address = path(attempt, link)
    attempt.delivery.occasion.delete()
    assert client.get(address)["Location"] == TARGET
    assert not Click.objects.exists()


def test_post_is_not_a_click(client: Client) -> None:
    attempt, link = a_link()
    assert client.post(path(attempt, link)).status_code == 405
