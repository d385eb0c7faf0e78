"""Who speaks in which language, and what countries demand of an SMS: told before a launch."""

from typing import Any

import pytest

from campaigns.launch_problems import launch_problems
from campaigns.models import Campaign, GestureTemplate, Sender, Shop, Variant
from campaigns.senders import by_language, choose_sender, is_name
from tests import cast

pytestmark = pytest.mark.django_db


def campaign(text: str, sms_from: str = "MaisonThe", **gesture: Any) -> Campaign:
    """A campaign by SMS with one French text."""
    made = cast.live_campaign(channels=("sms",), gesture_fields={"channels": ("sms",), **gesture})
    Variant.objects.filter(gesture=made.gesture, language="en").delete()
    Variant.objects.filter(gesture=made.gesture).update(body=text)
    Sender.objects.update(sms_from=sms_from)
    return Campaign.objects.get(pk=made.pk)


def problems(text: str, sms_from: str = "MaisonThe", **gesture: Any) -> list[str]:
    return launch_problems(campaign(text, sms_from, **gesture))


@pytest.mark.parametrize(
    ("sms_from", "name"),
    [("+33939980000", False), ("36111", False), (f"MG{'0' * 32}", False), ("MaisonThe", True), ("Thé", True)],
)
def test_names_are_told_from_numbers(sms_from: str, name: bool) -> None:
    assert is_name(sms_from) is name


def test_name_in_france_must_say_which_number_stops_it() -> None:
    assert problems("Merci !") == [
        "SMS, fr: “MaisonThe” cannot receive a STOP: end the text with a line like “STOP au 36111”."
    ]


@pytest.mark.parametrize("text", ["Merci ! STOP au 36180", "Merci. STOP 36105", "Merci, stop: STOP SMS au 36034"])
def test_text_that_says_so_may_be_launched(text: str) -> None:
    assert problems(text) == []


def test_number_receives_a_stop_by_itself() -> None:
    assert problems("Merci !", "+33939980000") == []


def test_service_message_needs_no_stop() -> None:
    assert problems("Votre colis est là.", purpose=GestureTemplate.Purpose.SERVICE) == []


def test_name_cannot_receive_a_score() -> None:
    asked = "De 0 à 10, nous recommanderiez-vous ? STOP au 36180"
    assert problems(asked) == [
        "SMS, fr: “MaisonThe” cannot receive a score: put {{ survey_url }} into the text, or write from a number."
    ]
    assert problems("De 0 à 10 : {{ survey_url }} STOP au 36180") == []


def test_name_is_refused_where_carriers_know_numbers_only() -> None:
    cast.malik()
    cast.shop(country="BE")
    assert problems("Merci !") == [
        "SMS, fr: CA: no names as senders there; write from a number instead of “MaisonThe”."
    ]


def test_stop_line_is_asked_for_where_the_recipients_live() -> None:
    cast.shop(country="BE")
    assert problems("Merci !") == []
    cast.claire()
    assert len(launch_problems(Campaign.objects.get())) == 1


def test_sender_that_is_neither_number_nor_name_is_told() -> None:
    assert problems("STOP au 36180", "Maison Thé") == [
        "Maison Thé can be no SMS sender: write a number like +33939980000, or up to 11 letters without accents."
    ]


def test_sender_without_sms_is_told() -> None:
    assert problems("Merci !", "") == [
        "The sender in fr has no number or name for SMS: add one in the shop's settings."
    ]


def test_sender_speaks_its_language_then_the_base_then_the_shops() -> None:
    shop = cast.shop()
    senders = by_language(Sender.objects.all())
    for wanted, found in (("en", "en"), ("EN-gb", "en"), ("fr-CA", "fr"), ("de", "fr")):
        sender = choose_sender(senders, wanted, shop)
        assert sender is not None
        assert sender.language == found
    assert choose_sender({}, "fr", Shop.get()) is None
