"""The demo's shop: whole, consistent, and never beside real customers or live providers."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import pytest
from django.db.models import Count, F, Min, Sum

from campaigns.approval import approval_stands
from campaigns.launch_problems import launch_problems
from campaigns.models import Answer, Campaign, Customer, Order, TierReach
from microattentions.demo.load import load
from microattentions.demo.planted import PLANTED, PLANTED_BASKET
from triggers.holdout import held_out, owed, salt_of
from triggers.models import Attempt, Decision, Delivery, GlobalHoldout, Occasion
from triggers.occasions.kind import launch_of
from triggers.planner import plan

NOW: Final = datetime(2026, 11, 18, 10, tzinfo=UTC)
SMALL: Final = 250
# Three days and the Sunday among them, on which no SMS goes.
FRESH: Final = timedelta(hours=96)

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def demo(django_db_setup: None, django_db_blocker: Any) -> Any:
    """A small demo, loaded once and taken back after this module's tests."""
    from django.db import connection, transaction

    with django_db_blocker.unblock(), transaction.atomic():
        load(NOW, customers=SMALL)
        yield
        transaction.set_rollback(True)
    connection.close()


@pytest.mark.usefixtures("demo")
class TestDemo:
    def test_totals_are_the_sums_of_the_orders(self) -> None:
        sums = {
            row["customer"]: (row["count"], row["spent"], row["first"])
            for row in Order.objects.filter(valid=True)
            .values("customer")
            .annotate(count=Count("pk"), spent=Sum("revenue"), first=Min("placed_at"))
        }
        totals = {
            customer.pk: (customer.orders_count, customer.total_spent, customer.first_order_at)
            for customer in Customer.objects.filter(orders_count__gt=0)
        }

        assert Customer.objects.count() == SMALL
        assert totals == sums

    def test_tiers_are_the_highest_reached(self) -> None:
        for reach in TierReach.objects.select_related("customer__tier", "tier"):
            assert reach.customer.tier is not None
            assert reach.customer.tier.rank >= reach.tier.rank
            assert reach.customer.total_spent >= reach.tier.threshold

    def test_addresses_can_reach_nobody(self) -> None:
        assert not Customer.objects.exclude(email__endswith="@example.test").exists()
        phones = set(Customer.objects.exclude(phone="").values_list("phone", flat=True))
        assert phones
        assert all(p.startswith(("+3363998", "+447700900")) or p[5:9] == "5550" or p[5:8] == "555" for p in phones)

    def test_arms_are_the_planners_own_draw(self) -> None:
        group = GlobalHoldout.objects.get()
        for occasion in Occasion.objects.exclude(decision=Decision.SKIPPED).select_related("campaign", "customer"):
            unit, campaign = occasion.customer.external_id, occasion.campaign
            globally = launch_of(campaign) >= group.since and not owed(campaign)
            if globally and held_out(group.salt, unit, group.share):
                arm = Decision.GLOBAL
            else:
                out = held_out(salt_of(campaign), unit, campaign.holdout_share)
                arm = Decision.HELD_OUT if out else Decision.DUE
            assert occasion.decision == arm

    def test_the_global_control_group_was_drawn_before_what_runs_now(self) -> None:
        group = GlobalHoldout.objects.get()
        kept = Occasion.objects.filter(decision=Decision.GLOBAL)

        assert (group.share, group.drawn_by) == (Decimal("0.20"), "demo")
        assert set(kept.values_list("campaign__status", flat=True)) == {"live"}
        assert not Delivery.objects.filter(customer__in=kept.values("customer"), campaign__status="live").exists()

    def test_nobody_hears_from_us_twice_a_day(self) -> None:
        days = Counter(Delivery.objects.values_list("customer", "spoken_on"))

        assert days
        assert max(days.values()) == 1

    def test_every_delivery_keeps_what_was_said(self) -> None:
        languages = set(Attempt.objects.values_list("language", flat=True))

        assert Attempt.objects.count() == Delivery.objects.count() == Occasion.objects.filter(decision="due").count()
        assert languages == {"fr", "en"}
        assert not Attempt.objects.filter(text="").exists()

    def test_extra_orders_are_as_many_and_as_large_as_planted(self) -> None:
        for slug, planted in PLANTED.items():
            treated = Occasion.objects.filter(campaign__slug=slug, decision="due").values("customer").distinct().count()
            extra = Order.objects.filter(external_id__startswith=f"{slug}-", valid=True)

            assert extra.count() == round(planted.conversion * treated)
            if extra.count():
                assert extra.aggregate(sum=Sum("revenue"))["sum"] / extra.count() == pytest.approx(
                    PLANTED_BASKET, rel=0.01
                )

    def test_answers_of_both_arms_have_the_planted_difference(self) -> None:
        slug, planted = next((slug, planted) for slug, planted in PLANTED.items() if planted.nps)
        nps = {}
        for decision in (Decision.DUE, Decision.HELD_OUT):
            arm = Occasion.objects.filter(campaign__slug=slug, decision=decision).values("customer")
            scores = Answer.objects.filter(external_id__startswith=f"a-{slug}-", customer__in=arm).values_list(
                "score", flat=True
            )
            nps[decision] = 100 * sum((score >= 9) - (score <= 6) for score in scores) / len(scores)

        assert nps[Decision.DUE] - nps[Decision.HELD_OUT] == pytest.approx(planted.nps, abs=4)

    def test_campaigns_could_be_launched_as_they_are(self) -> None:
        for campaign in Campaign.objects.select_related("moment", "gesture"):
            assert (campaign.slug, launch_problems(campaign), approval_stands(campaign)) == (campaign.slug, [], True)

    def test_finished_campaigns_have_ended_and_the_others_act_today(self) -> None:
        ended = set(Campaign.objects.filter(status="ended").values_list("slug", flat=True))
        assert ended == set(PLANTED)

        assert plan(NOW).decided(Decision.DUE) > 0
        newest = Occasion.objects.filter(decided_at=NOW)
        assert set(newest.values_list("campaign__status", flat=True)) == {"live"}
        assert not newest.filter(due_at__lt=NOW - FRESH).exists()

    def test_planning_again_finds_nothing_that_history_knew(self) -> None:
        before = Occasion.objects.filter(due_at__lte=NOW - FRESH).count()
        plan(NOW)

        assert Occasion.objects.filter(due_at__lte=NOW - FRESH).count() == before
        assert not Occasion.objects.filter(decided_at=NOW, fresh_until__lte=F("decided_at"), decision="due").exists()
