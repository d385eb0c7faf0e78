"""How fast a million occasions are planned, beside the bare INSERT … SELECT … ON CONFLICT of the same rows.

`run()` makes a throw-away PostgreSQL database on the server of DATABASE_URL and measures in a process of its own, whose
peak memory is one of the figures. By itself: `python -m bench.planning`.
"""

from datetime import UTC, datetime
from statistics import median
from typing import Final

from bench import throwaway
from bench.figures import Figure, peak_memory, rate
from bench.throwaway import seconds, sql

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


def run(size: int = 1_000_000) -> list[Figure]:
    """Return the figures of planning `size` occasions; raises RuntimeError where DATABASE_URL names no PostgreSQL."""
    return throwaway.measured("planning", size)


def _measure(size: int) -> list[Figure]:
    throwaway.set_up()
    throwaway.migrate()
    _fill(size)
    from triggers.planner import plan

    fresh, again, bare = [], [], []
    for _round in range(ROUNDS):
        sql("TRUNCATE triggers_occasion, triggers_delivery, triggers_heartbeat CASCADE")
        fresh.append(seconds(lambda: plan(NOW)))
        # Without the last tick's heartbeat all that is fresh is looked at, as each quarter of an hour.
        sql("TRUNCATE triggers_heartbeat")
        again.append(seconds(lambda: plan(NOW)))
        sql("DROP TABLE IF EXISTS same, bare")
        sql("CREATE TABLE same AS SELECT * FROM triggers_occasion")
        sql("CREATE TABLE bare (LIKE triggers_occasion INCLUDING ALL)")
        bare.append(seconds(lambda: sql(BARE)))
    ((stored,),) = sql("SELECT COUNT(*) FROM triggers_occasion")
    assert stored == size, f"{stored} occasions instead of {size}"
    baseline, of = size / median(bare), "the bare INSERT … SELECT"
    return [
        rate("planning, all new", size / median(fresh), "occasions/s", baseline, 0.5, of),
        rate("planning, nothing new", size / median(again), "occasions/s", baseline, 2.0, of),
        peak_memory("planning", 300),
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
    throwaway.fill(FILL.format(size=size, zones=zones, count=len(ZONES), now=NOW.isoformat()))


if __name__ == "__main__":
    throwaway.main(run, _measure)
