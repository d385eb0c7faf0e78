"""From a variant to a message: frame, links, text part, and errors instead of blanks."""

import re
from typing import Any

import pytest

from campaigns.gestures.compile import compile_text, compile_variant, numbered
from campaigns.gestures.context import contexts
from campaigns.gestures.faults import FactMissing, RenderError, TextFault
from campaigns.gestures.render import Rendered, render
from campaigns.models import Customer, Link, Variant
from tests import cast

pytestmark = pytest.mark.django_db

LEAVE = "https://maison-the.test/u/token"


def email(body: str, *, subject: str = "Merci", preheader: str = "", language: str = "fr") -> Variant:
    return Variant(channel="email", language=language, subject=subject, preheader=preheader, body=body)


def sms(body: str, *, language: str = "fr") -> Variant:
    return Variant(channel="sms", language=language, body=body)


def rendered(variant: Variant, customer: Customer | None = None, **facts: Any) -> Rendered:
    shop = cast.shop()
    (context,) = contexts([(customer or cast.claire(), None)], shop)
    compiled = compile_text(variant, register=numbered)
    return render(compiled, context | facts, link_url=lambda link: f"https://go.test/{link}", unsubscribe_url=LEAVE)


def body_of(html: str) -> str:
    found = re.search(r'<td class="content"[^>]*>(.*?)</td>', html, re.DOTALL)
    assert found is not None
    return found[1]


def test_email_carries_shop_content_address_and_leave_link() -> None:
    message = rendered(email("<p>Bonjour {{ customer.first_name }}</p>", preheader="Un mot, {{ customer.first_name }}"))
    assert message.subject == "Merci"
    assert body_of(message.html) == '<p style="margin: 0 0 14px 0;">Bonjour Claire</p>'
    assert '<html lang="fr">' in message.html
    assert ">Un mot, Claire</div>" in message.html
    assert "1 rue du Thé, 75011 Paris" in message.html
    assert f'<a href="{LEAVE}"' in message.html


def test_text_part_says_the_same_as_the_html() -> None:
    message = rendered(
        email(
            "<h1>Merci&nbsp;!</h1><p>Voir <a href='https://maison-the.test/a?b=1&amp;c=2'>la boutique</a><br>et"
            " <a href='https://maison-the.test/x'>https://maison-the.test/x</a></p>"
            "<ul><li>un</li><li>deux</li></ul><p>{% if customer.tier %}{{ customer.tier }}{% endif %}</p>"
            "<p><a href='mailto:a@b.test'>a@b.test</a> <img src='https://i.test/i.png' alt='Une tasse'></p>",
            preheader="Invisible",
            language="en",
        )
    )
    assert message.text == (
        "Maison Thé\n\nMerci\N{NO-BREAK SPACE}!\n\nVoir la boutique (https://go.test/1)\net https://go.test/2\n\n"
        "- un\n- deux\n\na@b.test Une tasse\n\nYou receive this message as a customer of Maison Thé.\n"
        f"1 rue du Thé, 75011 Paris\nNo longer receive these messages ({LEAVE})"
    )


def test_values_are_escaped_in_html_and_plain_in_text_and_subject() -> None:
    claire = cast.claire(first_name="<img src=x onerror=alert(1)>&")
    message = rendered(
        email(
            "<p title='{{ customer.first_name }}'>{{ customer.first_name }}</p>", subject="{{ customer.first_name }}"
        ),
        claire,
    )
    assert message.subject == "<img src=x onerror=alert(1)>&"
    assert "<img" not in message.html
    assert "&lt;img src=x onerror=alert(1)&gt;&amp;" in body_of(message.html)
    assert "<img src=x onerror=alert(1)>&" in message.text


@pytest.mark.parametrize("part", ["subject", "preheader", "body"])
def test_missing_fact_is_an_error_never_a_blank(part: str) -> None:
    cast.shop()
    with pytest.raises(FactMissing):
        rendered(email(**{"body": "<p>x</p>", part: "<p>{{ customer.first_name }}</p>"}), cast.claire(first_name=" "))


