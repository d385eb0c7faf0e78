"""The funnel, weeks and landmark of a random shop, beside the same definitions in plain Python, row by row."""

import itertools
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Final

import pytest

from analytics.facts.deeds import event_names
from analytics.facts.funnel import funnel
from analytics.facts.landmark import _ACTIVITY, landmark_groups, leads
from analytics.facts.passages import weekly_steps
from analytics.facts.windows import Period
from campaigns.models import Customer, Event, Order
from tests import cast

pytestmark = pytest.mark.django_db
NOW: Final = datetime(2026, 5, 20, tzinfo=UTC)
DAY: Final = timedelta(days=1)
NAMES: Final = ("view_item", "add_to_cart", "begin_checkout")
OTHERS: Final = ("guide_read", "scroll")

type Deeds = dict[Any, list[tuple[str, datetime]]]


@pytest.fixture(params=range(3))
def shop(request: pytest.FixtureRequest) -> Deeds:
    """Store a random shop; return what each person (customer's key, or anonymous id) did, orders as "order"."""
    random = Random(request.param)
    done: Deeds = defaultdict(list)
    customers = Customer.objects.bulk_create(Customer(external_id=f"c{n}", created_at=NOW) for n in range(60))
    events, orders = [], []
    for number in range(900):
        who: Any = random.choice(customers) if random.random() < 0.8 else f"a{random.randint(0, 20)}"
        # Half of the instants on whole days, where every edge lies.
        at = NOW - timedelta(days=random.randint(0, 75), seconds=random.choice((0, random.randint(0, 86_399))))
        known = isinstance(who, Customer)
        name = random.choice((*NAMES, *OTHERS, *(("order",) if known else ())))
        if name == "order":
            status = random.choice(("paid", "paid", "cancelled"))
            orders.append(
                Order(
                    external_id=f"{number}",
                    customer=who,
                    placed_at=at,
                    total=100,
                    status=status,
                    updated_at=at,
                    created_at=at,
                )
            )
            if status == "paid":
                done[who.pk].append((name, at))
            continue
        done[who.pk if known else who].append((name, at))
        whose = {"customer": who} if known else {"anonymous_id": who}
        events.append(Event(external_id=f"{number}", name=name, occurred_at=at, recorded_at=at, **whose))
    Event.objects.bulk_create(events)
    Order.objects.bulk_create(orders)
    return done


def first(done: list[tuple[str, datetime]], name: str, since: datetime, until: datetime) -> datetime | None:
    return min((at for what, at in done if what == name and since <= at < until), default=None)


def test_funnel_agrees_with_a_plain_reading(shop: Deeds) -> None:
    entries, within = Period(since=NOW - 56 * DAY, until=NOW), 14 * DAY
    steps = (*NAMES, "order")
    told: list[Any] = [[0, 0, 0, defaultdict(int), defaultdict(int)] for _step in steps]
    for done in shop.values():
        entered = at = first(done, steps[0], entries.since, entries.until)
        for place, _name in enumerate(steps):
            if at is None or entered is None:
                break
            end = entered + within
            row: Any = told[place]
            row[0] += 1
            row[1] += end <= NOW
            following = steps[place + 1] if place + 1 < len(steps) else None
            later = first(done, following, at, end) if following else None
            if later:
                row[2] += end <= NOW
                row[3][(later - at).days] += 1
            elif following:
                row[4][(min(end, NOW) - at).days] += 1
            at = later
    found = [
        [step.reached, step.over, step.went_on, dict(step.took), dict(step.left)]
        for step in funnel(steps, entries, within, NOW)
    ]
    assert found == [[*row[:3], dict(row[3]), dict(row[4])] for row in told]
    assert told[1][0] > 10


def test_weeks_agree_with_a_plain_reading(shop: Deeds) -> None:
    ends = [NOW - 7 * DAY * back for back in range(10, 0, -1)]
    weeks = [Period(since=since, until=until) for since, until in itertools.pairwise(ends)]
    for step, following in (("view_item", "add_to_cart"), ("add_to_cart", "order")):
        expected = []
        for week in weeks:
            starts = [first(done, step, week.since, week.until) for done in shop.values()]
            took = [
                at is not None and first(done, following, at, at + 7 * DAY) is not None
                for at, done in zip(starts, shop.values(), strict=True)
            ]
            expected.append((sum(at is not None for at in starts), sum(took)))
        assert [(counts.n, counts.successes) for counts in weekly_steps(step, following, weeks)] == expected


def test_landmark_agrees_with_a_plain_reading(shop: Deeds) -> None:
    before = Period(since=NOW - 56 * DAY, until=NOW - 28 * DAY)
    after = Period(since=NOW - 28 * DAY, until=NOW)
    known = [*NAMES, *OTHERS]
    expected: dict[tuple[bool, ...], list[int]] = defaultdict(lambda: [0, 0, 0])
    for who, done in shop.items():
        early = [name for name, at in done if before.since <= at < before.until]
        if isinstance(who, str) or "order" in early or not early:
            continue
        row = expected[tuple(name in early for name in NAMES)]
        row[0] += 1
        row[1] += first(done, "order", after.since, after.until) is not None
        row[2] += next(most for most in _ACTIVITY if len(early) <= most)
    found: dict[tuple[bool, ...], list[int]] = defaultdict(lambda: [0, 0, 0])
    for group in landmark_groups(NAMES, known, "order", before, after):
        row = found[group.did]
        row[0] += group.n
        row[1] += group.bought
        row[2] += group.activity * group.n
    assert found == expected
    assert event_names() == sorted(known)


def test_leads_agree_with_a_plain_reading(shop: Deeds) -> None:
    period = Period(since=NOW - 28 * DAY, until=NOW)
    expected: dict[str, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    buyers = 0
    for who, done in shop.items():
        bought = first(done, "order", period.since, period.until)
        if isinstance(who, str) or bought is None:
            continue
        buyers += 1
        for name in NAMES:
            begun = min((at for what, at in done if what == name and bought - 28 * DAY <= at <= bought), default=None)
            if begun:
                expected[name][(bought - begun).days] += 1
    found = leads(NAMES, "order", period, 28)
    assert (found.buyers, found.days) == (buyers, expected)


def test_an_event_as_goal() -> None:
    who = cast.customer("c")
    for number, (name, at) in enumerate((("view_item", NOW - 3 * DAY), ("booking", NOW - 2 * DAY))):
        Event.objects.create(external_id=str(number), customer=who, name=name, occurred_at=at, recorded_at=at)
    steps = funnel(("view_item", "booking"), Period(since=NOW - 7 * DAY, until=NOW), 14 * DAY, NOW)
    assert [step.reached for step in steps] == [1, 1]
    assert steps[0].took == {1: 1}
