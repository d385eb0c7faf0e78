"""A tick, a bell, an audience count and a rehearsal in a large shop with twenty live campaigns, beside bare queries.

`python -m bench.ticks 5000000` fills 5 M customers, 10 M orders and 20 M events (many minutes of work for the server);
without a number a fiftieth of it. By `run()` on a throw-away PostgreSQL database of the server of DATABASE_URL, in a
process of its own, whose peak memory is one of the figures.
"""

import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from statistics import median
from typing import Any, Final

from bench import throwaway
from bench.figures import Figure, figure, peak_memory
from bench.throwaway import seconds, sql

ROUNDS: Final = 3
# Seven minutes past the hour: no send hour comes in the minutes that are measured.
NOW: Final = datetime(2026, 11, 19, 10, 7, tzinfo=UTC)
MINUTE: Final = timedelta(minutes=1)
# Nine o'clock in Paris, when the birthdays of the day are due.
BIRTHDAYS_AT: Final = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
DUE: Final = 20_000
BELL_SECONDS: Final = 0.05
REHEARSED_DAYS: Final = 90
# A part of it shows as much of a small shop, where each simulated hour costs its questions alone.
FEW_DAYS: Final = 9
LARGE: Final = 1_000_000
NEVER_DUE: Final = "2030-01-01"

# Customers are born evenly over the year; orders and events lie evenly over two years, in the order of time as in a
# real shop. Foreign keys are not checked while it fills: that took most of the time.
FILL: Final = """
SET session_replication_role = replica;
INSERT INTO campaigns_customer (external_id, email, phone, email_key, phone_key, first_name, last_name, language,
    timezone, birth_day, country, tags, points, attributes, created_at, signed_up_at, email_marketing, sms_marketing,
    orders_count, total_spent, first_order_at, last_order_at)
SELECT 'c' || i, 'c' || i || '@bench.test', '', md5('e' || i), '', 'First', 'Last', 'fr', '',
    to_char('2024-01-01'::date + (i::bigint * 7919 % 366)::int, 'MMDD')::int,
    (ARRAY['FR', 'FR', 'FR', 'BE', 'CH', 'CA'])[1 + i % 6], '[]', i % 1000, '{{}}', '2024-01-01Z',
    '{now}'::timestamptz - (({customers} - i) * 63072000.0 / {customers}) * interval '1 second', i % 20 <> 1, false,
    2, 10000, NULL, NULL
FROM generate_series(1, {customers}) i;
INSERT INTO campaigns_order (external_id, customer_id, placed_at, delivered_at, status, channel, gift, test, total, tax,
    shipping, discount, refunded, discount_codes, lines, updated_at, created_at)
SELECT 'o' || i, 1 + (hashint8(i * 77) & 2147483647)::bigint % {customers}, at, at + interval '3 days', 'delivered',
    'web', false, false, 3000 + i % 6000, 0, 0, 0, 0, '[]', '[]', at, at
FROM (SELECT i, '{now}'::timestamptz - (({orders} - i) * 63072000.0 / {orders} + 120) * interval '1 second' AS at
      FROM generate_series(1::bigint, {orders}) i) made;
INSERT INTO campaigns_event (external_id, customer_id, anonymous_id, name, occurred_at, properties, recorded_at)
SELECT 'e' || i, 1 + (hashint8(i) & 2147483647)::bigint % {customers}, '',
    (ARRAY['page_view', 'page_view', 'page_view', 'view_item', 'view_item', 'add_to_cart', 'search',
        'ticket_opened'])[1 + (hashint8(i * 31) & 2147483647) % 8], at,
    '{{"sku": "TEA-SENCHA", "page": "/fr/the/sencha-des-collines"}}', at
FROM (SELECT i, '{now}'::timestamptz - (({events} - i) * 63072000.0 / {events} + 120) * interval '1 second' AS at
      FROM generate_series(1::bigint, {events}) i) made;
RESET session_replication_role;
"""
# A few orders of the last minute: what the measured tick finds due.
NEWS: Final = """
INSERT INTO campaigns_order (external_id, customer_id, placed_at, status, channel, gift, test, total, tax, shipping,
    discount, refunded, discount_codes, lines, updated_at, created_at)
SELECT 'n{round}-' || id, id, '{at}'::timestamptz - interval '30 seconds', 'paid', 'web', false, false, 5000, 0, 0, 0,
    0, '[]', '[]', '{at}', '{at}'
FROM campaigns_customer WHERE id % {step} = {round} ORDER BY id LIMIT {due} RETURNING customer_id
"""
# Reads more pages than PostgreSQL keeps, none of the day.
OTHER_DAYS: Final = (
    "SELECT COUNT(email_key) FROM campaigns_customer WHERE timezone = '' AND birth_day IN (101, 102, 103)"
)
# The birthdays of a day, stored by the shortest statement that could: no guards, no caps, no deliveries.
STORED: Final = """
INSERT INTO bare (campaign_id, customer_id, key, due_at, fresh_until, slot_at, channel, decision, reason, value,
    decided_at)
SELECT 1, id, 'birthday:2026', '{at}', '{at}', '{at}', 'email', 'due', '', '', '{at}' FROM ({bare}) AS born
ON CONFLICT (campaign_id, customer_id, key) DO NOTHING
"""
MOMENTS: Final[tuple[tuple[str, dict[str, Any]], ...]] = (
    ("birthday", {}),
    ("birthday", {"offset_days": -7}),
    ("anniversary", {"months": [1, 3, 6]}),
    ("anniversary", {"begins": "first_order"}),
    ("tier", {}),
    ("post_purchase", {"anchor": "placed", "delay_days": 0}),
    ("post_purchase", {"anchor": "placed", "delay_days": 10}),
    ("post_purchase", {"anchor": "delivered", "delay_days": 2}),
    ("welcome", {}),
    ("welcome", {"begins": "first_order"}),
    ("waiting", {}),
    ("waiting", {"awaits": "ticket"}),
    ("event", {"event": "add_to_cart", "delay_hours": 4, "unless": ["order"]}),
    ("event", {"event": "page_view", "times": 2, "within_days": 7}),
    ("silence", {"days": 180}),
    ("silence", {"lacking": "visit", "days": 90}),
    ("segment", {"audience": {"field": "points", "is": "at_least", "value": 990}}),
    ("departure", {}),
    ("surprise", {"share_percent": 1}),
    ("calendar", {"day": NEVER_DUE}),
)
ATTRIBUTES: Final = {
    "all": [{"field": "country", "is": "is", "value": "CH"}, {"field": "points", "is": "at_least", "value": 500}]
}
HISTORY: Final = {"history": "orders", "is": "at_least", "value": 2, "last_days": 90}


