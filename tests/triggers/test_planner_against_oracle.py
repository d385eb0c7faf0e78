"""The planner agrees with the brute-force oracle, key by key, due by due, decision by decision, in made-up worlds.

WORLDS says in how many; `make oracle` asks for 2,000 on each database.
"""

import os
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from tests.triggers.oracle import lived
from tests.triggers.oracle_facts import Happening, Person, Plan, Purchase, Reach, Score, Word, World
from tests.triggers.world import fates, live_through

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
HOUR = timedelta(hours=1)
# From one tick to the next: the usual, stops of a night, 2 and 10 days, a clock set back.
STOPS = (HOUR, HOUR, 7 * HOUR, 7 * HOUR, 9 * HOUR, 9 * HOUR, 48 * HOUR, 240 * HOUR, -30 * HOUR)
ALWAYS = datetime(2000, 1, 1, tzinfo=UTC)
WORLDS = int(os.environ.get("WORLDS", "200"))


@st.composite
def worlds(draw: st.DrawFn) -> World:
    era = draw(st.sampled_from(ERAS))
    start = datetime.combine(era, time(0), UTC)
    # sampled_from, because integers() would prefer round hours and the ends of the range.
    moments = st.sampled_from([start + quarters * timedelta(minutes=15) for quarters in range(-3 * 96, 4 * 96)])
    days = st.sampled_from([era + timedelta(days=n) for n in range(-3, 4)])
    known = st.sampled_from([True, False, False]).flatmap(lambda late: moments if late else st.just(ALWAYS))
    people = draw(st.lists(_people(days, moments, known), min_size=1, max_size=4))
    people = [replace(person, id=f"p{number}") for number, person in enumerate(people)]
    names = st.sampled_from([person.id for person in people])
    plans = draw(st.lists(_plans(start, moments, days), min_size=1, max_size=3))
    ticks = [start + draw(st.sampled_from([-72, -50, -20, 0])) * HOUR]
    for stop in draw(st.lists(st.sampled_from(STOPS), min_size=3, max_size=12)):
        ticks.append(ticks[-1] + stop)
    tiers, years = st.sampled_from(["silver", "gold"]), st.sampled_from([0, 0, 2026, 2027])
    reached = draw(st.lists(st.tuples(names, tiers, years), unique=True, max_size=4))
    bought = draw(st.lists(_purchases(names, moments, known), max_size=4))
    purchases = [replace(purchase, id=f"o{number}") for number, purchase in enumerate(bought)]
    happenings = draw(st.lists(_happenings(names, moments, known), max_size=5))
    scores = st.builds(Score, names, st.sampled_from([3, 6, 7, 10]), moments, known)
    said = st.tuples(names, st.sampled_from(["email", "sms"]), st.sampled_from([False, False, True]), moments)
    return World(
        people=tuple(people),
        plans=_named(draw, plans),
        ticks=tuple(ticks),
        purchases=tuple(purchases),
        happenings=tuple(replace(event, id=f"e{number}") for number, event in enumerate(happenings)),
        words=tuple(Word(*word, draw(known)) for word in draw(st.lists(said, unique=True, max_size=4))),
        reaches=tuple(
            _brought(draw, Reach(name, tier, draw(moments), draw(LIKELY), draw(known), year), purchases)
            for name, tier, year in reached
        ),
        leap_day=draw(st.sampled_from([(2, 28), (3, 1)])),
        scores=tuple(draw(st.lists(scores, unique_by=lambda score: (score.person, score.at), max_size=2))),
        shop_country=draw(st.sampled_from(["FR", "CA"])),
        daily_cap=draw(st.sampled_from([1, 1, 2, 9])),
        caps=draw(st.sampled_from([(3, 6, 2), (1, 6, 2), (2, 2, 1), (9, 9, 1), (9, 9, 9), (9, 9, 9)])),
        survey_days=draw(st.sampled_from([30, 3])),
        channel_caps=draw(st.sampled_from([(), (), (("sms", 1, 1, 2, 1),), (("email", 1, 2, 2, 1),)])),
        groups=tuple(sorted(draw(st.lists(st.tuples(moments, SHARES), max_size=2, unique_by=lambda group: group[0])))),
        blackout=tuple(draw(st.lists(days, unique=True, max_size=2))),
        quiet=draw(st.sampled_from([(), *([(("sms", time(8), time(20), "123456", True),)] * 2), OFFICE])),
    )


