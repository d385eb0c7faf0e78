"""How long the funnel and the signals of fifty million events take, beside one bare aggregate query over their weeks.

`run()` makes a throw-away PostgreSQL database on the server of DATABASE_URL and measures in a process of its own, whose
peak memory is one of the figures. By itself, with a number of events: `python -m bench.signals 50000000`.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from statistics import median
from typing import Any, Final

from bench import throwaway
from bench.figures import Figure, figure, peak_memory
from bench.throwaway import seconds, sql

ROUNDS: Final = 3
NOW: Final = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
WEEKS: Final = 8

# A year of events, in the order of time as in a real shop, a tenth of them of strangers: fifty a customer, the small
# actions in their usual proportions, and an order for every fifth event. Nothing in it depends on anything else.
FILL: Final = """
SET session_replication_role = replica;
INSERT INTO campaigns_customer (external_id, email, phone, email_key, phone_key, first_name, last_name, language,
    timezone, birth_day, country, tags, points, attributes, created_at, signed_up_at, email_marketing, sms_marketing,
    orders_count, total_spent, first_order_at, last_order_at)
SELECT 'c' || i, '', '', '', '', '', '', 'fr', 'Europe/Paris', 101, 'FR', '[]', 0, '{{}}', '2024-01-01Z', '2024-01-01Z',
    true, false, 5, 25000, NULL, NULL
FROM generate_series(1, {customers}) i;
INSERT INTO campaigns_event (external_id, customer_id, anonymous_id, name, occurred_at, properties, recorded_at)
SELECT 'e' || i,
    CASE WHEN i % 10 = 0 THEN NULL ELSE 1 + (hashint8(i) & 2147483647)::bigint % {customers} END,
    CASE WHEN i % 10 = 0 THEN 'a' || (hashint8(i) & 2147483647)::bigint % {customers} ELSE '' END,
    (ARRAY['page_view', 'page_view', 'page_view', 'page_view', 'view_item', 'view_item', 'view_item', 'scroll',
        'scroll', 'video_watched', 'add_to_cart', 'add_to_cart', 'guide_read', 'newsletter_joined', 'begin_checkout',
        'search'])[1 + (hashint8(i * 31) & 2147483647) % 16],
    '{now}'::timestamptz - (({events} - i) * 31536000.0 / {events}) * interval '1 second',
    '{{"sku": "TEA-SENCHA", "page": "/fr/the/sencha-des-collines"}}', '{now}'
FROM generate_series(1::bigint, {events}) i;
INSERT INTO campaigns_order (external_id, customer_id, placed_at, status, channel, gift, test, total, tax, shipping,
    discount, refunded, discount_codes, lines, updated_at, created_at)
SELECT 'o' || i, 1 + (hashint8(i * 77) & 2147483647)::bigint % {customers},
    '{now}'::timestamptz - (({orders} - i) * 31536000.0 / {orders}) * interval '1 second',
    'paid', 'web', false, false, 3000 + i % 6000, 0, 0, 0, 0, '[]', '[]', '{now}', '{now}'
FROM generate_series(1::bigint, {orders}) i;
RESET session_replication_role;
"""
# What anybody would write first: how often each small action happened in the weeks looked at, and to how many.
BARE: Final = """
SELECT name, count(*), count(DISTINCT customer_id) FROM campaigns_event
WHERE occurred_at >= '{now}'::timestamptz - interval '{weeks} weeks' GROUP BY name
"""
STEPS: Final = ("view_item", "add_to_cart", "begin_checkout")
SECONDARY: Final = ("scroll", "video_watched", "guide_read", "newsletter_joined", "search")


def run(size: int = 5_000_000) -> list[Figure]:
    """Return the figures over `size` events; raises RuntimeError where DATABASE_URL names no PostgreSQL."""
    return throwaway.measured("signals", size)


def _measure(size: int) -> list[Figure]:
    throwaway.set_up()
    throwaway.migrate()
    _fill(size)
    from analytics.funnel import funnel_figures
    from analytics.models import Figures
    from analytics.signals import signal_figures

    def funnel() -> dict[str, Any]:
        return funnel_figures("order", WEEKS, NOW)

    def signals() -> dict[str, Any]:
        return signal_figures("order", WEEKS, NOW)

    def cold(ask: Callable[[], dict[str, Any]]) -> float:
        Figures.objects.all().delete()
        return seconds(ask)

    first = signals()  # imports scipy and statsmodels, once a process
    if first["refused"] or not first["signals"]:
        raise RuntimeError(f"there are no signals to measure: {first['refused']}")
    bare = median(seconds(lambda: sql(BARE.format(now=NOW.isoformat(), weeks=WEEKS))) for _round in range(ROUNDS))
    took = {
        "funnel": (median(cold(funnel) for _round in range(ROUNDS)), 15.0),
        "signals": (median(cold(signals) for _round in range(ROUNDS)), 15.0),
        "signals, kept": (median(seconds(signals) for _round in range(ROUNDS)), 0.3),
    }
    return [
        *(
            figure(f"{name}, {size:,} events", value, "s", baseline=bare, aim=f"≤ {most:g} s", met=value <= most)
            for name, (value, most) in took.items()
        ),
        peak_memory("funnel and signals", 400),
    ]


def _fill(size: int) -> None:
    from campaigns.models import KeyEvent

    for rank, name in enumerate((*STEPS, *SECONDARY), start=1):
        KeyEvent.objects.create(name=name, kind="milestone" if name in STEPS else "secondary", rank=rank)
    counts = {"customers": max(1, size // 50), "events": size, "orders": max(1, size // 5)}
    throwaway.fill(FILL.format(**counts, now=NOW.isoformat()))


if __name__ == "__main__":
    throwaway.main(run, _measure)
