"""How long a report over a large shop takes, cold and kept, beside one bare aggregate query over the same rows.

`python -m bench.report 1000000` fills 1 M customers, 10 M orders, 50 M events and 5 campaigns (an hour of work for the
server); without a number a tenth of it, whose ratios are much the same.

`run()` makes a throw-away PostgreSQL database on the server of DATABASE_URL and measures in a process of its own, whose
peak memory is one of the figures. By itself: `python -m bench.report`.
"""

from datetime import UTC, datetime
from statistics import median
from typing import Any, Final

from bench import throwaway
from bench.figures import Figure, figure, peak_memory
from bench.throwaway import seconds, sql

ROUNDS: Final = 3
NOW: Final = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
LAUNCHED: Final = datetime(2025, 9, 1, 8, 0, tzinfo=UTC)
# A week ago its refunds were still coming in: the report is measured anew, and not yet frozen.
ENDED: Final = datetime(2026, 11, 14, 8, 0, tzinfo=UTC)

# A birthday campaign of one year: every customer once, ten orders and fifty events each over 26 months, a message for
# each treated one, an answer from every tenth customer, spend in every week. Four more campaigns of a fifth of the
# customers each, the last of which counts a booking as its success. Orders lie in the order of time, as in a real shop.
# Foreign keys are not checked while it fills: that took most of the time.
FILL: Final = """
SET session_replication_role = replica;
INSERT INTO campaigns_customer (external_id, email, phone, email_key, phone_key, first_name, last_name, language,
    timezone, birth_day, country, tags, points, attributes, created_at, signed_up_at, email_marketing, sms_marketing,
    orders_count, total_spent, first_order_at, last_order_at)
SELECT 'c' || i, '', '', '', '', '', '', 'fr', 'Europe/Paris', 101, 'FR', '[]', 0, '{{}}', '2024-01-01Z', '2024-01-01Z',
    true, false, 10, 50000, '2024-07-01Z'::timestamptz + (i::bigint * 7919 % 79) * interval '1 day', NULL
FROM generate_series(1, {size}) i;
INSERT INTO campaigns_order (external_id, customer_id, placed_at, status, channel, gift, test, total, tax, shipping,
    discount, refunded, discount_codes, lines, updated_at, created_at)
SELECT 'o' || c.id || '-' || n, c.id,
    '2024-07-01Z'::timestamptz + (c.id * 7919 % 79 + n * 79) * interval '1 day' + c.id % 86400 * interval '1 second',
    'paid', 'web', false, false, 3000 + (c.id * 31 + n * 977) % 6000, 0, 0, 0, 0, '[]', '[]', '{now}', '{now}'
FROM generate_series(0, 9) n, campaigns_customer c ORDER BY 3;
INSERT INTO campaigns_event (external_id, customer_id, anonymous_id, name, occurred_at, properties, recorded_at)
SELECT 'e' || c.id || '-' || n, c.id, '',
    (ARRAY['page_viewed', 'product_viewed', 'cart_added', 'newsletter_joined', 'booking'])[1 + (c.id * 31 + n * n) % 5],
    '2024-07-01Z'::timestamptz + (c.id * 104729 % 15 + n * 15) * interval '1 day' + c.id % 86400 * interval '1 second',
    '{{}}', '{now}'
FROM generate_series(0, 49) n, campaigns_customer c ORDER BY 5;
INSERT INTO triggers_occasion (campaign_id, customer_id, key, due_at, fresh_until, slot_at, channel, decision, reason,
    value, decided_at)
SELECT {campaign}, id, 'birthday:2025', slot, slot + interval '1 day', slot, 'email',
    CASE WHEN hashint8(id) % 2 = 0 THEN 'due' ELSE 'held_out' END, '', '', slot
FROM (SELECT id, '{launched}'::timestamptz + (id * 104729 % 31536000) * interval '1 second' AS slot
      FROM campaigns_customer) made;
INSERT INTO triggers_occasion (campaign_id, customer_id, key, due_at, fresh_until, slot_at, channel, decision, reason,
    value, decided_at)
SELECT {campaign} + id % 5, customer_id, key, due_at, fresh_until, slot_at, channel, decision, reason,
    value, decided_at
FROM triggers_occasion WHERE id % 5 > 0;
INSERT INTO triggers_delivery (occasion_id, step, campaign_id, customer_id, channel, state, reason, not_before, claims,
    refusals, address_key, permitted_at, spoken_on, created_at)
SELECT id, 0, campaign_id, customer_id, 'email', 'delivered', '', slot_at, 1, 0, '', slot_at, slot_at::date, slot_at
FROM triggers_occasion WHERE decision = 'due';
INSERT INTO campaigns_answer (external_id, customer_id, survey, score, comment, answered_at, recorded_at)
SELECT 'a' || id, customer_id, 'nps', id % 11, '', slot_at + interval '3 days', slot_at
FROM triggers_occasion WHERE id % 10 = 0;
INSERT INTO campaigns_spend (week, channel, amount)
SELECT '2024-09-02'::date + n * 7, 'search', 1000000 FROM generate_series(0, 115) n;
RESET session_replication_role;
"""

