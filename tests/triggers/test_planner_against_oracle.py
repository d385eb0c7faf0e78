"""The planner agrees with the brute-force oracle, key by key, due by due, decision by decision, in made-up worlds."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from tests.triggers.oracle import Person, Plan, Purchase, Reach, World, expected
from tests.triggers.world import live_through

ZONES = ("Europe/Paris", "America/Toronto", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia", "")
# Around both clock changes of Paris, Toronto and Lord Howe, leap days, a new year, and the day that Apia left out.
ERAS = (
    date(2026, 3, 8),
    date(2026, 3, 29),
    date(2026, 4, 5),
    date(2026, 10, 4),
    date(2026, 10, 25),
    date(2026, 11, 1),
    date(2027, 1, 1),
    date(2027, 2, 28),
    date(2028, 2, 29),
    date(2011, 12, 30),
)
STOPS = (timedelta(hours=1), timedelta(hours=7), timedelta(days=2), timedelta(days=10), timedelta(hours=-30))


def _instants(era: date) -> st.SearchStrategy[datetime]:
    start = datetime.combine(era, time(0), UTC)
    return st.integers(-4 * 96, 5 * 96).map(lambda quarters: start + quarters * timedelta(minutes=15))


def _days(era: date) -> st.SearchStrategy[date]:
    return st.integers(-3, 3).map(lambda days: era + timedelta(days=days))


@st.composite
def worlds(draw: st.DrawFn) -> World:
    era = draw(st.sampled_from(ERAS))
    moments, days, flags = _instants(era), _days(era), st.booleans()
    likely = st.sampled_from([True, True, True, False])
    people = []
    for number in range(draw(st.integers(1, 4))):
        birthday = draw(st.sampled_from([*[era + timedelta(days=n) for n in range(-3, 4)], None]))
        people.append(
            Person(
                id=f"p{number}",
                zone=draw(st.sampled_from(ZONES)),
                born=draw(st.sampled_from([birthday and (birthday.month, birthday.day), (2, 29)])),
                birth_date_changed_on=draw(st.none() | days.map(lambda day: day - timedelta(days=30))),
                known_from=draw(moments),
                email=draw(likely),
                phone=draw(likely),
                email_consent=draw(likely),
                sms_consent=draw(likely),
                email_suppressed=not draw(likely),
                spoken_on=draw(st.lists(days, max_size=2).map(tuple)),
            )
        )
    plans = [
        Plan(
            slug=f"plan-{number}",
            kind=draw(st.sampled_from(["birthday", "birthday", "tier", "placed", "delivered"])),
            launched=draw(moments) - draw(st.sampled_from([timedelta(0), timedelta(days=20)])),
            hours=draw(st.sampled_from([0, 5, 72])),
            offset_days=draw(st.sampled_from([0, 0, -2, 1])),
            send_hour=draw(st.sampled_from([0, 2, 9, 23])),
            tiers=draw(st.sampled_from([(), ("gold",)])),
            channels=draw(st.sampled_from([("email",), ("sms", "email"), ("sms",)])),
            share=draw(st.sampled_from([Decimal(0), Decimal("0.5")])),
        )
        for number in range(draw(st.integers(1, 2)))
    ]
    names = [person.id for person in people]
    purchases = [
        Purchase(
            id=f"o{number}",
            person=draw(st.sampled_from(names)),
            placed=draw(moments),
            delivered=draw(st.none() | moments),
            known_from=draw(moments),
            counts=draw(likely),
        )
        for number in range(draw(st.integers(0, 3)))
    ]
    reached = draw(
        st.lists(st.tuples(st.sampled_from(names), st.sampled_from(["silver", "gold"])), unique=True, max_size=3)
    )
    reaches = [Reach(person, tier, draw(moments), draw(likely), draw(moments)) for person, tier in reached]
    ticks = [draw(moments)]
    for stop in draw(st.lists(st.sampled_from(STOPS), min_size=1, max_size=8)):
        ticks.append(ticks[-1] + stop)
    quiet = (("sms", time(8), time(20), "123456"),) if draw(flags) else ()
    return World(
        people=tuple(people),
        plans=tuple(plans),
        ticks=tuple(ticks),
        purchases=tuple(purchases),
        reaches=tuple(reaches),
        leap_day=draw(st.sampled_from([(2, 28), (3, 1)])),
        daily_cap=draw(st.sampled_from([1, 1, 2])),
        quiet=quiet,
    )


class PlannerAgainstOracle(TestCase):
    @settings(max_examples=60)
    @given(worlds())
    def test_made_up_worlds(self, world: World) -> None:
        world, stored = live_through(world)
        assert stored == expected(world)

    @pytest.mark.slow
    @settings(max_examples=1500)
    @given(worlds())
    def test_many_made_up_worlds(self, world: World) -> None:
        world, stored = live_through(world)
        assert stored == expected(world)