def run(size: int = 100_000) -> list[Figure]:
    """Return the figures in a shop of `size` customers; raises RuntimeError where DATABASE_URL is no PostgreSQL."""
    return throwaway.measured("ticks", size)


def _measure(size: int) -> list[Figure]:
    throwaway.set_up()
    throwaway.migrate()
    _campaigns()
    throwaway.fill(FILL.format(customers=size, orders=2 * size, events=4 * size, now=NOW.isoformat()))
    shop = f"{size:,} customers, {2 * size:,} orders, {4 * size:,} events"
    measures: tuple[Callable[[], list[Figure]], ...] = (
        lambda: _ticks(min(DUE, size // 10), shop),
        _birthdays,
        _counts,
        lambda: [_rehearsal(REHEARSED_DAYS if size >= LARGE else FEW_DAYS)],
        lambda: [peak_memory("planning and rehearsing", 500)],
    )
    figures = []
    for measure in measures:
        for measured in measure():
            # The last of them takes its time.
            print(json.dumps(measured, ensure_ascii=False), file=sys.stderr, flush=True)
            figures.append(measured)
    return figures


def _campaigns() -> None:
    from tests import cast

    cast.shop()
    cast.tier("gold", threshold=100_000)
    for kind, rule in MOMENTS:
        cast.live_campaign(kind, rule)


def _ticks(due: int, shop: str) -> list[Figure]:
    """Return what a tick takes when `due` are due and when nobody is, and a bell for one order."""
    from campaigns.bell import Fact
    from campaigns.models import Customer
    from triggers.planner import plan

    plan(NOW)
    sql("VACUUM ANALYZE triggers_occasion, triggers_delivery")
    step = max(2 * ROUNDS, Customer.objects.count() // due)
    busy, idle, bells = [], [], []
    for number in range(ROUNDS):
        at = NOW + (3 * number + 1) * MINUTE
        bought = len(sql(NEWS.format(round=number, at=at.isoformat(), step=step, due=due)))
        busy.append(seconds(partial(_planned, at, bought)))
        idle.append(seconds(partial(plan, at + MINUTE)))
        ((buyer,),) = sql(NEWS.format(round=ROUNDS + number, at=at.isoformat(), step=step, due=1))
        bells.append(seconds(partial(plan, at + MINUTE, [buyer], {Fact.ORDER: at - MINUTE / 2})))
    sql("TRUNCATE triggers_heartbeat")
    sweep = seconds(lambda: plan(NOW + 3 * ROUNDS * MINUTE))
    return [
        figure(f"a tick, {due:,} due: {shop}", median(busy), "s", aim="≤ 10 s", met=median(busy) <= 10),
        figure("a sweep, each quarter of an hour", sweep, "s", aim="≤ 10 s", met=sweep <= 10),
        figure("a tick, nobody due", median(idle), "s", aim="≤ 1 s", met=median(idle) <= 1),
        figure("a bell for one order", median(bells), "s", aim="≤ 0.05 s", met=median(bells) <= BELL_SECONDS),
    ]


def _planned(at: datetime, least: int) -> None:
    from triggers.planner import plan

    found = plan(at).counts.total()
    assert found >= least, f"{found} occasions instead of {least}"


def _birthdays() -> list[Figure]:
    """Return the birthdays of the day: selected by the campaign's own question, beside the bare indexed query; and
    planned, which stores an occasion and a delivery each, beside the bare INSERT … SELECT of an occasion each."""
    from campaigns.models import Campaign
    from triggers.models import Occasion
    from triggers.occasions import Window, occasions
    from triggers.planner import plan

    Campaign.objects.exclude(moment__kind="birthday", moment__rule={}).update(status=Campaign.Status.PAUSED)
    day = f"{BIRTHDAYS_AT:%m%d}".lstrip("0")
    bare = f"SELECT id, email_key FROM campaigns_customer WHERE timezone = '' AND birth_day = {day} AND email_marketing"
    # The tick before it sweeps, as one of the last quarter of an hour would have.
    plan(BIRTHDAYS_AT - MINUTE)
    campaign = Campaign.objects.get(moment__kind="birthday", moment__rule={})
    born = occasions(campaign, Window(BIRTHDAYS_AT - MINUTE, BIRTHDAYS_AT)).values_list("customer_id", "key")
    selected: list[float] = []
    queried: list[float] = []
    took: list[float] = []
    stored: list[float] = []
    for _round in range(ROUNDS):
        sql("DROP TABLE IF EXISTS bare")
        sql("CREATE TABLE bare (LIKE triggers_occasion INCLUDING ALL)")
        Occasion.objects.filter(key__startswith="birthday:", due_at=BIRTHDAYS_AT).delete()
        for times, job in (
            (queried, lambda: sql(bare)),
            (selected, lambda: list(born.all())),
            (stored, lambda: sql(STORED.format(at=BIRTHDAYS_AT.isoformat(), bare=bare))),
            (took, lambda: plan(BIRTHDAYS_AT)),
        ):
            # Nobody has read the day's customers before, as it is on their day.
            sql(OTHER_DAYS)
            times.append(seconds(job))
    figures = []
    for what, times, bare_times, of in (
        ("selected", selected, queried, "the bare query"),
        ("selected and planned", took, stored, "the bare INSERT … SELECT"),
    ):
        value, baseline = median(times), median(bare_times)
        # A tick's own questions take some twenty milliseconds, however few are born on a day.
        met = value <= max(3 * baseline, BELL_SECONDS)
        name = f"the {len(born):,} birthdays of a day, {what}"
        figures.append(figure(name, value, "s", baseline=baseline, aim=f"≤ 3 × {of}", met=met))
    return figures


def _counts() -> list[Figure]:
    """Return how long a count of an audience by attributes and by history takes, first answer and exact."""
    from campaigns.audience.count import Progress, count_on, quick_count

    def exactly() -> None:
        progress = Progress()
        while not progress.done:
            progress = count_on(HISTORY, NOW, progress)

    def bare(condition: str) -> Callable[[], object]:
        return lambda: sql(f"SELECT count(*) FROM campaigns_customer WHERE {condition}")

    jobs: dict[str, tuple[Callable[[], object], str, float | None]] = {
        "attributes, exactly": (lambda: quick_count(ATTRIBUTES, NOW), "country = 'CH' AND points >= 500", 1.0),
        "history, estimated": (lambda: quick_count(HISTORY, NOW), "true", 1.0),
        "history, exactly": (exactly, "true", None),
    }
    figures = []
    for name, (job, condition, most) in jobs.items():
        value = median(seconds(job) for _round in range(ROUNDS))
        baseline = median(seconds(bare(condition)) for _round in range(ROUNDS))
        aim = "with progress" if most is None else f"≤ {most:g} s"
        met = most is None or value <= most
        figures.append(figure(f"an audience by {name}", value, "s", baseline=baseline, aim=aim, met=met))
    return figures


def _rehearsal(days: int) -> Figure:
    """Return how long a rehearsal of the last days takes."""
    from campaigns.models import Campaign
    from triggers.models import Rehearsal
    from triggers.rehearsal import queue

    campaign = Campaign.objects.get(moment__kind="birthday", moment__rule={})
    queue.ask(campaign, days=days, by="bench", now=NOW)
    took = seconds(queue.run_waiting)
    rehearsal = Rehearsal.objects.get()
    assert rehearsal.status == Rehearsal.Status.DONE, rehearsal.fault
    return figure(f"a rehearsal of {days} days", took, "s", aim="with progress, in bounded memory", met=True)


if __name__ == "__main__":
    throwaway.main(run, _measure)