# What anybody would write first for this question: both arms' contacts, buyers, revenue and its squares.
BARE: Final = """
SELECT decision, count(*), count(*) FILTER (WHERE orders > 0), sum(revenue), sum(revenue * revenue)
FROM (
    SELECT oc.id, oc.decision, count(o.id) AS orders, coalesce(sum(o.revenue), 0) AS revenue
    FROM triggers_occasion oc
    LEFT JOIN campaigns_order o ON o.customer_id = oc.customer_id AND o.valid
        AND o.placed_at >= oc.slot_at AND o.placed_at < oc.slot_at + interval '14 days'
    WHERE oc.campaign_id = {campaign} AND oc.decision IN ('due', 'held_out')
    GROUP BY oc.id, oc.decision
) contacts GROUP BY decision
"""


def run(size: int = 100_000) -> list[Figure]:
    """Return the figures of one report; raises RuntimeError where DATABASE_URL names no PostgreSQL."""
    return throwaway.measured("report", size)


def _measure(size: int) -> list[Figure]:
    throwaway.set_up()
    throwaway.migrate()
    whole, fifth, *_others, booking = _campaigns()
    throwaway.fill(FILL.format(size=size, campaign=whole.pk, now=NOW.isoformat(), launched=LAUNCHED.isoformat()))
    bare, cold, kept = _rounds(whole)
    bare_fifth, cold_fifth, _kept = _rounds(fifth)
    _bare, cold_booking, _kept = _rounds(booking)
    counts = _report(whole)["counts"]
    if counts["mature_treated"] + counts["mature_control"] != size:
        raise RuntimeError(f"the report has lost contacts: {counts}")
    shop = f"{size:,} customers, {size * 10:,} orders, {size * 50:,} events"
    return [
        _cold(f"report on every customer, measured anew: {shop}", cold, bare),
        figure("the same beside one bare aggregate query", cold, "s", baseline=bare, aim="≤ 3 ×", met=cold <= 3 * bare),
        _cold("report on a fifth of the customers", cold_fifth, bare_fifth),
        _cold("report on a fifth, whose success is an event", cold_booking, bare_fifth),
        figure("report, kept", kept, "s", baseline=bare, aim="≤ 0.3 s", met=kept <= 0.3),
        peak_memory("report", 400),
    ]


def _cold(name: str, value: float, bare: float) -> Figure:
    return figure(name, value, "s", baseline=bare, aim="≤ 5 s", met=value <= 5)


def _rounds(campaign: Any) -> tuple[float, float, float]:
    """Return the median seconds of the bare query, of a report measured anew, and of a kept one."""
    from analytics.models import Report

    _report(campaign)  # imports scipy and statsmodels, once a process
    bare, cold, kept = [], [], []
    for _round in range(ROUNDS):
        bare.append(seconds(lambda: sql(BARE.format(campaign=campaign.pk))))
        Report.objects.all().delete()
        cold.append(seconds(lambda: _report(campaign)))
        kept.append(seconds(lambda: _report(campaign)))
    return median(bare), median(cold), median(kept)


def _report(campaign: Any) -> dict[str, Any]:
    from analytics.report import campaign_report

    return campaign_report(campaign, NOW)


def _campaigns() -> list[Any]:
    from campaigns.models import Campaign, GestureTemplate, JourneyMoment, Shop

    Shop.get()
    moment = JourneyMoment.objects.create(slug="birthday", name="Birthday", kind="birthday")
    gesture = GestureTemplate.objects.create(slug="birthday", name="Birthday", purpose="relation")
    return [
        Campaign.objects.create(
            slug=f"birthday-{number}",
            name=f"Birthday {number}",
            moment=moment,
            gesture=gesture,
            holdout_share="0.5",
            unit_costs={"email": 1},
            macro_conversion="booking" if number == 4 else "order",
            status=Campaign.Status.ENDED,
            launched_at=LAUNCHED,
            ended_at=ENDED,
        )
        for number in range(5)
    ]


if __name__ == "__main__":
    throwaway.main(run, _measure)
