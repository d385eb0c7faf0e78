"""A step of the funnel week by week: how many were there, and how many took the next within a week."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from analytics.facts.deeds import Who, deeds
from analytics.facts.dialect import instant, plus, rows
from analytics.facts.windows import Period
from analytics.kernel import Counts

WITHIN: Final = timedelta(days=7)

_WEEKS: Final = """
SELECT week, COUNT(*), SUM(took) FROM (
    SELECT here.who, here.week, MAX(CASE WHEN later.at IS NULL THEN 0 ELSE 1 END) AS took
    FROM (SELECT who, week, MIN(at) AS at FROM (SELECT who, at, CASE {weeks} END AS week FROM ({step}) done) told
          GROUP BY who, week) here
    LEFT JOIN ({next}) later ON later.who = here.who AND later.at >= here.at AND later.at < {end}
    GROUP BY here.who, here.week
) people GROUP BY week
"""


def weekly_steps(step: str, following: str, weeks: Sequence[Period]) -> list[Counts]:
    """Return for each of the adjoining `weeks` the people who did `step` in it, and who took `following` within seven
    days of their first time; strangers count beside customers.
    """
    n, took = [0] * len(weeks), [0] * len(weeks)
    whole = Period(since=weeks[0].since, until=weeks[-1].until)
    for who in Who:
        here, here_values = deeds(step, whole, who)
        later, later_values = deeds(following, Period(since=whole.since, until=whole.until + WITHIN), who)
        statement = _WEEKS.format(
            weeks=" ".join(f"WHEN at < %s THEN {place}" for place in range(len(weeks))),
            step=here,
            next=later,
            end=plus("here.at", WITHIN),
        )
        ends = [instant(week.until) for week in weeks]
        for week, people, went_on in rows(statement, [*ends, *here_values, *later_values]):
            n[week] += people
            took[week] += went_on
    return [Counts(n=people, successes=went_on) for people, went_on in zip(n, took, strict=True)]
