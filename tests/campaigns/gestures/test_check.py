"""What is said against a text before anybody receives it, and the preview of one customer."""

import pytest
from django.utils import translation

from campaigns.gestures.check import gesture_problems, text_problems
from campaigns.gestures.preview import preview
from campaigns.models import Customer, Link, Variant
from tests import cast

pytestmark = pytest.mark.django_db


def email(body: str, subject: str = "Merci") -> Variant:
    return Variant(channel="email", language="fr", subject=subject, body=body)


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ("a\n{{ custmer.first_name }}", "Text: line 2: “custmer” is not known; “customer” is"),
        ("{{ customer.firstname }}", "Text: line 1: “customer.firstname” is not known; “customer.first_name” is"),
        ("{{ zzz|default('x') }}", "Text: line 1: “zzz” is not known here"),
        ("{% if order.totl %}x{% endif %}", "Text: line 1: “order.totl” is not known; “order.total” is"),
        (
            "{% for line in order.lines %}{{ line.nam }}{% endfor %}",
            "Text: line 1: “line.nam” is not known; “line.name” is",
        ),
        ("\n<script>", "Text: line 2: “<script>” cannot be used in an e-mail"),
        ("{{ 1 * 2 }}", "Text: line 1: “*” cannot be used in a text"),
        ("{% for l in order.lines %}" * 2 + "x" + "{% endfor %}" * 2, "Text: line 1: the loops take too many steps"),
        ("   ", "Text: write something here"),
        ("<a href='https://no host'>x</a>", "Text: “https://no host” is not a web address"),
    ],
)
def test_problem_of_a_text_names_part_line_and_fault(body: str, problem: str) -> None:
    assert text_problems(email(body)) == [problem]


def test_good_text_has_no_problem() -> None:
    body = (
        "{% if customer.tier %}{{ customer.tier }}{% endif %}{{ customer.attributes.shoe_size|default('-') }}"
        "{% for line in order.lines %}{{ loop.index }} {{ line.name }} {{ line['sku'] }}{% endfor %}"
        "<a href='{{ unsubscribe_url }}'>x</a>{{ order.lines[0].name }}{{ order.lines|length }}"
    )
    assert text_problems(email(body)) == []


def test_email_without_subject_is_a_problem_and_sms_without_is_none() -> None:
    assert text_problems(email("x", subject=" ")) == ["Subject: write something here"]
    assert text_problems(Variant(channel="sms", language="fr", body="x")) == []


def test_problems_are_said_in_the_active_language() -> None:
    with translation.override("fr"):
        (problem,) = text_problems(email("{{ 1 * 2 }}"))
    assert "*" in problem


def test_gesture_without_text_or_without_the_shops_language_cannot_launch() -> None:
    cast.shop()
    gesture = cast.gesture("thanks", channels=())
    Variant.objects.create(gesture=gesture, channel="email", language="en", subject="{{ x }}", body="b")
    assert gesture_problems(gesture, ["email", "sms"]) == [
        "The gesture has no text for E-mail in the shop's language (fr): write one.",
        "E-mail, en: Subject: line 1: “x” is not known here",
        "The gesture has no text for SMS: write one.",
    ]
    assert gesture_problems(cast.gesture("good"), ["email", "sms"]) == []


def test_gesture_for_a_moment_without_order_cannot_speak_of_one() -> None:
    cast.shop()
    gesture = cast.gesture("thanks", channels=("email",))
    gesture.variants.update(body="{{ order.total }}")
    assert gesture_problems(gesture, ["email"]) == []
    assert gesture_problems(gesture, ["email"], with_order=False) == [
        f"E-mail, {language}: Text: line 1: “order” is missing for this customer; "
        'write {{ …|default("…") }} or {% if … %}'
        for language in ("fr", "en")
    ]
    gesture.variants.update(body="{% if order %}{{ order.total }}{% endif %}")
    assert gesture_problems(gesture, ["email"], with_order=False) == []


def test_preview_shows_the_customers_latest_order_and_stores_nothing() -> None:
    cast.shop()
    claire = cast.claire()
    cast.order(claire, "old", cast.at("2025-01-01 10:00"), total=100)
    cast.order(claire, "new", cast.at("2025-02-01 10:00"), total=200)
    shown = preview(email("<a href='https://a.test'>{{ order.id }} {{ order.total }}</a>"), claire)
    assert shown.rendered is not None
    assert "new 2,00\N{NO-BREAK SPACE}€ (https://a.test)" in shown.rendered.text
    assert (shown.problems, shown.invented_order, Link.objects.count()) == ([], False, 0)


def test_preview_without_order_uses_an_example_and_says_so() -> None:
    cast.shop()
    shown = preview(Variant(channel="sms", language="fr", body="Merci, {{ order.total }} " + "a" * 160), cast.claire())
    assert shown.rendered is not None
    assert shown.rendered.text.startswith("Merci, 59,90 €")
    assert (shown.invented_order, shown.segments) == (True, 2)


def test_preview_says_what_is_missing_for_this_customer_and_where() -> None:
    cast.shop()
    someone: Customer = cast.customer("someone")
    shown = preview(email("a\n\n<p>{{ customer.first_name }}", subject="{{ customer.last_name }}"), someone)
    assert shown.rendered is None
    assert shown.problems == [
        'Subject: line 1: “last_name” is missing for this customer; write {{ …|default("…") }} or {% if … %}',
        'Text: line 3: “first_name” is missing for this customer; write {{ …|default("…") }} or {% if … %}',
    ]
