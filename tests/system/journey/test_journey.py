"""The main job on real input: two real shops, imported, planned, written to and counted by the whole system.

CI lives through a sample of one shop on each database; `make journey-full` (JOURNEY=full) takes both shops, every
customer and every hour.
"""

import os
import time
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from tests.system.journey.cdnow import cdnow
from tests.system.journey.live import HOLDOUTS, PLAN, afterwards, contents, due_in_database, live_through, post
from tests.system.journey.online_retail import online_retail
from tests.system.journey.oracle import bucket, expected
from tests.system.journey.shop_year import ShopYear, utc
from tests.system.journey.system import ROOT, System

SHARED = ROOT.parent / "shared" / "data"
FULL = os.environ.get("JOURNEY") == "full"

pytestmark = [pytest.mark.system, pytest.mark.slow]


def _data(name: str) -> Path:
    folder = SHARED / name
    if not folder.is_dir():
        pytest.skip(f"the real data of {name} is not on this machine: {folder}")
    return folder


def _turn(system: System, *, postgres: bool) -> None:
    """Leave the shop to the other database's run, in CI."""
    if not FULL and bool(system.database_url) != postgres:
        pytest.skip("CI lives through this shop on the other database; `make journey-full` on both")


@pytest.fixture
def system(tmp_path: Path, journey_database: tuple[str, str]) -> Iterator[System]:
    """A system on an empty database of its own, not yet started."""
    database_url, redis_url = journey_database
    running = System(tmp_path, database_url, redis_url)
    try:
        yield running
    finally:
        running.stop()


def test_cdnow_year_lived_through(system: System) -> None:
    _turn(system, postgres=True)
    year = cdnow(_data("cdnow"), sample=not FULL, live_from=None if FULL else utc(1997, 12, 15))
    if FULL:
        assert year.revenue == Decimal("2500315.63")
        assert round(year.revenue / year.orders, 3) == Decimal("35.894")
    check_year(system, year)


def test_online_retail_year_lived_through(system: System) -> None:
    _turn(system, postgres=False)
    year = online_retail(_data("online_retail"), sample=not FULL, live_from=None if FULL else utc(2011, 12, 1))
    if FULL:
        assert (year.orders, year.revenue) == (18_532, Decimal("8911407.90"))
    check_year(system, year)
    lost = sum((-int(row["Quantity"]) * Decimal(row["UnitPrice"]) for row in year.unmatched), Decimal(0))
    print(f"\nonline_retail: {len(year.unmatched)} cancelled lines without an earlier purchase, {lost:,.2f} GBP")


def check_year(system: System, year: ShopYear) -> None:
    """Live through it and hold what the system did against the data, the oracle and the simulators' logs."""
    began = time.monotonic()
    system.start(now=year.start)
    live_through(system, year)
    afterwards(system, year)
    lived = time.monotonic() - began
    check_facts(system, year)
    check_occasions(system, year)
    messages = check_messages(system)
    before = contents(system)
    again = post(system, [item for _, item in year.timeline])
    assert set(again) == {"unchanged"}
    assert contents(system) == before
    decisions = Counter(dict(system.rows("SELECT decision, count(*) FROM triggers_occasion GROUP BY decision")))
    hours = round((year.end - year.start).total_seconds() / 3600)
    print(
        f"\n{year.name}: {year.orders} orders, {year.revenue} {year.currency}, mean {year.revenue / year.orders:.3f}, "
        f"refunded {year.refunded}; {hours} hours lived in {lived:.0f} s; occasions {dict(decisions)}; {messages}"
    )


def check_facts(system: System, year: ShopYear) -> None:
    """Every order is there once, with its money."""
    ((orders, total, refunded),) = system.rows("SELECT count(*), sum(total), sum(refunded) FROM campaigns_order")
    assert (orders, Decimal(total) / 100) == (year.orders, year.revenue)
    assert Decimal(refunded) / 100 == year.refunded
    ((spent, counted),) = system.rows("SELECT sum(total_spent), sum(orders_count) FROM campaigns_customer")
    assert (Decimal(spent) / 100, counted) == (year.revenue - year.refunded, year.orders)


def check_occasions(system: System, year: ShopYear) -> None:
    """The planner and the oracle agree key by key and due by due; the draw is the published hash."""
    found, wanted = due_in_database(system), expected(year, PLAN)
    assert sorted(wanted.keys() - found.keys())[:20] == []
    assert sorted(found.keys() - wanted.keys())[:20] == []
    assert [(key, found[key], due) for key, due in wanted.items() if found[key] != due][:20] == []
    drawn = system.rows(
        "SELECT g.slug, g.id, c.external_id, o.decision FROM triggers_occasion o"
        " JOIN campaigns_campaign g ON g.id = o.campaign_id JOIN campaigns_customer c ON c.id = o.customer_id"
        " WHERE o.decision <> 'skipped'"
    )
    shares = {slug: float(share) for slug, share in HOLDOUTS.items()}
    wrong = [
        (slug, customer)
        for slug, campaign, customer, decision in drawn
        if (bucket(f"campaign:{campaign}", customer) < shares[slug]) != (decision == "held_out")
    ]
    assert wrong == []


def check_messages(system: System) -> dict[str, int]:
    """The simulators' logs hold one message for each occasion that was due and not skipped, and no other."""
    logged = Counter(_attempt(line) for name in ("sendgrid", "twilio") for line in system.log(name))
    assert [attempt for attempt, times in logged.items() if times > 1] == []
    occasion_of = {
        str(attempt).replace("-", ""): occasion
        for attempt, occasion in system.rows(
            "SELECT a.id, d.occasion_id FROM triggers_attempt a JOIN triggers_delivery d ON d.id = a.delivery_id"
        )
    }
    written_to = Counter(occasion_of[attempt] for attempt in logged)
    assert [occasion for occasion, times in written_to.items() if times > 1] == []
    due = {
        occasion
        for (occasion,) in system.rows(
            "SELECT o.id FROM triggers_occasion o WHERE o.decision = 'due' AND NOT EXISTS ("
            "SELECT 1 FROM triggers_delivery d WHERE d.occasion_id = o.id AND d.state = 'skipped')"
        )
    }
    waiting = {
        occasion for (occasion,) in system.rows("SELECT occasion_id FROM triggers_delivery WHERE state = 'planned'")
    }
    assert due - waiting == set(written_to)
    states = dict(system.rows("SELECT state, count(*) FROM triggers_delivery GROUP BY state"))
    assert set(states) <= {"accepted", "skipped", "planned"}
    reasons = dict(system.rows("SELECT reason, count(*) FROM triggers_occasion WHERE reason <> '' GROUP BY reason"))
    return {"messages": len(logged), **states, **{f"reason {name}": times for name, times in reasons.items()}}


def _attempt(line: dict[str, object]) -> str:
    return str(line["attempt"]).replace("-", "")
