"""Ticks between the sweeps: they look at what fell due of late, and the next sweep finds what nobody rang for."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from campaigns.models import Campaign
from tests import cast
from triggers.models import Heartbeat
from triggers.planner import plan

pytestmark = pytest.mark.django_db

# The sweeps come seven minutes after each quarter of an hour.
SWEEP = cast.at("2026-03-14 09:07")
MINUTE = timedelta(minutes=1)
DUE = {("merci", "due", ""): 1}


def test_what_falls_due_between_two_sweeps_is_planned_by_the_next_tick() -> None:
    cast.order(cast.claire(), "A-1", SWEEP - timedelta(days=3) + 90 * MINUTE / 60)
    cast.live_campaign("post_purchase", {"anchor": "placed", "delay_days": 3}, slug="merci")
    plan(SWEEP)
    assert [plan(SWEEP + minute * MINUTE).counts for minute in (1, 2, 3)] == [{}, DUE, {}]


def test_a_late_fact_that_nobody_rang_for_is_found_by_the_next_sweep() -> None:
    claire = cast.claire()
    cast.live_campaign("post_purchase", {"anchor": "placed"}, slug="merci")
    plan(SWEEP)
    cast.order(claire, "A-1", SWEEP - timedelta(hours=8))
    found = [plan(SWEEP + minute * MINUTE).counts for minute in range(1, 16)]
    assert found == [{}] * 14 + [DUE]


def test_a_late_fact_is_found_at_once_by_its_bell() -> None:
    claire = cast.claire()
    cast.live_campaign("post_purchase", {"anchor": "placed"}, slug="merci")
    plan(SWEEP)
    cast.order(claire, "A-1", SWEEP - timedelta(hours=8))
    assert plan(SWEEP + MINUTE, [claire.pk]).counts == DUE


def test_a_campaign_that_was_resumed_is_asked_for_all_that_is_fresh() -> None:
    cast.order(cast.claire(), "A-1", SWEEP - timedelta(hours=8))
    campaign = cast.live_campaign("post_purchase", {"anchor": "placed"}, slug="merci", status="paused")
    plan(SWEEP)
    Campaign.objects.filter(pk=campaign.pk).update(status="live", watched_since=SWEEP + MINUTE)
    assert plan(SWEEP + 2 * MINUTE).counts == DUE


def test_a_stop_of_the_planner_leaves_nothing_out() -> None:
    cast.order(cast.claire(), "A-1", SWEEP + 2 * MINUTE)
    cast.live_campaign("post_purchase", {"anchor": "placed"}, slug="merci")
    plan(SWEEP)
    assert plan(SWEEP + 13 * MINUTE).counts == DUE


def test_a_clock_set_back_sweeps() -> None:
    claire = cast.claire()
    cast.live_campaign("post_purchase", {"anchor": "placed"}, slug="merci")
    plan(SWEEP)
    plan(SWEEP + 3 * MINUTE)
    cast.order(claire, "A-1", SWEEP - timedelta(hours=8))
    assert plan(SWEEP + 2 * MINUTE).counts == DUE
    beat = Heartbeat.objects.get(name="plan")
    assert (beat.business_at, beat.swept_at) == (SWEEP + 3 * MINUTE, SWEEP + 2 * MINUTE)


def test_a_tick_between_two_sweeps_reads_no_day_of_birthdays() -> None:
    cast.claire()
    cast.live_campaign("birthday", {"send_hour": 9}, slug="fete")
    plan(SWEEP)
    with CaptureQueriesContext(connection) as asked:
        plan(SWEEP + MINUTE)
    assert not [query for query in asked.captured_queries if "birth_day" in query["sql"]]
