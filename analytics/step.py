"""Where last year is not known: the shop's weeks before and after a launch as a series, season and trend taken out."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from analytics.comparisons import Refusal, Result, Results
from analytics.facts.acquisition import mondays
from analytics.facts.weeks import WeekSales, weekly_sales
from analytics.facts.windows import civil_day
from analytics.kernel import Estimate, Evidence, Metric, Unit, interrupted_series
from analytics.kernel.interrupted import WEEKS_AFTER, WEEKS_BEFORE
from campaigns.models import Campaign

# More weeks than these tell of another shop.
MOST_BEFORE: Final = 104
MOST_AFTER: Final = 26


def interrupted(campaign: Campaign, plain: Results, first: datetime | None, now: datetime, zone: ZoneInfo) -> Results:
    """Return the step of each weekly series at the launch as the seasonally adjusted level of evidence.

    `first` is the instant of the shop's first order. Conversion, revenue a customer and basket have such a series,
    where 40 weeks before and 8 after are known; everything else is refused for want of last year.
    """
    results: Results = {metric: _without_last_year(first) for metric in Metric}
    before, after = _weeks(campaign, first, now, zone)
    if len(before) < WEEKS_BEFORE or len(after) < WEEKS_AFTER:
        return results
    weeks = weekly_sales([*before, *after], zone)
    ways: dict[Metric, Callable[[WeekSales], tuple[int, int]]] = {
        Metric.CONVERSION: lambda week: (week.buyers, week.known),
        Metric.REVENUE: lambda week: (week.revenue, week.known),
        Metric.BASKET: lambda week: (week.revenue, week.orders),
    }
    for metric, way in ways.items():
        pairs = [way(week) for week in weeks]
        results[metric] = (
            _step(metric, [above / below for above, below in pairs], len(before), plain[metric])
            if all(below for _above, below in pairs)
            else Refusal(code="little_last_year")
        )
    return results


def _weeks(campaign: Campaign, first: datetime | None, now: datetime, zone: ZoneInfo) -> tuple[list[date], list[date]]:
    """Return the Mondays of the whole weeks known before and after the launch, its own week belonging to neither."""
    if first is None or campaign.launched_at is None:
        return [], []
    before, after = mondays(civil_day(campaign.launched_at, zone), MOST_BEFORE * 7)
    begins = civil_day(first, zone)
    ends = civil_day(min(now, campaign.ended_at or now), zone)
    return (
        [week for week in before if week >= begins],
        [week for week in after[:MOST_AFTER] if week + timedelta(days=7) <= ends],
    )


def _step(metric: Metric, series: list[float], start: int, plain: Result) -> Result:
    step = interrupted_series(series, start)
    after = sum(series[start:]) / (len(series) - start)
    unit = Unit.SHARE if metric is Metric.CONVERSION else Unit.MONEY
    estimate = Estimate(
        metric=metric,
        unit=unit,
        n_t=len(series) - start,
        n_c=start,
        value_t=after,
        value_c=after - step.level,
        diff=step.level,
        diff_ci=step.interval,
        level=step.confidence,
        method=step.method,
        evidence=Evidence.SEASON,
    )
    return replace(estimate, mature=plain.mature) if isinstance(plain, Estimate) else estimate


def _without_last_year(first: datetime | None) -> Refusal:
    return Refusal(code="no_last_year", figures={"since": first.isoformat() if first else None})
