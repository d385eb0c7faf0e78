"""Texts for the second time and later: chosen by what a customer has read, and a warning before one repeats."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from campaigns.models import Campaign, GestureTemplate, Variant
from tests import cast
from triggers.claimed import Claimed
from triggers.dispatch import dispatch
from triggers.models import Attempt, Delivery, State
from triggers.planner import plan
from triggers.ranks import ranks, would_repeat

pytestmark = pytest.mark.django_db

MORNING = cast.at("2026-05-04 09:00")
THANKS = "Merci, et à bientôt !"


def thanks(slug: str = "thanks") -> Campaign:
    return cast.live_campaign("post_purchase", {"anchor": "placed"}, slug=slug)


def again(gesture: GestureTemplate, rank: int, language: str = "fr") -> None:
    Variant.objects.create(
        gesture=gesture, channel="email", language=language, rank=rank, subject=f"Encore {rank}", body="<p>Merci !</p>"
    )


def order_often(times: int) -> None:
    """Claire, who reads French, orders every fourth day, within all caps; what falls due is sent."""
    claire = cast.claire()
    for time in range(times):
        at = MORNING + timedelta(days=4 * time)
        cast.order(claire, f"A-{time}", at)
        plan(at)
        dispatch(at)


def subjects() -> list[str]:
    return list(Attempt.objects.order_by("business_at").values_list("subject", flat=True))


def test_each_time_has_its_text_and_a_missing_one_repeats_the_one_before() -> None:
    gesture = thanks().gesture
    again(gesture, 2)
    again(gesture, 4)
    order_often(5)
    assert subjects() == [THANKS, "Encore 2", "Encore 2", "Encore 4", "Encore 4"]


def test_texts_of_another_language_are_no_second_time() -> None:
    again(thanks().gesture, 2, language="en")
    order_often(2)
    assert subjects() == [THANKS, THANKS]


def test_what_another_campaign_of_the_gesture_said_counts() -> None:
    past = thanks("thanks-last-year")
    again(past.gesture, 2)
    order_often(1)
    Campaign.objects.update(status="ended")
    at = MORNING + timedelta(days=300)
    now = cast.live_campaign("post_purchase", {"anchor": "placed"}, slug="thanks-again", launched_at=at)
    Campaign.objects.filter(pk=now.pk).update(gesture=past.gesture)
    cast.order(Delivery.objects.get().customer, "B-1", at + timedelta(hours=1))
    plan(at + timedelta(hours=1))
    dispatch(at + timedelta(hours=1))
    assert subjects() == [THANKS, "Encore 2"]


def test_what_was_surely_not_sent_does_not_count_and_one_sent_again_is_the_same_time() -> None:
    campaign = thanks()
    again(campaign.gesture, 2)
    order_often(1)
    claimed = Claimed.read(Delivery.objects.all())
    assert ranks(claimed, {campaign.pk: campaign}) == {claimed[0].pk: 1}
    Delivery.objects.update(state=State.FAILED)
    at = MORNING + timedelta(days=1)
    cast.order(Delivery.objects.get().customer, "B-1", at)
    plan(at)
    dispatch(at)
    assert subjects() == [THANKS, THANKS]


def test_gesture_with_one_text_asks_nothing() -> None:
    campaign = thanks()
    order_often(1)
    with CaptureQueriesContext(connection) as captured:
        claimed = Claimed.read(Delivery.objects.all())
        loaded = Campaign.objects.select_related("gesture").prefetch_related("gesture__variants").in_bulk([campaign.pk])
        asked = len(captured)
        assert ranks(claimed, loaded) == {}
        assert len(captured) == asked


def test_campaign_page_warns_before_a_text_repeats(marie: Client) -> None:
    campaign = thanks()
    page = f"/studio/campaigns/campaign/{campaign.pk}/"
    order_often(1)
    assert would_repeat(campaign, 10) == (1, 1)
    assert "1 customer would read the same text again" in marie.get(page).content.decode()
    for language in ("fr", "en"):
        again(campaign.gesture, 2, language)
    assert would_repeat(campaign, 10) == (0, 2)
    assert "would read the same text again" not in marie.get(page).content.decode()