def _brought(draw: st.DrawFn, reach: Reach, purchases: list[Purchase]) -> Reach:
    """Return the reach as brought by one of its person's purchases, if there is any; it is not told before that."""
    theirs = [purchase for purchase in purchases if purchase.person == reach.person]
    if not theirs:
        return reach
    purchase = draw(st.sampled_from(theirs))
    return replace(reach, order=purchase.id, known_from=max(reach.known_from, purchase.known_from))


# A channel each, and e-mail only from Tuesday to Friday.
OFFICE = (("sms", time(8), time(20), "12345", False), ("email", time(6), time(22), "2345", True))


def _named(draw: st.DrawFn, plans: list[Plan]) -> tuple[Plan, ...]:
    """Return the plans with their slugs; sometimes the second absorbs the first, or the first two the third."""
    swallows: dict[int, tuple[str, ...]] = draw(
        st.sampled_from([{}, {}, {0: ("plan-1",)}, {1: ("plan-0",)}, {2: ("plan-0", "plan-1")}])
    )
    return tuple(
        replace(plan, slug=f"plan-{number}", absorbed_by=swallows.get(number, ())) for number, plan in enumerate(plans)
    )


SHARES = st.sampled_from([Decimal("0.5"), Decimal("0.5"), Decimal(0)])
LIKELY = st.sampled_from([True] * 7 + [False])


def _people(
    days: st.SearchStrategy[date], moments: st.SearchStrategy[datetime], known: st.SearchStrategy[datetime]
) -> st.SearchStrategy[Person]:
    born = days.map(lambda day: (day.month, day.day))
    return st.builds(
        Person,
        id=st.just(""),
        zone=st.sampled_from(ZONES),
        country=st.sampled_from(["", "FR", "CA", "IN", "AU", "XX"]),
        born=st.sampled_from([True, True, True, False]).flatmap(lambda near: born if near else st.just((2, 29))),
        birth_date_changed_on=LIKELY.flatmap(
            lambda never: st.none() if never else days.map(lambda day: day - timedelta(days=30))
        ),
        known_from=known,
        email=LIKELY,
        phone=LIKELY,
        email_consent=LIKELY,
        sms_consent=LIKELY,
        email_suppressed=st.sampled_from([""] * 6 + ["bounced", "complained"]),
        signed_up=st.none() | moments | _long_before(moments),
        spoken_on=LIKELY.flatmap(lambda few: st.lists(days, max_size=1 if few else 3)).map(tuple),
    )


def _purchases(
    names: st.SearchStrategy[str], moments: st.SearchStrategy[datetime], known: st.SearchStrategy[datetime]
) -> st.SearchStrategy[Purchase]:
    return st.builds(
        Purchase,
        id=st.just(""),
        person=names,
        placed=LIKELY.flatmap(lambda lately: moments if lately else _long_before(moments)),
        delivered=st.none() | moments,
        promised=st.none() | moments,
        known_from=known,
        counts=LIKELY,
    ).flatmap(lambda purchase: _ended(purchase, moments))


def _ended(purchase: Purchase, moments: st.SearchStrategy[datetime]) -> st.SearchStrategy[Purchase]:
    """What does not count was perhaps cancelled, what was delivered perhaps sent back."""
    if not purchase.counts:
        return st.builds(replace, st.just(purchase), cancelled=st.none() | moments)
    if not purchase.delivered:
        return st.just(purchase)
    return st.builds(
        replace,
        st.just(purchase),
        returning=st.sampled_from([False] * 4 + [True]).flatmap(lambda back: moments if back else st.none()),
    )


