"""Measures the whole shop before and after a launch, plainly and beside the same weeks of last year."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from analytics.comparisons import Result, Results, Side, adjust_for_season, compare, compare_acquisition, refuse_all
from analytics.facts.acquisition import acquisition, mondays
from analytics.facts.answers import period_scores
from analytics.facts.periods import data_since, period_facts
from analytics.facts.windows import YEAR, Period, before_and_after, civil_day, civil_shift, whole_weeks
from analytics.kernel import LEVEL, Evidence, Metric
from analytics.step import interrupted
from campaigns.models import Campaign


def before_after(campaign: Campaign, now: datetime, zone: ZoneInfo) -> tuple[Results, Results, dict[str, list[str]]]:
    """Return the plain and the seasonally adjusted before/after of the whole shop, and their periods."""
    assert campaign.launched_at is not None
    days, launched = whole_weeks(campaign.before_after_days), campaign.launched_at
    before, after = before_and_after(launched, days, zone)
    periods = {"before": before, "after": after}
    told = {name: [period.since.isoformat(), period.until.isoformat()] for name, period in periods.items()}
    if now < after.until:
        running = refuse_all("after_period_running", until=after.until.isoformat())
        return running, running, told
    last_launch = civil_shift(launched, -YEAR, zone)
    last_before, last_after = before_and_after(last_launch, days, zone)
    first = data_since()
    has_last_year = first is not None and first <= last_before.since
    if has_last_year:
        periods |= {"last_before": last_before, "last_after": last_after}
    sides = _sides(periods, campaign)
    plain = compare(sides["after"], sides["before"], level=LEVEL, evidence=Evidence.PLAIN)
    plain[Metric.CAC] = _acquisition(launched, days, zone)
    if not has_last_year:
        return plain, interrupted(campaign, plain, first, now, zone), told
    last_year = compare(sides["last_after"], sides["last_before"], level=LEVEL, evidence=Evidence.PLAIN)
    last_year[Metric.CAC] = _acquisition(last_launch, days, zone)
    return plain, adjust_for_season(plain, last_year, sides), told


def periods_of(campaign: Campaign, now: datetime, zone: ZoneInfo) -> tuple[dict[str, Period], dict[str, list[date]]]:
    """Return the periods that are over and known of a campaign's before/after, and the Mondays of their weeks of spend.

    Last year's are among them where the shop's orders reach back to them; nothing is where the time after still runs.
    """
    assert campaign.launched_at is not None
    days, launched = whole_weeks(campaign.before_after_days), campaign.launched_at
    periods: dict[str, Period] = {}
    weeks: dict[str, list[date]] = {}
    first = data_since()
    for prefix, launch in (("", launched), ("last_", civil_shift(launched, -YEAR, zone))):
        before, after = before_and_after(launch, days, zone)
        if now < after.until or (prefix and (first is None or first > before.since)):
            break
        periods |= {f"{prefix}before": before, f"{prefix}after": after}
        weeks[f"{prefix}before"], weeks[f"{prefix}after"] = mondays(civil_day(launch, zone), days)
    return periods, weeks


def _sides(periods: dict[str, Period], campaign: Campaign) -> dict[str, Side]:
    facts = period_facts(periods, macro_conversion=campaign.macro_conversion)
    return {name: Side.of(facts[name], period_scores(period)) for name, period in periods.items()}


def _acquisition(launched: datetime, days: int, zone: ZoneInfo) -> Result:
    before, after = mondays(civil_day(launched, zone), days)
    return compare_acquisition(acquisition(after, zone), acquisition(before, zone), level=LEVEL)
