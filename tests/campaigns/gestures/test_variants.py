"""Which text speaks: the same answer for one customer and for a whole query."""

import pytest

from campaigns.gestures.variants import choose_variant, has_text, languages_of
from campaigns.models import Customer, GestureTemplate, Variant
from tests import cast

pytestmark = pytest.mark.django_db

SPOKEN = ["fr", "fr-CA", "FR-be", "en", "en-GB", "de", "pt-BR", "pt", "frp", ""]


def gesture_in(*languages: str, missing: str) -> GestureTemplate:
    gesture = cast.gesture("thanks", channels=(), missing_language=missing)
    for language in languages:
        Variant.objects.create(gesture=gesture, channel="email", language=language, subject="s", body="b")
    return gesture


@pytest.mark.parametrize("missing", ["shop_language", "skip"])
@pytest.mark.parametrize("languages", [("fr", "en"), ("en",), ("fr-CA",), ("pt-BR", "fr"), ("de",), ()])
def test_query_finds_exactly_those_for_whom_a_text_is_chosen(languages: tuple[str, ...], missing: str) -> None:
    shop, gesture = cast.shop(), gesture_in(*languages, missing=missing)
    people = [cast.customer(f"c-{number}", language=language) for number, language in enumerate(SPOKEN)]
    chosen = {one.language for one in people if choose_variant(gesture, "email", one.language, shop) is not None}
    found = Customer.objects.filter(has_text(gesture, "email", shop)).values_list("language", flat=True)
    assert set(found) == chosen


@pytest.mark.parametrize(
    ("language", "chosen"),
    [("fr", "fr"), ("fr-CA", "fr-CA"), ("fr-BE", "fr"), ("fr_be", "fr"), ("EN-gb", "en"), ("de", "fr"), ("", "fr")],
)
def test_exact_language_then_its_base_then_the_shops(language: str, chosen: str) -> None:
    gesture = gesture_in("fr", "en", "fr-CA", missing="shop_language")
    variant = choose_variant(gesture, "email", language, cast.shop())
    assert variant is not None
    assert variant.language == chosen


def test_nobody_speaks_on_a_channel_without_text_or_where_the_rule_says_skip() -> None:
    shop, gesture = cast.shop(), gesture_in("fr", missing="skip")
    assert choose_variant(gesture, "sms", "fr", shop) is None
    assert choose_variant(gesture, "email", "de", shop) is None
    assert languages_of(gesture, "email") == {"fr"}
    assert languages_of(gesture, "sms") == set()