@pytest.mark.parametrize(
    "name", ["a\r\nBcc: x@y.test", "a\nb", "a\rb", "a\0b", "a\x0bb", "a\x1eb", "a\x85b", "a\u2028b"]
)
def test_line_break_in_a_subject_is_refused(name: str) -> None:
    with pytest.raises(RenderError):
        rendered(email("<p>x</p>", subject="Bonjour {{ name }}"), name=name)


@pytest.mark.parametrize("variant", [email("<p>{{ name }}</p>"), sms("{{ name }}")], ids=["email", "sms"])
def test_nul_is_refused(variant: Variant) -> None:
    with pytest.raises(RenderError):
        rendered(variant, name="a\0b")


@pytest.mark.parametrize("text", ["", "   ", "{% if customer.tier %}x{% endif %}"])
def test_empty_sms_is_refused(text: str) -> None:
    with pytest.raises(RenderError):
        rendered(sms(text))


def test_sms_beyond_the_providers_limit_is_refused() -> None:
    with pytest.raises(RenderError):
        rendered(sms("a" * 1_601))


def test_sms_has_counted_links_and_no_costly_spaces() -> None:
    message = rendered(
        sms(
            "Merci {{ customer.first_name }} ! {{ customer.total_spent }} Avis : https://maison-the.test/avis."
            " https://maison-the.test/c/{{ customer.points }} https://maison-the.test/?c={{ customer.points }}"
            " {{ unsubscribe_url }}"
        )
    )
    assert message == Rendered(
        subject="",
        text="Merci Claire ! 0,00 € Avis : https://go.test/1. https://maison-the.test/c/0 https://maison-the.test/?c=0 "
        + LEAVE,
        html="",
    )


def test_links_are_stored_once_and_only_static_ones() -> None:
    gesture = cast.gesture("thanks", channels=())
    variant = Variant.objects.create(
        gesture=gesture,
        channel="email",
        language="fr",
        subject="s",
        body="<a href='https://a.test/?x=1&amp;y=2'>1</a><a class=b HREF=\"https://a.test/?x=1&amp;y=2\">2</a>"
        "<a href='https://b.test'>3</a><a href='https://a.test/{{ customer.points }}'>4</a>"
        "<a href='mailto:a@b.test'>5</a>",
    )
    compiled = compile_variant(variant)
    again = compile_text(variant, register=lambda urls: dict(zip(urls, sorted(compiled.links), strict=True)))
    stored = dict(Link.objects.filter(variant=variant).values_list("id", "url"))
    assert sorted(stored.values()) == ["https://a.test/?x=1&y=2", "https://b.test"]
    assert compiled.links == stored
    assert set(again.links) == set(stored)


def test_compiled_text_is_kept_until_the_variant_changes() -> None:
    variant = cast.gesture("thanks", channels=("email",)).variants.get(language="fr")
    first = compile_variant(variant)
    assert compile_variant(Variant.objects.get(pk=variant.pk)) is first
    variant.subject = "Autre chose"
    variant.save()
    assert compile_variant(variant) is not first


def test_links_of_messages_already_sent_outlive_their_text() -> None:
    variant = cast.gesture("thanks", channels=("email",)).variants.get(language="fr")
    variant.body = "<a href='https://a.test'>x</a>"
    variant.save()
    (link_id,) = compile_variant(variant).links
    variant.delete()
    assert Link.objects.get(pk=link_id).url == "https://a.test"


@pytest.mark.parametrize("url", ["https://a.test/" + "x" * 2_000, "https://", "https://a b/"])
def test_address_that_cannot_be_kept_is_a_fault(url: str) -> None:
    with pytest.raises(TextFault):
        compile_text(email(f"<a href='{url}'>x</a>"), register=numbered)


def test_unusable_web_address_is_a_fault() -> None:
    with pytest.raises(TextFault):
        compile_text(email("<a href='https://no host/'>x</a>"), register=numbered)


def test_frame_speaks_the_language_of_the_text() -> None:
    message = rendered(email("<p>Hello</p>", language="en"))
    assert "You receive this message as a customer of Maison Thé." in message.html


def test_shop_without_postal_address_still_renders() -> None:
    shop = cast.shop(postal_address="", website="")
    (context,) = contexts([(cast.claire(), None)], shop)
    compiled = compile_text(email("<p>x</p>"), register=numbered)
    message = render(compiled, context, link_url=str, unsubscribe_url=LEAVE)
    assert 'class="address"' not in message.html
