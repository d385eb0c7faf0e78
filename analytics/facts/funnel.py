"""How far people come, step by step, and how long they take: one chain of joins in the database, a few counts back."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from analytics.facts.deeds import Who, deeds
from analytics.facts.dialect import instant, plus, rows, whole_days
from analytics.facts.windows import Period
from analytics.kernel import Counts


@dataclass(slots=True)
class Step:
    """One step: how many people reached it, how many of those whose time is over, and how many of them went on.

    `took` counts by whole days until the next step everybody who took it, `left` by the days seen those who did not.
    """

    name: str
    reached: int = 0
    over: int = 0
    went_on: int = 0
    took: Counter[int] = field(default_factory=Counter)
    left: Counter[int] = field(default_factory=Counter)

    @property
    def next(self) -> Counts:
        """Return those whose time is over, and who of them went on."""
        return Counts(n=self.over, successes=self.went_on)


_FIRST: Final = "step0 AS (SELECT who, MIN(at) AS entered, MIN(at) AS at FROM ({deeds}) done GROUP BY who)"
_NEXT: Final = """step{n} AS (
    SELECT here.who, here.entered, MIN(done.at) AS at
    FROM step{before} here JOIN ({deeds}) done ON done.who = here.who
        AND done.at >= here.at AND done.at < {end}
    GROUP BY here.who, here.entered
)"""
# Per step: is the time of those who entered over; days until the next step (-1: not taken); days seen; people.
_COUNT: Final = """
SELECT {n}, grown, took, seen, COUNT(*) FROM (
    SELECT CASE WHEN {end} <= %s THEN 1 ELSE 0 END AS grown,
        CASE WHEN later.at IS NULL THEN -1 ELSE {took} END AS took,
        CASE WHEN later.at IS NOT NULL THEN 0 WHEN {end} <= %s THEN {whole} ELSE {so_far} END AS seen
    FROM step{n} here LEFT JOIN step{after} later ON later.who = here.who
) people GROUP BY grown, took, seen
"""
_LAST: Final = """
SELECT {n}, grown, -1, 0, COUNT(*) FROM (
    SELECT CASE WHEN {end} <= %s THEN 1 ELSE 0 END AS grown FROM step{n} here
) people GROUP BY grown
"""


def funnel(names: Sequence[str], entries: Period, within: timedelta, now: datetime) -> list[Step]:
    """Return the steps `names` of everybody who took the first in `entries`, within `within` of it, in their order.

    A person counts once, from the first time in the period; strangers (anonymous ids) count beside customers. Raises
    ValueError for fewer than two steps.
    """
    if len(names) < 2:
        raise ValueError("a funnel needs two steps")
    steps = [Step(name) for name in names]
    for who in Who:
        for n, grown, took, seen, people in rows(*_statement(names, entries, within, now, who)):
            step = steps[n]
            step.reached += people
            step.over += people * grown
            if took >= 0:
                step.went_on += people * grown
                step.took[took] += people
            elif n < len(names) - 1:
                step.left[seen] += people
    return steps


def _statement(
    names: Sequence[str], entries: Period, within: timedelta, now: datetime, who: Who
) -> tuple[str, list[Any]]:
    later = Period(since=entries.since, until=entries.until + within)
    end = plus("here.entered", within)
    first, params = deeds(names[0], entries, who)
    parts = [_FIRST.format(deeds=first)]
    for n, name in enumerate(names[1:], start=1):
        sql, values = deeds(name, later, who)
        parts.append(_NEXT.format(n=n, before=n - 1, deeds=sql, end=end))
        params += values
    counts = []
    for n in range(len(names) - 1):
        took, whole, so_far = whole_days("later.at", "here.at"), whole_days(end, "here.at"), whole_days("%s", "here.at")
        counts.append(_COUNT.format(n=n, after=n + 1, end=end, took=took, whole=whole, so_far=_typed(so_far)))
        params += [instant(now)] * 3
    counts.append(_LAST.format(n=len(names) - 1, end=end))
    return f"WITH {', '.join(parts)} {' UNION ALL '.join(counts)}", [*params, instant(now)]


def _typed(sql: str) -> str:
    """Return `sql` with the type of a bare parameter told, which PostgreSQL cannot guess in a difference."""
    from django.db import connection

    return sql.replace("%s", "%s::timestamptz") if connection.vendor == "postgresql" else sql