def _happenings(
    names: st.SearchStrategy[str], moments: st.SearchStrategy[datetime], known: st.SearchStrategy[datetime]
) -> st.SearchStrategy[Happening]:
    return st.builds(
        Happening,
        id=st.just(""),
        person=names,
        name=st.sampled_from(EVENTS),
        at=moments,
        ticket=st.sampled_from([0, 1, 2]),
        page=st.sampled_from(["", "pricing", "pricing"]),
        known_from=known,
    ).flatmap(
        lambda event: (
            st.builds(
                replace,
                st.just(event),
                ticket=st.just(0),
                channel=st.sampled_from(["", "email", "sms"]),
                purpose=st.sampled_from(["", "relation", "service", "commercial"]),
                survey=st.booleans(),
            )
            if event.name == "external_message"
            else st.just(event)
        )
    )


# What the rules of the kinds choose among; a kind that is named twice is drawn twice as often.
KINDS = {
    "birthday": ("", ""),
    "anniversary": ("signed_up", "first_order"),
    "calendar": ("", "every_year"),
    "event": ("page_view", "page_view"),
    "segment": ("bought", "bought"),
    "surprise": ("", ""),
    "tier": ("reached", "order_delivered"),
    "post_purchase": ("placed", "delivered"),
    "welcome": ("signed_up", "first_order"),
    "waiting": ("order", "ticket"),
    "silence": ("order", "visit"),
    "departure": ("unsubscribed", "order_cancelled", "event"),
}
CHOICES = [(kind, of) for kind, choices in KINDS.items() for of in choices]
UNLESS = ((), (), ("page_view",), ("order",), ("order", "ticket_opened"))
EVENTS = (
    *("page_view", "page_view", "ticket_opened", "ticket_opened", "ticket_answered", "subscription_cancelled"),
    *("external_message", "external_message"),
)


def _long_before(moments: st.SearchStrategy[datetime]) -> st.SearchStrategy[datetime]:
    """About one, three or six months or some years before."""
    ago = st.sampled_from([28, 30, 31, 89, 92, 181, 184, 365, 366, 731, 1461])
    return st.builds(lambda at, days: at - timedelta(days=days), moments, ago)


def _plans(
    start: datetime, moments: st.SearchStrategy[datetime], days: st.SearchStrategy[date]
) -> st.SearchStrategy[Plan]:
    return st.sampled_from(CHOICES).flatmap(
        lambda choice: st.builds(
            Plan,
            slug=st.just(""),
            kind=st.just(choice[0]),
            of=st.just(choice[1]),
            launched=LIKELY.flatmap(lambda before: st.just(start - timedelta(days=20)) if before else moments),
            hours=st.sampled_from([0, 5, 48]),
            days=st.sampled_from([1, 2]),
            offset_days=st.sampled_from([0, 0, -2, 1]),
            send_hour=st.sampled_from([0, 2, 9, 23]),
            tiers=st.sampled_from([(), ("gold",)]),
            marks=st.sampled_from([(12,), (1, 3), (1, 3, 6, 12)]),
            page=st.sampled_from(["", "pricing"]),
            share_percent=st.sampled_from([50, 100]),
            every_days=st.sampled_from([7, 10]),
            weekdays=st.sampled_from([tuple(range(7)), (0, 1, 2, 3, 4), (5,)]),
            hours_of_day=st.sampled_from([(10, 18), (0, 24)]),
            times=st.sampled_from([0, 0, 1, 2]),
            # Without a wait nothing can come meanwhile.
            unless=st.sampled_from(UNLESS) if choice[0] == "event" else st.just(()),
            day=days | days.map(lambda day: day - timedelta(days=365)),
            channels=st.sampled_from([("email",), ("sms", "email"), ("sms",)]),
            share=st.sampled_from([Decimal(0), Decimal(0), Decimal("0.5")]),
            purpose=st.sampled_from(["relation", "relation", "commercial", "service"]),
            survey=st.sampled_from([False, False, True]),
            promised=st.sampled_from([False, False, True]),
            even_in_trouble=st.sampled_from([False, False, True]),
            priority=st.sampled_from([0, 0, 5]),
        ).map(lambda plan: plan if plan.hours else replace(plan, unless=()))
    )


class PlannerAgainstOracle(TestCase):
    @settings(max_examples=WORLDS)
    @given(worlds())
    def test_made_up_worlds(self, world: World) -> None:
        world, stored = live_through(world)
        told, became = lived(world)
        assert stored == told
        assert fates() == became
