"""The funnel: how many people reach each step, how many drop out, how long the others take, and where it got worse."""

import itertools
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final
from zoneinfo import ZoneInfo

from analytics.facts.funnel import Step, funnel
from analytics.facts.passages import WITHIN, weekly_steps
from analytics.facts.roomy import ask
from analytics.facts.windows import Period, civil_day, civil_shift, day_start
from analytics.goals import milestones
from analytics.kept import kept
from analytics.kernel import Counts, TooLittleData, benjamini_hochberg, time_to_next, wilson
from analytics.kernel.friction import Drop, below_own_level
from campaigns.models import Shop

type Figures = dict[str, Any]

WEEKS: Final = (4, 8, 12)
# How long somebody may take from the first step to the last.
DAYS: Final = 14
# A step's own level is that of so many weeks.
OWN_WEEKS: Final = 8
# Fewer people at a step in its last week say nothing.
LEAST: Final = 50
FALSE_FINDS: Final = 0.05


def funnel_figures(goal: str, weeks: int, now: datetime) -> Figures:
    """Return the funnel to `goal` of everybody who entered it in the last `weeks`, JSON-ready and without words.

    Shares are of 1 with Wilson's interval, over people whose fourteen days are over; `times` is the share who had
    taken the next step by each day, over everybody (Kaplan–Meier). `steps` is empty where the shop chose none.
    """
    zone = ZoneInfo(Shop.get().timezone)
    today = day_start(civil_day(now, zone), zone)
    names = [*milestones(goal), goal]
    key = f"funnel:{goal}:{weeks}:{today.isoformat()}:{','.join(names)}"
    return kept(key[:300], now, lambda: _measured(names, weeks, today, zone))


def _measured(names: Sequence[str], weeks: int, today: datetime, zone: ZoneInfo) -> Figures:
    # Until last midnight: a day that is not over would look like a drop.
    entries = Period(since=civil_shift(today, -7 * weeks, zone), until=today)
    told: Figures = {
        "since": entries.since.isoformat(),
        "until": entries.until.isoformat(),
        "weeks": weeks,
        "within_days": DAYS,
        "steps": [],
        "overall": None,
        "friction": [],
    }
    if len(names) < 2:
        return told
    weeks_of_passages = own_weeks(today, zone)
    passages = list(itertools.pairwise(names))
    steps, *weekly = ask(
        partial(funnel, names, entries, timedelta(days=DAYS), today),
        *(partial(weekly_steps, step, following, weeks_of_passages) for step, following in passages),
    )
    first, last = steps[0], steps[-1]
    told["steps"] = [_step(step, steps[place - 1] if place else None) for place, step in enumerate(steps)]
    if first.over:
        told["overall"] = _share(Counts(n=first.over, successes=last.over))
    told["friction"] = _friction(passages, weekly, weeks_of_passages)
    return told


def _share(counts: Counts) -> Figures:
    return {"n": counts.n, "took": counts.successes, "share": counts.share, "interval": list(wilson(counts))}


def _step(step: Step, before: Step | None) -> Figures:
    """Return one step; `came` is the share of those at the step before who came here, `times` that of the next."""
    came = _share(before.next) if before is not None and before.over else None
    return {"name": step.name, "reached": step.reached, "over": step.over, "came": came, "times": _times(step)}


def _times(step: Step) -> Figures | None:
    days = sorted({*step.took, *step.left})
    try:
        curve = time_to_next(days=days, took=[step.took[d] for d in days], left=[step.left[d] for d in days])
    except TooLittleData:
        return None
    return {
        "median": curve.median,
        "curve": [
            {"day": day, "share": share, "low": low, "high": high}
            for day, share, (low, high) in zip(curve.days, curve.shares, curve.intervals, strict=True)
        ],
    }


def _friction(
    passages: Sequence[tuple[str, str]], weekly: Sequence[Sequence[Counts]], weeks: Sequence[Period]
) -> list[Figures]:
    """Return each passage from a step to the next with its last whole week beside its own eight weeks before.

    `worse` where the last week lies below, after Benjamini and Hochberg over all passages.
    """
    rows: list[tuple[Figures, Drop | None]] = []
    for (step, following), (*earlier, last) in zip(passages, weekly, strict=True):
        told: Figures = {
            "step": step,
            "next": following,
            "weeks": [
                {"since": week.since.isoformat(), "n": counts.n, "took": counts.successes}
                for week, counts in zip(weeks, [*earlier, last], strict=True)
            ],
        }
        rows.append((told, _drop(earlier, last)))
    adjusted = iter(benjamini_hochberg([drop.p for _told, drop in rows if drop]))
    return [
        told
        | {
            "worse": drop is not None and next(adjusted) < FALSE_FINDS,
            "drop": None
            if drop is None
            else {"last": drop.last, "level": drop.level, "odds": drop.odds, "interval": list(drop.interval)},
        }
        for told, drop in rows
    ]


def _drop(earlier: Sequence[Counts], last: Counts) -> Drop | None:
    if last.n < LEAST:
        return None
    try:
        return below_own_level(earlier, last)
    except TooLittleData:
        return None


def own_weeks(today: datetime, zone: ZoneInfo) -> list[Period]:
    """Return nine adjoining weeks, the last of which has had its seven days to go on: it ended a week ago."""
    ends = [civil_shift(today, -WITHIN.days - 7 * back, zone) for back in range(OWN_WEEKS + 1, -1, -1)]
    return [Period(since=since, until=until) for since, until in itertools.pairwise(ends)]
