"""The words of a message: whose name, which language, and one that cannot be written beside those that can."""

import pytest

from campaigns.models import Customer, Sender, Variant
from tests import cast
from tests.triggers.dispatch.scene import NOON, buyers, due, states, thanks
from triggers.dispatch import dispatch
from triggers.models import Attempt, Delivery, State
from triggers.planner import plan

pytestmark = pytest.mark.django_db


def test_text_that_cannot_be_rendered_skips_its_own_delivery_alone() -> None:
    thanks()
    buyers(3, first_name="Zoé")
    Variant.objects.filter(channel="email", language="fr").update(subject="Merci {{ customer.first_name }}")
    Customer.objects.filter(external_id="buyer-1").update(first_name="")
    plan(NOON)
    assert dispatch(NOON) == 2
    assert states() == {"accepted": 2, "skipped": 1}
    skipped = Delivery.objects.get(state=State.SKIPPED)
    assert (skipped.reason, skipped.customer.external_id) == ("render_failed", "buyer-1")


def test_header_that_a_name_would_break_is_not_sent() -> None:
    thanks()
    buyers(2, first_name="Zoé")
    Variant.objects.filter(channel="email", language="fr").update(subject="Merci {{ customer.first_name }}")
    Customer.objects.filter(external_id="buyer-0").update(first_name="Z\r\nBcc: all@boutique.test")
    plan(NOON)
    assert dispatch(NOON) == 1
    assert Delivery.objects.get(state=State.SKIPPED).reason == "render_failed"


@pytest.mark.parametrize(
    ("language", "written", "subject"),
    [
        ("fr", "fr", "Merci, et à bientôt !"),
        ("fr-CA", "fr", "Merci, et à bientôt !"),
        ("en", "en", "Thank you, see you soon!"),
        ("de", "fr", "Merci, et à bientôt !"),
        ("", "fr", "Merci, et à bientôt !"),
    ],
)
def test_language_of_the_customer_decides(language: str, written: str, subject: str) -> None:
    thanks()
    buyers(1, language=language)
    plan(NOON)
    dispatch(NOON)
    attempt = Attempt.objects.get()
    assert (attempt.language, attempt.subject) == (written, subject)


def test_sender_of_the_language_writes() -> None:
    thanks()
    Sender.objects.filter(language="en").update(email_name="Tea House", email_address="hello@maison-the.test")
    buyers(1, language="en")
    plan(NOON)
    dispatch(NOON)
    assert Attempt.objects.get().sender == "Tea House <hello@maison-the.test>"


def test_language_without_a_sender_is_written_by_the_shops_own() -> None:
    due(1)
    Sender.objects.filter(language="fr").delete()
    cast.shop(language="en")
    Sender.objects.filter(language="fr").delete()
    dispatch(NOON)
    assert Attempt.objects.get().sender == "Maison Thé <bonjour@maison-the.test>"


def test_shop_without_a_sender_skips_with_the_reason() -> None:
    due(1)
    Sender.objects.all().delete()
    dispatch(NOON)
    assert (Delivery.objects.get().state, Delivery.objects.get().reason) == (State.SKIPPED, "no_sender")


def test_sms_is_sent_in_the_shops_number() -> None:
    due(1, channels=("sms",))
    dispatch(NOON)
    attempt = Attempt.objects.get()
    assert (attempt.sender, attempt.recipient, attempt.subject, attempt.html) == (
        "+33939980000",
        "+33639980000",
        "",
        "",
    )
