"""Leaving: looking changes nothing, pressing the button does, and so does a mail program's one click."""

import pytest
from django.test import Client

from campaigns.models import Consent, Customer, Sender, Shop, Suppression
from tests import cast
from tests.triggers.messages import sent
from triggers.links import unsubscribe_url
from triggers.models import Attempt

pytestmark = pytest.mark.django_db


def path(attempt: Attempt) -> str:
    return "/u/" + unsubscribe_url(attempt.delivery_id).rpartition("/")[2]


def state() -> tuple[int, int, list[tuple[bool, bool]]]:
    people = list(Customer.objects.order_by("pk").values_list("email_marketing", "sms_marketing"))
    return Consent.objects.count(), Suppression.objects.count(), people


@pytest.mark.parametrize("method", ["get", "head"])
def test_looking_changes_nothing(client: Client, method: str) -> None:
    attempt = sent(cast.claire())
    before = state()
    for _scan in range(3):
        response = getattr(client, method)(path(attempt))
        assert response.status_code == 200
        assert not response.cookies
    assert state() == before


def test_one_click_of_rfc_8058_leaves_without_cookie_or_redirect() -> None:
    attempt = sent(cast.claire())
    client = Client(enforce_csrf_checks=True)
    response = client.post(path(attempt), {"List-Unsubscribe": "One-Click"})
    assert (response.status_code, dict(response.cookies)) == (200, {})
    claire = Customer.objects.get()
    assert (claire.email_marketing, claire.sms_marketing) == (False, True)
    assert Suppression.objects.get().reason == Suppression.Reason.UNSUBSCRIBED
    word = Consent.objects.get(granted=False)
    assert (word.customer_id, word.channel, word.source) == (claire.pk, "email", "unsubscribe link")


def test_the_button_leaves_and_twice_is_as_good_as_once(client: Client) -> None:
    attempt = sent(cast.claire())
    pages = [client.post(path(attempt)) for _press in range(2)]
    assert [page.status_code for page in pages] == [200, 200]
    assert Customer.objects.get().email_marketing is False
    assert Suppression.objects.count() == 1


def test_leaving_closes_the_address_written_to_and_the_present_one(client: Client) -> None:
    attempt = sent(cast.claire())
    written_to = attempt.delivery.address_key
    twin = cast.customer("twin", email="claire@maison-the.test")
    moved = cast.customer("moved", email="new@maison-the.test")
    Customer.objects.filter(pk=attempt.delivery.customer_id).update(email_key=moved.email_key)
    client.post(path(attempt))
    assert set(Suppression.objects.values_list("address_key", flat=True)) == {written_to, moved.email_key}
    assert not Customer.objects.filter(pk__in=[attempt.delivery.customer_id, twin.pk, moved.pk], email_marketing=True)


def test_leaving_sms_keeps_the_emails(client: Client) -> None:
    attempt = sent(cast.claire(language="en"), channel="sms")
    assert "will send you no more text messages" in client.post(path(attempt)).content.decode()
    claire = Customer.objects.get()
    assert (claire.email_marketing, claire.sms_marketing) == (True, False)


OURS = "Our door stays open."


def test_page_says_the_shops_own_farewell_as_it_was_written(client: Client) -> None:
    attempt = sent(cast.claire(language="en"))
    Sender.objects.filter(language="en").update(farewell="Thank you, <b>all</b>.\nGo well.")
    assert "Go well." not in client.get(path(attempt)).content.decode()
    page = client.post(path(attempt)).content.decode()
    assert '<p class="farewell">Thank you, &lt;b&gt;all&lt;/b&gt;.\nGo well.</p>' in page
    assert OURS not in page


@pytest.mark.parametrize(
    ("language", "words"),
    [("fr-CA", "Bonne route !"), ("fr-BE", "Adieu."), ("fr", "Adieu."), ("en", OURS), ("de", OURS)],
)
def test_farewell_is_in_the_language_of_the_page_else_ours(client: Client, language: str, words: str) -> None:
    attempt = sent(cast.claire(language=language))
    Sender.objects.filter(language="fr").update(farewell="Adieu.")
    writes = {"shop": Shop.get(), "email_name": "M", "email_address": "bonjour@maison-the.test"}
    for other, farewell in (("fr-CA", "Bonne route !"), ("fr-BE", ""), ("de", "Lebt wohl.")):
        Sender.objects.create(language=other, farewell=farewell, **writes)
    page = client.post(path(attempt)).content.decode()
    assert [said for said in ("Bonne route !", "Adieu.", "Lebt wohl.", OURS) if said in page] == [words]


@pytest.mark.parametrize(("language", "spoken"), [("fr-CA", "fr"), ("en", "en"), ("de", "en")])
def test_page_speaks_the_customers_language_and_names_the_shop(client: Client, language: str, spoken: str) -> None:
    attempt = sent(cast.claire(language=language))
    response = client.get(path(attempt), headers={"accept-language": "xx"})
    assert response["Content-Language"] == spoken
    assert f'<html lang="{spoken}">' in response.content.decode()
    assert "Maison Thé" in response.content.decode()


def test_page_needs_no_inline_style_or_script_and_leaks_no_token(client: Client) -> None:
    attempt = sent(cast.claire())
    response = client.get(path(attempt))
    page = response.content.decode()
    assert "style=" not in page
    assert "<script" not in page
    assert path(attempt).rpartition("/")[2] not in page
    assert (response["Referrer-Policy"], response["Cache-Control"]) == ("no-referrer", "no-store")
    assert response["X-Robots-Tag"] == "noindex, nofollow"
    assert "Content-Security-Policy" in response


def test_unknown_token_changes_nothing_even_by_post(client: Client) -> None:
    sent(cast.claire())
    before = state()
    assert client.post("/u/AAAAAAAAAAAAAAAA").status_code == 404
    assert state() == before
