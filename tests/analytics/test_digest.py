"""The weekly digest: to whoever asked, in their language, once a week however often beat asks."""

from datetime import timedelta
from typing import Final

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.test import Client
from pytest_django import Settings

from analytics.digest import send_digests, week_of
from analytics.models import DigestReader, DigestSent
from tests import cast
from tests.triggers.messages import sent

pytestmark = pytest.mark.django_db
# A Monday morning of the shop's zone.
MONDAY: Final = cast.at("2026-03-16 09:00", "Europe/Paris")


@pytest.fixture(autouse=True)
def shop() -> None:
    cast.shop()


def reader(name: str, language: str = "en", *, email: str | None = None) -> DigestReader:
    address = f"{name}@maison-the.test" if email is None else email
    user = User.objects.create_user(name, address, "x", is_staff=True)
    return DigestReader.objects.create(user=user, language=language, subscribed_at=MONDAY)


def test_each_reader_gets_one_a_week_in_their_language() -> None:
    reader("marie", "fr")
    reader("paul")
    reader("silent", email="")
    assert send_digests(MONDAY - timedelta(hours=2)) == 0  # seven in the morning
    assert send_digests(MONDAY) == 2
    assert send_digests(MONDAY + timedelta(hours=1)) == 0
    assert send_digests(MONDAY + timedelta(days=6)) == 0
    subjects = {message.to[0]: message.subject for message in mail.outbox}
    assert subjects == {
        "marie@maison-the.test": "Maison Thé\N{NO-BREAK SPACE}: la semaine du 9 mars 2026",
        "paul@maison-the.test": "Maison Thé: the week from 9 Mar 2026",
    }
    assert send_digests(MONDAY + timedelta(days=7)) == 2
    assert all(message.from_email == "Maison Thé <bonjour@maison-the.test>" for message in mail.outbox)


def test_who_was_missed_on_monday_gets_it_later() -> None:
    assert week_of(MONDAY - timedelta(hours=2)) is None
    assert str(week_of(MONDAY + timedelta(days=3))) == "2026-03-16"


def test_a_refusal_of_the_mail_server_is_told_and_tried_again(settings: Settings) -> None:
    reader("marie")
    working = settings.MAILERS
    nobody_listens = {"host": "127.0.0.1", "port": 1, "timeout": 2}
    backend = "django.core.mail.backends.smtp.EmailBackend"
    settings.MAILERS = {"default": {"BACKEND": backend, "OPTIONS": nobody_listens}}
    with pytest.raises(ConnectionRefusedError):
        send_digests(MONDAY)
    assert not DigestSent.objects.exists()
    settings.MAILERS = working
    assert send_digests(MONDAY) == 1


def test_the_mail_has_words_and_html_and_a_way_to_leave() -> None:
    reader("marie")
    send_digests(MONDAY)
    (message,) = mail.outbox
    assert "Nobody can say yet what the whole programme brings" in message.body
    html = str(message.alternatives[0][0])  # type: ignore[attr-defined]
    assert "/studio/reports/digest" in html
    assert "/studio/reports/digest" in message.body


def test_the_page_answers_in_a_week_when_messages_went_out(marie: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    sent(cast.claire())
    monkeypatch.setattr("campaigns.clock.now", lambda: MONDAY)
    assert "1 gesture went out, to 1 customer." in marie.get("/studio/reports/digest").content.decode()


def test_the_page_subscribes_and_leaves(marie: Client) -> None:
    page = marie.get("/studio/reports/digest").content.decode()
    assert "Send it to me each week" in page
    marie.post("/studio/reports/digest", {"subscribed": "1"})
    assert DigestReader.objects.get().user.username == "marie"
    assert "marie@studio.test" in marie.get("/studio/reports/digest").content.decode()
    marie.post("/studio/reports/digest", {"subscribed": "0"})
    assert not DigestReader.objects.exists()
    User.objects.update(email="")
    marie.post("/studio/reports/digest", {"subscribed": "1"})
    assert not DigestReader.objects.exists()
