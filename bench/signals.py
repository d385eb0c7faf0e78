"""How long the funnel and the signals of fifty million events take, beside one bare aggregate query over their weeks.

`run()` makes a throw-away PostgreSQL database on the server of DATABASE_URL and measures in a process of its own, whose
peak memory is one of the figures. By itself, with a number of events: `python -m bench.signals 50000000`.
"""

import json
import os
import resource
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from statistics import median
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

ROUNDS: Final = 3
NOW: Final = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
SECONDS: Final = 15.0
MEGABYTES: Final = 400
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


def run(size: int = 5_000_000) -> list[dict[str, Any]]:
    """Return the figures over `size` events; raises RuntimeError where DATABASE_URL names no PostgreSQL."""
    url = os.environ.get("DATABASE_URL", "")
    if not url.startswith("postgres"):
        raise RuntimeError("bench.signals needs a PostgreSQL in DATABASE_URL")
    import psycopg

    name = f"bench_signals_{uuid.uuid4().hex[:8]}"
    parts = urlsplit(url)
    with psycopg.connect(urlunsplit(parts._replace(path="/postgres")), autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{name}"'.encode())
        try:
            environment = os.environ | {"DATABASE_URL": urlunsplit(parts._replace(path=f"/{name}"))}
            command = [sys.executable, "-m", "bench.signals", "--measure", str(size)]
            done = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True)
        finally:
            server.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())
    figures: list[dict[str, Any]] = json.loads(done.stdout.splitlines()[-1])
    return figures


def _measure(size: int) -> list[dict[str, Any]]:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "microattentions.settings")
    django.setup()
    from django.core.management import call_command

    from analytics.funnel import funnel_figures
    from analytics.models import Figures
    from analytics.signals import signal_figures
    from campaigns.models import KeyEvent

    call_command("migrate", verbosity=0)
    for rank, name in enumerate((*STEPS, *SECONDARY), start=1):
        KeyEvent.objects.create(name=name, kind="milestone" if name in STEPS else "secondary", rank=rank)
    began = time.perf_counter()
    fill = {"customers": max(1, size // 50), "events": size, "orders": max(1, size // 5), "now": NOW.isoformat()}
    _sql(FILL.format(**fill))
    _sql("VACUUM ANALYZE")
    print(f"filled in {time.perf_counter() - began:.0f} s", file=sys.stderr)

    def cold(ask: Callable[[], dict[str, Any]]) -> float:
        Figures.objects.all().delete()
        return _seconds(ask)

    signals = signal_figures("order", WEEKS, NOW)  # imports scipy and statsmodels, once a process
    if signals["refused"] or not signals["signals"]:
        raise RuntimeError(f"there are no signals to measure: {signals['refused']}")
    bare = [_seconds(lambda: _sql(BARE.format(now=NOW.isoformat(), weeks=WEEKS))) for _round in range(ROUNDS)]
    funnels = [cold(lambda: funnel_figures("order", WEEKS, NOW)) for _round in range(ROUNDS)]
    found = [cold(lambda: signal_figures("order", WEEKS, NOW)) for _round in range(ROUNDS)]
    kept = [_seconds(lambda: signal_figures("order", WEEKS, NOW)) for _round in range(ROUNDS)]
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return [
        *(
            {
                "name": f"{name} of {size:,} events, {WEEKS} weeks",
                "value": round(median(seconds), 2),
                "unit": "s",
                "baseline": round(median(bare), 2),
                "ratio": round(median(seconds) / median(bare), 2),
                "aim": f"≤ {aim:g} s",
                "met": median(seconds) <= aim,
            }
            for name, seconds, aim in (("funnel", funnels, SECONDS), ("signals", found, SECONDS), ("kept", kept, 0.3))
        ),
        {
            "name": "funnel and signals, peak memory",
            "value": round(megabytes),
            "unit": "MB",
            "baseline": None,
            "ratio": None,
            "aim": f"≤ {MEGABYTES} MB",
            "met": megabytes <= MEGABYTES,
        },
    ]


def _sql(statement: str) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(statement)
        if cursor.description:
            cursor.fetchall()


def _seconds(job: Callable[[], object]) -> float:
    began = time.perf_counter()
    job()
    return time.perf_counter() - began


if __name__ == "__main__":
    if sys.argv[1:2] == ["--measure"]:
        print(json.dumps(_measure(int(sys.argv[2]))))
    else:
        for line in run(*map(int, sys.argv[1:2])):
            print(line)
