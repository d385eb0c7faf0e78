"""The arms' sums agree with a plain recomputation, row by row, on random shops."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.facts.answers import arm_scores, period_scores
from analytics.facts.contacts import ASSIGNED, assignment
from analytics.facts.messages import exclusions
from analytics.facts.outcomes import Arm, arm_outcomes
from analytics.facts.periods import period_facts
from analytics.facts.windows import Period, before_and_after, civil_shift, shifted
from analytics.kernel import Counts, Scores, Sums
from campaigns.models import Answer, Order
from tests import cast
from tests.analytics.world import LAUNCH, NOW, PARIS, World, after_days, build
from triggers.models import Occasion

pytestmark = pytest.mark.django_db


def scores(values: list[int]) -> Scores:
    return Scores(
        promoters=sum(value >= 9 for value in values),
        passives=sum(value in (7, 8) for value in values),
        detractors=sum(value <= 6 for value in values),
    )


def latest(answers: list[Answer], since: datetime, until: datetime) -> list[int]:
    inside = [answer for answer in answers if answer.survey == "nps" and since <= answer.answered_at < until]
    return [max(inside, key=lambda answer: (answer.answered_at, answer.pk)).score] if inside else []


def anchors(world: World) -> Period:
    found = assignment(world.campaign, NOW, PARIS).anchors
    assert found is not None
    return found


def outcomes(world: World) -> dict[str, Arm]:
    return arm_outcomes(world.campaign, NOW, PARIS, assignment(world.campaign, NOW, PARIS))


@pytest.mark.parametrize("seed", range(6))
def test_arms_agree_with_plain_python(seed: int) -> None:
    world = build(seed)
    found = outcomes(world)
    for arm, decision in (("treated", "due"), ("control", "held_out")):
        rows = [
            (
                world.bought(customer, anchor, after_days(anchor, 14)),
                world.bought(customer, after_days(anchor, -28), anchor),
                world.customers[customer].first_order_at,
                anchor,
            )
            for customer, anchor in world.arms()[decision]
        ]
        totals = [(sum(inside), len(inside)) for inside, _before, _first, _anchor in rows]
        got = found[arm]
        assert got.contacts == len(rows)
        assert got.buyers == Counts(n=len(rows), successes=sum(orders > 0 for _, orders in totals))
        assert got.before == Sums.of([float(len(before)) for _, before, _, _ in rows])
        assert got.new.successes == sum(
            first is not None and anchor <= first < after_days(anchor, 14) for _, _, first, anchor in rows
        )
        assert (got.revenue.total, got.baskets.y) == (sum(x for x, _ in totals), sum(y for _, y in totals))
        assert got.revenue.squares == pytest.approx(sum(x * x for x, _ in totals))
        assert got.baskets.yy == pytest.approx(sum(y * y for _, y in totals))
        assert got.baskets.xy == pytest.approx(sum(x * y for x, y in totals))
        assert got.largest == max((x for x, _ in totals), default=0)
        earlier = [sum(world.bought(c, after_days(a, -84), a)) for c, a in world.arms()[decision]]
        assert [got.earlier.x, got.earlier.xx] == pytest.approx([sum(earlier), sum(x * x for x in earlier)])
        assert got.earlier.xy == pytest.approx(sum(x * y for x, (y, _) in zip(earlier, totals, strict=True)))
        grown = [row for row in world.arms()[decision] if after_days(row[1], 28) <= NOW]
        for week, sums in enumerate(got.weekly, start=1):
            values = [sum(world.bought(c, a, a + timedelta(days=7 * week))) for c, a in grown]
            assert (sums.n, sums.total) == (len(grown), sum(values))
            assert sums.squares == pytest.approx(sum(x * x for x in values))


@pytest.mark.parametrize("seed", range(4))
def test_latest_answers_agree_with_plain_python(seed: int) -> None:
    world = build(seed)
    found = arm_scores(world.campaign, NOW, PARIS, assignment(world.campaign, NOW, PARIS))
    for arm, decision in (("treated", "due"), ("control", "held_out")):
        values = [
            score
            for customer, anchor in world.arms()[decision]
            for score in latest(world.answers[customer], anchor, after_days(anchor, 14))
        ]
        assert found[arm] == scores(values)
    before, _after = before_and_after(LAUNCH, 28, PARIS)
    everyone = [score for answers in world.answers.values() for score in latest(answers, before.since, before.until)]
    assert period_scores(before) == scores(everyone)


@pytest.mark.parametrize("seed", range(4))
def test_a_key_event_can_be_the_goal(seed: int) -> None:
    world = build(seed, macro_conversion="booking")
    found = outcomes(world)
    for arm, decision in (("treated", "due"), ("control", "held_out")):
        assert found[arm].buyers.successes == sum(
            any(
                event.name == "booking" and anchor <= event.occurred_at < after_days(anchor, 14)
                for event in world.events[customer]
            )
            for customer, anchor in world.arms()[decision]
        )


@pytest.mark.parametrize("seed", range(4))
def test_periods_agree_with_plain_python(seed: int) -> None:
    world = build(seed)
    periods = dict(zip(("before", "after"), before_and_after(LAUNCH, 28, PARIS), strict=True))
    facts = period_facts(periods, macro_conversion="order")
    for name, period in periods.items():
        found = facts[name]
        known = [
            pk
            for pk, row in world.customers.items()
            if (row.signed_up_at and row.signed_up_at < period.since)
            or (row.first_order_at and row.first_order_at < period.since)
        ]
        bought = {pk: world.bought(pk, period.since, period.until) for pk in world.customers}
        assert found.buyers == Counts(n=len(known), successes=sum(bool(bought[pk]) for pk in known))
        assert found.revenue.total == sum(sum(bought[pk]) for pk in known)
        assert found.revenue.squares == pytest.approx(sum(sum(bought[pk]) ** 2 for pk in known))
        assert found.baskets.n == sum(bool(values) for values in bought.values())
        assert (found.baskets.x, found.baskets.y) == (
            sum(map(sum, bought.values())),
            sum(map(len, bought.values())),
        )


def test_contacts_before_after_agree_with_plain_python() -> None:
    world = build(1)
    found = outcomes(world)["treated"]
    treated = [row for row in world.arms()["due"] if after_days(row[1], 28) <= NOW]
    assert found.long_after == Counts(
        n=len(treated), successes=sum(bool(world.bought(c, a, after_days(a, 28))) for c, a in treated)
    )
    assert found.long_before == Counts(
        n=len(treated), successes=sum(bool(world.bought(c, after_days(a, -28), a)) for c, a in treated)
    )


@pytest.mark.parametrize("seed", range(3))
def test_nobody_assigned_twice_is_found_and_changes_nothing(seed: int) -> None:
    world = build(seed)
    assert not assignment(world.campaign, NOW, PARIS).once
    for rows in world.occasions.values():
        assigned_to = [pk for _slot, pk, decision in sorted(rows) if decision in ASSIGNED]
        Occasion.objects.filter(pk__in=assigned_to[1:]).delete()
    found = assignment(world.campaign, NOW, PARIS)
    assert found.once
    with_first = replace(found, once=False)
    assert arm_outcomes(world.campaign, NOW, PARIS, found) == arm_outcomes(world.campaign, NOW, PARIS, with_first)
    assert arm_scores(world.campaign, NOW, PARIS, found) == arm_scores(world.campaign, NOW, PARIS, with_first)


def test_assignment_counts_everyone_and_what_is_mature() -> None:
    world = build(2)
    found = assignment(world.campaign, NOW, PARIS)
    mature = world.arms()
    everyone = world.arms(NOW + timedelta(days=365))
    assert (found.treated, found.control) == (len(everyone["due"]), len(everyone["held_out"]))
    assert (found.mature_treated, found.mature_control) == (len(mature["due"]), len(mature["held_out"]))
    both = [
        rows for rows in world.occasions.values() if {"due", "held_out"} <= {decision for _slot, _pk, decision in rows}
    ]
    assert found.in_both == len(both)


def test_exclusions_are_counted_by_reason() -> None:
    world = build(3)
    skipped = sum(decision == "skipped" for rows in world.occasions.values() for *_, decision in rows)
    assert exclusions(world.campaign) == {"no_consent": skipped}


@given(
    instants=st.lists(
        st.integers(0, 2 * 365 * 86_400).map(
            lambda second: datetime(2025, 1, 1, tzinfo=UTC) + timedelta(seconds=second)
        ),
        min_size=1,
        max_size=20,
    ),
    days=st.sampled_from([-28, -7, 7, 14, 28]),
)
def test_shifted_in_sql_is_the_civil_shift(instants: list[datetime], days: int) -> None:
    who = cast.claire(external_id=str(uuid4()))
    for number, instant in enumerate(instants):
        cast.order(who, f"{who.external_id}-{number}", instant)
    span = Period(since=datetime(2024, 12, 1, tzinfo=UTC), until=datetime(2027, 1, 1, tzinfo=UTC))
    found = Order.objects.filter(customer=who).annotate(end=shifted("placed_at", days, span, PARIS))
    assert [(row.placed_at, row.end) for row in found] == [
        (row.placed_at, civil_shift(row.placed_at, days, PARIS)) for row in found
    ]
