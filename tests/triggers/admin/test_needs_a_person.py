"""The page of what needs a person: each thing with its remedy, and buttons for those who may decide."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from tests import cast
from tests.triggers.messages import sent
from triggers.models import Circuit, Delivery, Occasion, Ruling

PAGE = "/studio/triggers/delivery/needs-a-person/"
RULE = f"{PAGE}rule/"


def waiting(client: Client) -> dict[str, int]:
    """What the page lists, by the concern's name."""
    return {section["concern"].name: section["count"] for section in client.get(PAGE).context["sections"]}


def a_bit_of_everything() -> None:
    now = datetime.now(UTC)
    claire = cast.claire()
    for state in ("unknown", "unconfirmed", "quarantined", "accepted"):
        sent(claire, state=state, outcome="unknown", key=state)
    for key, state, reason, outcome in (
        ("late", "skipped", "stale", "refused"),
        ("stale alone", "skipped", "stale", "accepted"),
        ("sender", "skipped", "no_sender", "refused"),
        ("text", "failed", "bad_message", "failed"),
        ("address", "failed", "bad_address", "failed"),
    ):
        sent(claire, state=state, outcome=outcome, key=key, reason=reason)
    Delivery.objects.update(not_before=now)
    missed = Occasion.objects.get(key="stale alone")
    Occasion.objects.filter(pk=missed.pk).update(decision="skipped", reason="missed", decided_at=now)


def test_page_lists_each_thing_once(marie: Client) -> None:
    a_bit_of_everything()
    assert waiting(marie) == {
        "unconfirmed": 1,
        "quarantined": 1,
        "unknown": 1,
        "missed": 1,
        "too_late": 1,
        "own_settings": 1,
        "refused_text": 1,
    }
    assert [concern.name for concern, _count in marie.get("/studio/").context["concerns"]] == list(waiting(marie))


def test_empty_page_says_so(marie: Client) -> None:
    cast.shop()
    assert "Nothing needs you" in marie.get(PAGE).content.decode()


def test_paused_provider_is_listed_with_what_waits_for_it(marie: Client) -> None:
    cast.shop()
    Circuit.objects.create(provider="outbox", open_until=datetime.now(UTC), cause="settings", detail="401 no key")
    sent(cast.claire(), state="planned", outcome="refused")
    page = marie.get(PAGE).content.decode()
    assert "outbox is paused" in page
    assert "1 message waits" in page


def test_leaving_takes_it_off_the_page_and_keeps_who_did(marie: Client) -> None:
    claire = cast.claire()
    for key in "abc":
        sent(claire, state="unconfirmed", outcome="unknown", key=key)
    marie.post(RULE, {"concern": "unconfirmed", "kind": "leave", "delivery": Delivery.objects.first().pk})  # type: ignore[union-attr]
    assert waiting(marie) == {"unconfirmed": 2}
    marie.post(RULE, {"concern": "unconfirmed", "kind": "leave"})
    assert waiting(marie) == {}
    assert list(Ruling.objects.values_list("kind", "ruled_by")) == [("leave", "marie")] * 3
    page = marie.get(f"/studio/triggers/delivery/{Delivery.objects.latest('pk').pk}/change/").content.decode()
    assert "left as it is" in page


def test_resend_from_the_page_goes_out(marie: Client) -> None:
    now = datetime.now(UTC)
    cast.live_campaign("post_purchase", {"anchor": "placed"}, launched_at=now - timedelta(days=3))
    claire = cast.claire()
    cast.order(claire, "o-1", now - timedelta(days=2))
    order = claire.orders.get()
    attempt = sent(claire, state="unconfirmed", outcome="unknown", key="order:o-1")
    Occasion.objects.update(due_at=order.placed_at, fresh_until=order.placed_at, order=order)
    page = marie.post(
        RULE, {"concern": "unconfirmed", "kind": "resend", "delivery": attempt.delivery_id}, follow=True
    ).content.decode()
    assert "Sent again; the provider accepted it." in page
    assert (Delivery.objects.get().state, Ruling.objects.get().ruled_by) == ("accepted", "marie")


def test_refused_resend_says_why(marie: Client) -> None:
    attempt = sent(cast.claire(email_marketing=False), state="unconfirmed", outcome="unknown")
    form = {"concern": "unconfirmed", "kind": "resend", "delivery": attempt.delivery_id}
    assert "Not sent again" in marie.post(RULE, form, follow=True).content.decode()
    form = {"concern": "unconfirmed", "kind": "resend", "delivery": "999999"}
    assert "no longer exists" in marie.post(RULE, form, follow=True).content.decode()


@pytest.mark.parametrize(
    "form",
    [
        {"concern": "unconfirmed", "kind": "release"},
        {"concern": "unknown", "kind": "resend"},
        {"concern": "elsewhere", "kind": "leave"},
        {},
    ],
)
def test_only_what_the_page_offers_is_carried_out(marie: Client, form: dict[str, str]) -> None:
    sent(cast.claire(), state="unconfirmed", outcome="unknown")
    assert marie.post(RULE, form).status_code == 403
    assert not Ruling.objects.exists()


def test_who_only_looks_sees_no_buttons_and_decides_nothing(paul: Client) -> None:
    attempt = sent(cast.claire(), state="unconfirmed", outcome="unknown")
    assert "Send again" not in paul.get(PAGE).content.decode().replace("Send it again", "")
    form = {"concern": "unconfirmed", "kind": "leave", "delivery": attempt.delivery_id}
    assert paul.post(RULE, form).status_code == 403
    assert marie_get_is_refused(paul)


def marie_get_is_refused(client: Client) -> bool:
    """A link cannot decide anything."""
    return client.get(RULE).status_code == 405


def test_page_needs_as_many_queries_for_twenty_rows_as_for_one(
    marie: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    claire = cast.claire()
    for number in range(20):
        sent(claire, state="unconfirmed", outcome="unknown", key=f"k-{number}")
    with django_assert_max_num_queries(18):
        assert marie.get(PAGE).status_code == 200
