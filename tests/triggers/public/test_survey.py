"""The survey: looking records nothing, the button does, a second answer corrects the first, a detractor is an event."""

import pytest
from django.test import Client

from campaigns import bell
from campaigns.answers import DETRACTOR_EVENT
from campaigns.gestures.check import text_problems
from campaigns.models import Answer, Event, Variant
from tests import cast
from tests.triggers.messages import sent
from triggers.claimed import Claimed
from triggers.dispatch.compose import Composer
from triggers.links import survey_url
from triggers.models import Attempt, Delivery

pytestmark = pytest.mark.django_db


def path(attempt: Attempt) -> str:
    return "/s/" + survey_url(attempt.delivery_id).rpartition("/")[2]


def answers() -> list[tuple[str, int, str]]:
    return list(Answer.objects.values_list("survey", "score", "comment"))


@pytest.mark.parametrize("method", ["get", "head"])
def test_looking_records_nothing_and_sets_no_cookie(client: Client, method: str) -> None:
    attempt = sent(cast.claire())
    response = getattr(client, method)(f"{path(attempt)}/9")
    assert (response.status_code, dict(response.cookies), answers()) == (200, {}, [])


def test_one_click_opens_the_page_with_the_score_chosen(client: Client) -> None:
    attempt = sent(cast.claire(language="en"))
    page = client.get(f"{path(attempt)}/9").content.decode()
    assert page.count("checked") == 1
    assert 'value="9" required checked' in page
    assert "checked" not in client.get(f"{path(attempt)}/11").content.decode()
    assert "checked" not in client.get(path(attempt)).content.decode()


def test_the_button_records_the_answer_without_cookie_or_token_of_a_form() -> None:
    attempt = sent(cast.claire())
    client = Client(enforce_csrf_checks=True)
    response = client.post(f"{path(attempt)}/9", {"score": "10", "comment": " Parfait "})
    assert (response.status_code, dict(response.cookies)) == (200, {})
    assert answers() == [("nps", 10, "Parfait")]
    assert Answer.objects.get().customer_id == attempt.delivery.customer_id
    assert not Event.objects.exists()


def test_a_second_answer_corrects_the_first_and_keeps_its_words(client: Client) -> None:
    attempt = sent(cast.claire(language="en"))
    client.post(path(attempt), {"score": "10", "comment": "Parfait"})
    page = client.get(path(attempt)).content.decode()
    assert "You answered 10." in page
    assert "Parfait" not in page
    client.post(path(attempt), {"score": "7", "comment": ""})
    assert answers() == [("nps", 7, "Parfait")]


def test_an_answer_without_a_score_is_asked_again(client: Client) -> None:
    attempt = sent(cast.claire(language="en"))
    for score in ("", "11", "-1", "²", "nine"):
        response = client.post(path(attempt), {"score": score, "comment": "hm"})
        assert response.status_code == 400
        assert "Choose a number first." in response.content.decode()
    assert answers() == []


def test_a_detractor_is_an_event_once_that_rings_the_bell(
    client: Client, django_capture_on_commit_callbacks: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[int] = []
    monkeypatch.setattr(bell, "_listeners", [lambda ids, _facts: heard.extend(ids)])
    attempt = sent(cast.claire())
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        client.post(path(attempt), {"score": "3", "comment": "Froid"})
    client.post(path(attempt), {"score": "2"})
    event = Event.objects.get()
    assert (event.name, event.customer_id) == (DETRACTOR_EVENT, attempt.delivery.customer_id)
    assert event.properties == {"score": 3, "commented": True}
    assert heard == [attempt.delivery.customer_id]


@pytest.mark.parametrize("address", ["/s/AAAAAAAAAAAAAAAA", "/s/preview", "/s/AAAA/9"])
def test_a_link_that_we_did_not_sign_is_broken(client: Client, address: str) -> None:
    sent(cast.claire())
    assert client.get(address).status_code == 404
    assert client.post(address, {"score": "9"}).status_code == 404
    assert answers() == []


def test_a_leave_link_is_no_survey(client: Client) -> None:
    from triggers.links import unsubscribe_url

    attempt = sent(cast.claire())
    token = unsubscribe_url(attempt.delivery_id).rpartition("/")[2]
    assert client.get(f"/s/{token}").status_code == 404


SCALE = '{% for score in [0, 10] %}<a href="{{ survey_url }}/{{ score }}">{{ score }}</a> {% endfor %}'


def test_a_text_can_ask_with_a_link_a_score() -> None:
    claire = cast.claire()
    attempt = sent(claire)
    Variant.objects.filter(gesture=attempt.delivery.campaign.gesture).update(body=f"<p>{SCALE}</p>")
    assert [text_problems(variant) for variant in Variant.objects.filter(channel="email")] == [[]] * 2
    (delivery,) = Claimed.read(Delivery.objects.all())
    (draft,), _misfits = Composer([delivery], attempt.business_at).compose([delivery])
    for score in (0, 10):
        assert f'href="{survey_url(delivery.pk)}/{score}"' in draft.message.html


@pytest.mark.parametrize("address", ["{{ survey_url }}/11", "{{ survey_url }}@evil.test", "x{{ survey_url }}"])
def test_a_text_cannot_bend_the_surveys_address(address: str) -> None:
    text = Variant(channel="email", language="fr", subject="Merci", body=f'<p><a href="{address}">9</a></p>')
    assert len(text_problems(text)) == 1
