"""The money of both arms with the longest tail cut: the largest hundredth of the buyers counted as the next one."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from django.db import connection

from analytics.facts.contacts import ARMS
from analytics.facts.outcomes import orders_near, people
from analytics.facts.windows import Period
from analytics.kernel import Sums
from campaigns.models import Campaign

_CUT: Final = """
WITH spent AS MATERIALIZED (
    SELECT contact.decision, SUM(bought.money) AS money
    FROM ({contacts}) contact
    JOIN ({orders}) bought ON bought.customer_id = contact.customer_id
        AND bought.placed_at >= contact.slot_at AND bought.placed_at < contact.window_end
    GROUP BY contact.id, contact.decision
    HAVING SUM(bought.money) > 0
), cap AS (
    SELECT money AS most FROM spent
    ORDER BY money DESC LIMIT 1 OFFSET (SELECT (COUNT(*) + 99) / 100 FROM spent)
)
SELECT spent.decision, cap.most,
    SUM(CASE WHEN spent.money < cap.most THEN spent.money ELSE cap.most END),
    SUM(CASE WHEN spent.money < cap.most THEN spent.money * spent.money ELSE cap.most * cap.most END)
FROM spent CROSS JOIN cap GROUP BY spent.decision, cap.most
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tails:
    """Money a contact with every amount above `most` (minor units) counted as `most`."""

    most: float
    treated: Sums
    control: Sums


def cut_tails(
    campaign: Campaign, now: datetime, zone: ZoneInfo, anchors: Period, sizes: dict[str, int]
) -> Tails | None:
    """Return both arms' money winsorised at one common amount, `sizes` being their contacts; None for a single buyer.

    The amount is that of the buyer behind the largest hundredth (one at least) of the buyers of both arms together.
    """
    contacts, contacts_values = people(campaign, now, zone, anchors, 0).query.sql_with_params()
    orders, orders_values = orders_near(campaign, zone, anchors).query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(_CUT.format(contacts=contacts, orders=orders), [*contacts_values, *orders_values])
        rows = {decision: (most, total, squares) for decision, most, total, squares in cursor.fetchall()}
    if not rows:
        return None
    sums = {}
    for arm, decision in ARMS.items():
        _most, total, squares = rows.get(decision, (0.0, 0.0, 0.0))
        sums[arm] = Sums(n=sizes[arm], total=total, squares=squares)
    return Tails(most=next(iter(rows.values()))[0], **sums)
