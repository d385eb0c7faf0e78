"""What customers did before a landmark day and who of them bought after it, as counts of like customers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from analytics.facts.deeds import deeds
from analytics.facts.dialect import bits, instant, plus, rows, whole_days
from analytics.facts.windows import Period
from analytics.kernel import Group

# Actions are told apart one by one while they are few; beyond, by about a quarter more each.
_ACTIVITY: Final = (*range(1, 9), 10, 12, 15, 19, 24, 30, 38, 48, 60, 75, 95, 120, 150, 190, 240, 300, 500, 1000)

_GROUPS: Final = """
WITH active AS (
    SELECT customer_id AS who, COUNT(*) AS actions, {did} AS did
    FROM campaigns_event
    WHERE name IN ({names}) AND occurred_at >= %s AND occurred_at < %s AND customer_id IS NOT NULL
    GROUP BY customer_id
),
bought AS (SELECT who, MIN(at) AS first FROM ({goal}) goals GROUP BY who)
SELECT did, activity, COUNT(*), COUNT(first) FROM (
    SELECT active.did, CASE {activity} END AS activity, bought.first
    FROM active LEFT JOIN bought ON bought.who = active.who
    WHERE bought.first IS NULL OR bought.first >= %s
) people GROUP BY did, activity
"""
# The first time of each event in the days before a purchase, by whole days before it; and all buyers, under no name.
_LEADS: Final = """
WITH buyers AS MATERIALIZED (SELECT who, MIN(at) AS at FROM ({goal}) goals GROUP BY who)
SELECT '', 0, COUNT(*) FROM buyers
UNION ALL
SELECT name, {days}, COUNT(*) FROM (
    SELECT done.customer_id, done.name, MIN(buyers.at) AS at, MIN(done.occurred_at) AS first
    FROM buyers JOIN campaigns_event done ON done.customer_id = buyers.who AND done.occurred_at <= buyers.at
    WHERE done.name IN ({names}) AND done.occurred_at >= %s AND done.occurred_at < %s
        AND {begin} >= buyers.at
    GROUP BY done.customer_id, done.name
) led GROUP BY name, {days}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leads:
    """`buyers` of a period, and for each event by how many whole days before they first did it: {days: buyers}."""

    buyers: int
    days: dict[str, dict[int, int]]

    def share(self, name: str) -> float:
        """Return the share of the buyers who did `name` before they bought; 0 without buyers."""
        return sum(self.days.get(name, {}).values()) / self.buyers if self.buyers else 0.0

    def quantile(self, name: str, share: float) -> int | None:
        """Return the days before the purchase by which `share` of those who did `name` had not yet done it earlier."""
        counted = sorted(self.days.get(name, {}).items())
        wanted, seen = share * sum(count for _day, count in counted), 0
        for day, count in counted:
            seen += count
            if seen >= wanted:
                return day
        return None


def landmark_groups(
    candidates: Sequence[str], known: Sequence[str], goal: str, before: Period, after: Period
) -> list[Group]:
    """Return the customers active in `before` who had not yet reached `goal` in it, grouped by which of the
    `candidates` they did and by how many actions (of all `known` event names) they took; `bought` is the goal reached
    in `after`, which adjoins.
    """
    deed, deed_values = deeds(goal, Period(since=before.since, until=after.until))
    statement = _GROUPS.format(
        did=bits("name", len(candidates)),
        names=_places(known),
        goal=deed,
        activity=" ".join(f"WHEN actions <= {most} THEN {most}" for most in _ACTIVITY) + f" ELSE {2 * _ACTIVITY[-1]}",
    )
    span = [instant(before.since), instant(before.until)]
    values = [*candidates, *known, *span, *deed_values, instant(after.since)]
    return [
        Group(
            did=tuple(bool(did >> place & 1) for place in range(len(candidates))),
            activity=activity,
            n=n,
            bought=bought,
        )
        for did, activity, n, bought in rows(statement, values)
    ]


def leads(names: Sequence[str], goal: str, period: Period, days: int) -> Leads:
    """Return how long before their first `goal` of `period` buyers did each of `names`, at most `days` before."""
    goals, values = deeds(goal, period)
    statement = _LEADS.format(
        goal=goals,
        names=_places(names),
        days=whole_days("at", "first"),
        begin=plus("done.occurred_at", timedelta(days=days)),
    )
    found: dict[str, dict[int, int]] = {}
    span: list[Any] = [instant(period.since - timedelta(days=days)), instant(period.until)]
    for name, day, count in rows(statement, [*values, *names, *span]):
        found.setdefault(name, {})[day] = count
    return Leads(buyers=found.pop("")[0], days=found)


def _places(values: Sequence[str]) -> str:
    return ", ".join(["%s"] * len(values))
