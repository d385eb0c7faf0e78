"""How fast a million occasions are planned, beside the bare INSERT … SELECT … ON CONFLICT of the same rows.

`run()` makes a throw-away PostgreSQL database on the server of DATABASE_URL and measures in a process of its own, whose
peak memory is one of the figures. By itself: `python -m bench.planning`.
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
ZONES: Final = ("", "Europe/Paris", "America/Toronto", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia")

# One order each in the last 24 hours; one customer in ten has no e-mail, some refuse, some are suppressed.
FILL: Final = """
INSERT INTO campaigns_customer (external_id, email, phone, email_key, phone_key, first_name, last_name, language,
    timezone, birth_day, country, tags, points, attributes, created_at, email_marketing, sms_marketing, orders_count,
    total_spent)
SELECT 'c' || i, CASE WHEN i % 10 = 0 THEN '' ELSE 'c' || i || '@bench.test' END, '+336' || lpad(i::text, 8, '0'),
    CASE WHEN i % 10 = 0 THEN '' ELSE md5('e' || i) END, md5('p' || i), 'First', 'Last',
    CASE i % 3 WHEN 0 THEN 'en' ELSE 'fr' END, ({zones}::text[])[1 + i % {count}],
    (1 + i % 12) * 100 + 1 + i % 28, 'FR', '[]', 0, '{{}}', '2025-01-01Z', i % 20 <> 1, i % 2 = 0, 1, 5000
FROM generate_series(1, {size}) i;
INSERT INTO campaigns_order (external_id, customer_id, placed_at, status, channel, gift, test, total, tax, shipping,
    discount, refunded, discount_codes, lines, updated_at, created_at)
SELECT 'o' || id, id, '{now}'::timestamptz - interval '1 day' - (id % 86400) * interval '1 second', 'paid', 'web',
    false, false, 5000, 0, 0, 0, 0, '[]', '[]', '{now}', '{now}' FROM campaigns_customer;
INSERT INTO campaigns_suppression (channel, address_key, reason, created_at)
SELECT 'email', email_key, 'bounced', '{now}' FROM campaigns_customer WHERE email_key <> '' AND id % 100 = 7;
"""


BARE: Final = """
INSERT INTO bare OVERRIDING SYSTEM VALUE SELECT * FROM same ON CONFLICT (campaign_id, customer_id, key) DO NOTHING
"""


def run(size: int = 1_000_000) -> list[dict[str, Any]]:
    """Return the figures of planning `size` occasions; raises RuntimeError where DATABASE_URL names no PostgreSQL."""
    url = os.environ.get("DATABASE_URL", "")
    if not url.startswith("postgres"):
        raise RuntimeError("bench.planning needs a PostgreSQL in DATABASE_URL")
    import psycopg

    name = f"bench_planning_{uuid.uuid4().hex[:8]}"
    parts = urlsplit(url)
    with psycopg.connect(urlunsplit(parts._replace(path="/postgres")), autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{name}"'.encode())
        try:
            environment = os.environ | {"DATABASE_URL": urlunsplit(parts._replace(path=f"/{name}"))}
            command = [sys.executable, "-m", "bench.planning", "--measure", str(size)]
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

    call_command("migrate", verbosity=0)
    _fill(size)
    from triggers.planner import plan

    fresh, again, bare = [], [], []
    for _round in range(ROUNDS):
        _sql("TRUNCATE triggers_occasion, triggers_delivery, triggers_heartbeat CASCADE")
        fresh.append(_seconds(lambda: plan(NOW)))
        again.append(_seconds(lambda: plan(NOW)))
        _sql("DROP TABLE IF EXISTS same, bare")
        _sql("CREATE TABLE same AS SELECT * FROM triggers_occasion")
        _sql("CREATE TABLE bare (LIKE triggers_occasion INCLUDING ALL)")
        bare.append(_seconds(lambda: _sql(BARE)))
    stored = _sql("SELECT COUNT(*) FROM triggers_occasion")
    assert stored == size, f"{stored} occasions instead of {size}"
    baseline = size / median(bare)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return [
        _figure("planning, all new", size / median(fresh), "occasions/s", baseline, 0.4),
        _figure("planning, nothing new", size / median(again), "occasions/s", baseline, 2.0),
        {
            "name": "planning, peak memory",
            "value": round(memory),
            "unit": "MB",
            "baseline": None,
            "ratio": None,
            "aim": "≤ 300 MB",
            "met": memory <= 300,
        },
    ]


def _fill(size: int) -> None:
    from tests import cast

    cast.shop()
    cast.live_campaign(
        "post_purchase",
        {"anchor": "placed", "delay_days": 1},
        channels=("email", "sms"),
        holdout_share="0.1",
        launched_at=datetime(2026, 1, 1, tzinfo=UTC),
    )
    zones = "ARRAY[" + ",".join(f"'{zone}'" for zone in ZONES) + "]"
    _sql(FILL.format(size=size, zones=zones, count=len(ZONES), now=NOW.isoformat()))
    _sql("VACUUM ANALYZE")


def _sql(statement: str) -> Any:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone()[0] if cursor.description else None


def _seconds(job: Callable[[], object]) -> float:
    _sql("CHECKPOINT")
    start = time.perf_counter()
    job()
    return time.perf_counter() - start


def _figure(name: str, value: float, unit: str, baseline: float, aim: float) -> dict[str, Any]:
    ratio = value / baseline
    return {
        "name": name,
        "value": round(value),
        "unit": unit,
        "baseline": round(baseline),
        "ratio": round(ratio, 2),
        "aim": f"≥ {aim} × the bare INSERT … SELECT",
        "met": ratio >= aim,
    }


if __name__ == "__main__":
    if sys.argv[1:2] == ["--measure"]:
        print(json.dumps(_measure(int(sys.argv[2]))))
    else:
        for figure in run(*map(int, sys.argv[1:])):
            print(json.dumps(figure, ensure_ascii=False))
