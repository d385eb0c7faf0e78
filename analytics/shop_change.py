"""The shop before and after any day: each metric with its value, its change, their intervals and what to beware of.

It is the table of the article that the product comes from (conversion, NPS, basket, acquisition cost, and revenue),
and it can never prove a cause: that takes a control group.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any, Final
from zoneinfo import ZoneInfo

from analytics.comparisons import (
    NEW_CUSTOMERS,
    Refusal,
    Result,
    Results,
    Side,
    adjust_for_season,
    compare,
    compare_acquisition,
    refuse_all,
)
from analytics.facts.acquisition import MissingSpend, acquisition, mondays
from analytics.facts.answers import period_scores
from analytics.facts.periods import PeriodFacts, data_since, period_facts
from analytics.facts.roomy import roomy
from analytics.facts.surroundings import visitors
from analytics.facts.windows import YEAR, Period, before_and_after, civil_shift, day_start
from analytics.kernel import LEVEL, Estimate, Evidence, Interval, Metric, TooLittleData, Weeks, cac_interval, wilson
from analytics.kernel.single import mean_interval, ratio_interval, score_interval
from analytics.shop_warnings import Around, warnings_of
from campaigns.models import Shop

type Figures = dict[str, Any]

WEEKS: Final = (4, 8, 12, 26)
# So many periods before the one before the change are looked at, to see whether that one was an unusual one.
EARLIER: Final = 6
# The order of the article's table.
METRICS: Final = (Metric.CONVERSION, Metric.NPS, Metric.BASKET, Metric.CAC, Metric.REVENUE)


def shop_change(day: date, weeks: int, now: datetime) -> Figures:
    """Return the table of `weeks` whole weeks before and after the start of `day` in the shop's zone, JSON-ready.

    Money is in minor units, shares are of 1. Each metric holds `before` and `after` (value, interval, n; values None
    where nothing can be said), `plain` and `season` (an estimate, or why there is none) and `warnings` (codes with
    figures). Raises ValueError for a number of weeks that is not positive.
    """
    shop = Shop.get()
    zone = ZoneInfo(shop.timezone)
    before, after = before_and_after(day_start(day, zone), weeks * 7, zone)
    figures: Figures = {
        "day": day.isoformat(),
        "weeks": weeks,
        "currency": shop.currency,
        "level": LEVEL,
        "periods": {
            name: [p.since.isoformat(), p.until.isoformat()] for name, p in (("before", before), ("after", after))
        },
        "running": now < after.until,
    }
    if now < after.until:
        return figures | {"conversion_of": "", "metrics": {}}
    with roomy():
        return figures | _measured(day, weeks, Around(before=before, after=after, now=now), zone)


def _measured(day: date, weeks: int, around: Around, zone: ZoneInfo) -> Figures:
    days, launched = weeks * 7, around.after.since
    first = data_since()
    told = {"before": around.before, "after": around.after} | _earlier(launched, days, zone, first)
    facts = period_facts(told, macro_conversion="order")
    of_visitors = all(visitors(period).n for period in (around.before, around.after))
    sides = {name: _side(facts[name], told[name], of_visitors=of_visitors) for name in ("before", "after")}
    plain = compare(sides["after"], sides["before"], level=LEVEL, evidence=Evidence.PLAIN)
    costs = {
        name: acquisition(weeks_of, zone)
        for name, weeks_of in zip(("before", "after"), mondays(day, days), strict=True)
    }
    plain[Metric.CAC] = compare_acquisition(costs["after"], costs["before"], level=LEVEL)
    season = _season(day, days, zone, first, plain, sides, of_visitors=of_visitors)
    warned = warnings_of(around, facts, plain, season, of_visitors=of_visitors)
    return {
        "conversion_of": "visitors" if of_visitors else "customers",
        "metrics": {
            metric.value: {
                "before": _alone(metric, sides["before"], costs["before"]),
                "after": _alone(metric, sides["after"], costs["after"]),
                "plain": _told(plain[metric]),
                "season": _told(season[metric]),
                "warnings": warned[metric],
            }
            for metric in METRICS
        },
    }


def _earlier(launched: datetime, days: int, zone: ZoneInfo, first: datetime | None) -> dict[str, Period]:
    """Return the periods of the same length before the one before the change, as far as the shop's orders reach."""
    ends = [civil_shift(launched, -days * (number + 1), zone) for number in range(EARLIER + 1)]
    return {
        f"earlier_{number}": Period(since=since, until=until)
        for number, (until, since) in enumerate(pairwise(ends), start=1)
        if first is not None and first <= since
    }


def _side(facts: PeriodFacts, period: Period, *, of_visitors: bool) -> Side:
    side = Side.of(facts, period_scores(period))
    return replace(side, buyers=visitors(period)) if of_visitors else side


def _season(
    day: date,
    days: int,
    zone: ZoneInfo,
    first: datetime | None,
    plain: Results,
    sides: dict[str, Side],
    *,
    of_visitors: bool,
) -> Results:
    """Return the change less that of the same weeks of last year."""
    last_day = day - timedelta(days=YEAR)
    last_before, last_after = before_and_after(day_start(last_day, zone), days, zone)
    if first is None or first > last_before.since:
        return refuse_all("no_last_year")
    if of_visitors and not (visitors(last_before).n and visitors(last_after).n):
        return refuse_all("little_last_year")
    periods = {"last_before": last_before, "last_after": last_after}
    facts = period_facts(periods, macro_conversion="order")
    sides = sides | {name: _side(facts[name], period, of_visitors=of_visitors) for name, period in periods.items()}
    last_year = compare(sides["last_after"], sides["last_before"], level=LEVEL, evidence=Evidence.PLAIN)
    weeks_before, weeks_after = mondays(last_day, days)
    last_year[Metric.CAC] = compare_acquisition(
        acquisition(weeks_after, zone), acquisition(weeks_before, zone), level=LEVEL
    )
    return adjust_for_season(plain, last_year, sides)


def _alone(metric: Metric, side: Side, costs: Weeks | MissingSpend) -> Figures:
    """Return the value of one side with its interval; None where it has too little for one."""
    nothing: Figures = {"value": None, "interval": None, "n": 0}
    ways: dict[Metric, tuple[int, float, Callable[[], Interval]]] = {
        Metric.CONVERSION: (side.buyers.n, side.buyers.share, lambda: wilson(side.buyers)),
        Metric.NPS: (side.scores.n, side.scores.sums.mean, lambda: score_interval(side.scores)),
        Metric.BASKET: (round(side.baskets.y), side.baskets.ratio, lambda: ratio_interval(side.baskets)),
        Metric.REVENUE: (side.revenue.n, side.revenue.mean, lambda: mean_interval(side.revenue)),
    }
    if isinstance(costs, Weeks) and sum(costs.new) >= NEW_CUSTOMERS:
        ways[Metric.CAC] = (sum(costs.new), costs.cac, lambda: cac_interval(costs))
    if metric not in ways or not ways[metric][0]:
        return nothing
    n, value, interval = ways[metric]
    try:
        return {"value": value, "interval": list(interval()), "n": n}
    except TooLittleData:
        return nothing | {"n": n}


def _told(result: Result) -> Figures:
    assert isinstance(result, Estimate | Refusal)
    return result.as_dict()
