"""Occasions, deliveries and the outbox in the studio."""

from datetime import UTC, datetime, timedelta

from django.test import Client
from pytest_django import DjangoAssertNumQueries

from tests import cast
from triggers.dispatch import dispatch
from triggers.models import Delivery, Occasion
from triggers.planner import plan


def sent_to(*names: str) -> datetime:
    """Let each buy, and be written to; return when."""
    now = datetime.now(UTC)
    cast.live_campaign("post_purchase", {"anchor": "placed"}, launched_at=now - timedelta(days=1))
    for name in names:
        cast.order(cast.customer(name, first_name=name.title()), f"o-{name}", now - timedelta(hours=1))
    plan(now)
    dispatch(now)
    return now


def test_outbox_shows_what_was_kept(marie: Client) -> None:
    sent_to("claire", "malik")
    page = marie.get("/studio/triggers/delivery/outbox/")
    attempts = list(page.context["page"])
    assert [attempt.recipient for attempt in attempts] == ["malik@maison-the.test", "claire@maison-the.test"] or [
        attempt.recipient for attempt in attempts
    ] == ["claire@maison-the.test", "malik@maison-the.test"]
    html = marie.get(f"/studio/triggers/delivery/html/{attempts[0].pk}/")
    assert "Merci, et à bientôt" in html.content.decode()
    assert "script-src" not in html.headers["Content-Security-Policy"]


def test_outbox_filters_by_channel_and_campaign(marie: Client) -> None:
    sent_to("claire")
    campaign = Delivery.objects.get().campaign_id
    shown = marie.get(f"/studio/triggers/delivery/outbox/?channel=email&campaign={campaign}")
    assert len(shown.context["page"]) == 1
    assert len(marie.get("/studio/triggers/delivery/outbox/?channel=sms").context["page"]) == 0


def test_outbox_is_for_those_who_may_see_deliveries(client: Client, db: None) -> None:
    assert client.get("/studio/triggers/delivery/outbox/").status_code == 302


def test_reason_is_said_in_words(marie: Client) -> None:
    now = datetime.now(UTC)
    cast.live_campaign("post_purchase", {"anchor": "placed"}, launched_at=now - timedelta(days=1))
    cast.order(cast.customer("silent", email=""), "o-1", now - timedelta(hours=1))
    plan(now)
    page = marie.get("/studio/triggers/occasion/").content.decode()
    assert "no address for any of the channels" in page


def test_lists_need_as_many_queries_for_thirty_rows_as_for_three(
    marie: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    sent_to(*(f"c-{number}" for number in range(30)))
    assert Occasion.objects.count() == 30
    for path in ("occasion/", "delivery/", "delivery/outbox/"):
        with django_assert_max_num_queries(14):
            assert marie.get(f"/studio/triggers/{path}").status_code == 200
    with django_assert_max_num_queries(32):
        assert marie.get("/studio/").status_code == 200
