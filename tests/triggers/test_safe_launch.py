"""Dry run and partial launch, as the planner and the dispatch live them."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from campaigns.models import Campaign
from tests import cast
from triggers.dispatch import dispatch
from triggers.holdout import bucket
from triggers.models import Delivery, Occasion
from triggers.planner import plan

NOON = cast.at("2026-03-14 12:00")
HOUR = timedelta(hours=1)

pytestmark = pytest.mark.django_db


def thanks(**fields: Any) -> Campaign:
    return cast.live_campaign("post_purchase", {"anchor": "placed"}, **{"slug": "thanks"} | fields)


def dry_run(**fields: Any) -> Campaign:
    return thanks(status="shadow", shadow_at=NOON, launched_at=None, **fields)


def order(buyer: str, placed: Any, name: str = "") -> None:
    from campaigns.models import Customer

    who = Customer.objects.filter(external_id=buyer).first() or cast.customer(buyer)
    cast.order(who, name or f"o-{buyer}", placed)


def decisions() -> dict[str, str]:
    return dict(Occasion.objects.values_list("key", "decision"))


def test_dry_run_decides_what_falls_due_after_its_start_and_sends_nothing() -> None:
    campaign = dry_run(holdout_share="0.5")
    for number in range(20):
        order(f"c-{number}", NOON + HOUR)
    order("early", NOON - HOUR)
    plan(NOON + 2 * HOUR)
    held = {f"c-{n}" for n in range(20) if bucket(f"campaign:{campaign.pk}", f"c-{n}") < 0.5}
    assert decisions() == {f"order:o-c-{n}": "would_hold" if f"c-{n}" in held else "would_send" for n in range(20)}
    assert not Delivery.objects.exists()
    assert dispatch(NOON + 2 * HOUR) == 0


def test_dry_run_takes_no_place_in_the_dose_of_others() -> None:
    dry_run(priority=9)
    thanks(slug="real", launched_at=NOON)
    order("claire", NOON + HOUR)
    plan(NOON + HOUR)
    assert dispatch(NOON + HOUR) == 1
    assert list(Delivery.objects.values_list("campaign__slug", "state")) == [("real", "accepted")]


def test_launch_after_a_dry_run_writes_to_nobody_whose_moment_came_before_it() -> None:
    campaign = dry_run()
    order("claire", NOON + HOUR)
    plan(NOON + 2 * HOUR)
    Campaign.objects.filter(pk=campaign.pk).update(status="live", launched_at=NOON + 3 * HOUR)
    order("paul", NOON + 4 * HOUR)
    plan(NOON + 5 * HOUR)
    assert decisions() == {"order:o-claire": "would_send", "order:o-paul": "due"}


def test_partial_launch_writes_to_a_stable_share_and_the_rest_join_while_their_moment_is_fresh() -> None:
    campaign = thanks(status="canary", canary_share=Decimal("0.25"), launched_at=NOON)
    names = [f"c-{number}" for number in range(40)]
    few = {name for name in names if bucket(f"canary:{campaign.pk}", name) < 0.25}
    for name in names:
        order(name, NOON + HOUR)
    plan(NOON + 2 * HOUR)
    plan(NOON + 3 * HOUR)
    assert decisions() == {f"order:o-{name}": "due" for name in few}
    assert dispatch(NOON + 3 * HOUR) == len(few) > 0
    Campaign.objects.filter(pk=campaign.pk).update(canary_share=Decimal("0.5"))
    plan(NOON + 4 * HOUR)
    more = {name for name in names if bucket(f"canary:{campaign.pk}", name) < 0.5}
    assert decisions() == {f"order:o-{name}": "due" for name in more}
    Campaign.objects.filter(pk=campaign.pk).update(status="live", canary_share=None)
    order("late", NOON + HOUR)
    plan(NOON + 72 * HOUR)
    assert decisions() == {f"order:o-{name}": "due" for name in (*names, "late")}


def test_whom_a_partial_launch_left_out_until_it_was_too_late_is_not_listed_as_missed() -> None:
    thanks(status="canary", canary_share=Decimal("0.001"), launched_at=NOON)
    order("claire", NOON + HOUR)
    plan(NOON + 2 * HOUR)
    plan(NOON + 80 * HOUR)
    Campaign.objects.update(status="live", canary_share=None)
    plan(NOON + 81 * HOUR)
    assert decisions() == {}
