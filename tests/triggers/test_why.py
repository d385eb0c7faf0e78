"""Why, or why not: what was decided, which condition fails, what each guard sees, and what comes next."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from campaigns.models import Campaign, PermittedHours, Shop
from tests import cast
from triggers.dispatch import dispatch
from triggers.models import Occasion
from triggers.planner import plan
from triggers.told import sentence
from triggers.why import Verdict, next_gestures, why

pytestmark = pytest.mark.django_db

# Claire was born on 14 March.
NOW = datetime(2026, 3, 14, 12, tzinfo=UTC)


def test_sent_gesture_says_so() -> None:
    campaign, claire = cast.live_campaign(), cast.claire()
    plan(NOW)
    dispatch(NOW)
    answer = why(campaign, claire, NOW)
    assert (answer.verdict, [occasion.key for occasion in answer.decisions]) == (Verdict.SENT, ["birthday:2026"])


def test_skipped_gesture_names_the_guard_and_what_it_sees() -> None:
    campaign, claire = cast.live_campaign(), cast.claire(email_marketing=False)
    plan(NOW)
    answer = why(campaign, claire, NOW)
    assert (answer.verdict, answer.reason) == (Verdict.SKIPPED, "no_consent")
    assert sentence(answer) == "The moment came, and nothing was sent: no consent."
    said = {guard.guard: (guard.content, guard.seen) for guard in answer.guards}
    assert said["no_consent"] == (False, "never asked")
    assert said["no_address"] == (True, "claire@maison-the.test")
    assert answer.next_at is None


def test_outside_the_audience_says_which_condition_fails() -> None:
    tree = {"all": [{"field": "country", "is": "is", "value": "FR"}, {"field": "points", "is": "at_least", "value": 9}]}
    campaign, claire = cast.live_campaign(audience=tree), cast.claire(points=3)
    plan(NOW)
    answer = why(campaign, claire, NOW)
    assert answer.verdict is Verdict.OUTSIDE
    assert [(leaf.sentence, leaf.holds) for leaf in answer.audience] == [
        ("has the country FR", True),
        ("has at least 9 points", False),
    ]
    assert answer.last is not None
    assert answer.last.key == "birthday:2026"


def test_moment_still_to_come_is_named() -> None:
    campaign, claire = cast.live_campaign(), cast.claire()
    now = datetime(2026, 3, 1, tzinfo=UTC)
    answer = why(campaign, claire, now)
    due = datetime(2026, 3, 14, 8, tzinfo=UTC)
    assert (answer.verdict, answer.next_at) == (Verdict.AHEAD, due)


def test_moment_never_reached_is_told() -> None:
    campaign, claire = cast.live_campaign("post_purchase", {"anchor": "placed"}), cast.claire()
    answer = why(campaign, claire, NOW)
    assert (answer.verdict, answer.last, answer.coming) == (Verdict.NOT_REACHED, None, None)


@pytest.mark.parametrize(
    ("fields", "verdict"),
    [
        ({"status": Campaign.Status.DRAFT, "launched_at": None}, Verdict.NOT_RUNNING),
        ({"launched_at": NOW + timedelta(days=1)}, Verdict.BEFORE_LAUNCH),
    ],
)
def test_campaign_that_did_not_run_is_the_reason(fields: dict[str, Any], verdict: Verdict) -> None:
    assert why(cast.live_campaign(**fields), cast.claire(), NOW).verdict is verdict


def test_held_out_customer_is_told_apart() -> None:
    campaign, claire = cast.live_campaign(holdout_share="0.9"), cast.claire()
    plan(NOW)
    Occasion.objects.update(decision="held_out")
    assert why(campaign, claire, NOW).verdict is Verdict.HELD_OUT


def test_quiet_hours_say_when_they_end() -> None:
    campaign, claire = cast.live_campaign(channels=("sms",)), cast.claire()
    PermittedHours.objects.filter(channel="sms").delete()
    PermittedHours.objects.create(shop=Shop.get(), channel="sms", opens="08:00", closes="20:00", weekdays="1234567")
    night = datetime(2026, 3, 10, 22, tzinfo=UTC)
    quiet = next(guard for guard in why(campaign, claire, night).guards if guard.guard == "quiet_hours")
    assert (quiet.content, quiet.seen, quiet.next_at) == (False, "23:00", datetime(2026, 3, 11, 7, tzinfo=UTC))


def test_next_gestures_come_from_all_running_campaigns() -> None:
    cast.live_campaign(slug="birthday")
    cast.live_campaign(slug="eve", rule={"offset_days": -1})
    cast.live_campaign("post_purchase", {"anchor": "placed", "delay_days": 3}, slug="thanks")
    claire = cast.claire()
    now = datetime(2026, 3, 10, 12, tzinfo=UTC)
    cast.order(claire, "o-1", now - timedelta(hours=1))
    coming = [(gesture.campaign.slug, gesture.at.date().isoformat()) for gesture in next_gestures(claire, now)]
    assert coming == [
        ("thanks", "2026-03-13"),
        ("eve", "2026-03-13"),
        ("birthday", "2026-03-14"),
        ("eve", "2027-03-13"),
        ("birthday", "2027-03-14"),
    ] or coming == [
        ("eve", "2026-03-13"),
        ("thanks", "2026-03-13"),
        ("birthday", "2026-03-14"),
        ("eve", "2027-03-13"),
        ("birthday", "2027-03-14"),
    ]


def test_next_gestures_say_what_would_stop_them() -> None:
    cast.live_campaign()
    claire = cast.claire(email="")
    first = next_gestures(claire, datetime(2026, 3, 10, tzinfo=UTC))[0]
    assert (first.decision, first.reason, first.channel) == ("skipped", "no_address", "")


def test_planned_message_is_next_once() -> None:
    cast.live_campaign()
    claire = cast.claire()
    plan(NOW)
    first, second = next_gestures(claire, NOW)[:2]
    assert (first.planned, first.key, second.key) == (True, "birthday:2026", "birthday:2027")
