"""What customers did before a landmark day and who of them bought after it, as counts of like customers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from analytics.facts.deeds import deeds
from analytics.facts.dialect import instant, plus, rows, whole_days
from analytics.facts.windows import Period
from analytics.kernel import Group

# Actions are told apart one by one while they are few; beyond, by about a quarter more each.
_ACTIVITY: Final = (*range(1, 9), 10, 12, 15, 19, 24, 30, 38, 48, 60, 75, 95, 120, 150, 190, 240, 300, 500, 1000)

_GROUPS: Final = """
WITH active AS (
    SELECT customer_id AS who, COUNT(*) AS actions, {mask} AS did
    FROM campaigns_event
    WHERE name IN ({names}) AND occurred_at >= %s AND occurred_at < %s AND customer_id IS NOT NULL
    GROUP BY customer_id
),
bought_before AS (SELECT DISTINCT who FROM ({before}) earlier),
bought_after AS (SELECT DISTINCT who FROM ({after}) later)
SELECT did, activity, COUNT(*), COUNT(bought) FROM (
    SELECT active.did, CASE {activity} END AS activity, bought_after.who AS bought
    FROM active
    LEFT JOIN bought_before ON bought_before.who = active.who
    LEFT JOIN bought_after ON bought_after.who = active.who
    WHERE bought_before.who IS NULL
) people GROUP BY did, activity
"""
# The first time of each event in the days before a purchase, by whole days before it.
_LEADS: Final = """
WITH buyers AS (SELECT who, MIN(at) AS at FROM ({goal}) goals GROUP BY who)
SELECT name, {days}, COUNT(*) FROM (
    SELECT buyers.who, done.name, buyers.at, MIN(done.occurred_at) AS first
    FROM buyers JOIN campaigns_event done ON done.customer_id = buyers.who AND done.occurred_at <= buyers.at
    WHERE done.name IN ({names}) AND done.occurred_at >= %s AND done.occurred_at < %s
        AND {begin} >= buyers.at
    GROUP BY buyers.who, done.name, buyers.at
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
    in `after`.
    """
    mask = " + ".join(
        f"MAX(CASE WHEN name = %s THEN {1 << place} ELSE 0 END)"  # bits: one number a combination
        for place in range(len(candidates))
    )
    earlier, earlier_values = deeds(goal, before)
    later, later_values = deeds(goal, after)
    statement = _GROUPS.format(
        mask=mask,
        names=_places(known),
        before=earlier,
        after=later,
        activity=" ".join(f"WHEN actions <= {most} THEN {most}" for most in _ACTIVITY) + f" ELSE {2 * _ACTIVITY[-1]}",
    )
    span = [instant(before.since), instant(before.until)]
    return [
        Group(
            did=tuple(bool(did >> place & 1) for place in range(len(candidates))),
            activity=activity,
            n=n,
            bought=bought,
        )
        for did, activity, n, bought in rows(statement, [*candidates, *known, *span, *earlier_values, *later_values])
    ]


def leads(names: Sequence[str], goal: str, period: Period, days: int) -> Leads:
    """Return how long before their first `goal` of `period` buyers did each of `names`, at most `days` before."""
    from datetime import timedelta

    goals, values = deeds(goal, period)
    (buyers,) = rows(f"SELECT COUNT(DISTINCT who) FROM ({goals}) goals", values)[0]  # noqa: S608 - constants
    statement = _LEADS.format(
        goal=goals,
        names=_places(names),
        days=whole_days("at", "first"),
        begin=plus("done.occurred_at", timedelta(days=days)),
    )
    found: dict[str, dict[int, int]] = {}
    span: list[Any] = [instant(period.since - timedelta(days=days)), instant(period.until)]
    for name, day, count in rows(statement, [*values, *names, *span]) if names else ():
        found.setdefault(name, {})[day] = count
    return Leads(buyers=buyers, days=found)


def _places(values: Sequence[str]) -> str:
    return ", ".join(["%s"] * len(values))
