"""What speaks against believing a before/after of the shop: each reason is found in its data, and none is assumed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from analytics.comparisons import CONVERSIONS, ORDERS, Refusal, Results
from analytics.facts.periods import PeriodFacts
from analytics.facts.surroundings import discounted, largest_share, launched_in
from analytics.facts.windows import Period
from analytics.kernel import Counts, Estimate, Metric, compare_basket, compare_conversion, compare_revenue
from analytics.kernel.estimate import TooLittleData

type Warning = dict[str, Any]

# Refunds come in for a month.
REFUND_DAYS: Final = 30
# Of so many periods the one before the change must be the lowest or highest to be called unusual.
ENOUGH_PERIODS: Final = 4
# One customer with a fifth of the revenue makes any mean that of one person.
ONE_CUSTOMER: Final = 0.2
_SALES: Final = (Metric.CONVERSION, Metric.BASKET, Metric.REVENUE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """The two periods that are compared, and the business instant at which this is asked."""

    before: Period
    after: Period
    now: datetime


def warnings_of(
    around: Around, facts: Mapping[str, PeriodFacts], plain: Results, season: Results, *, of_visitors: bool
) -> dict[Metric, list[Warning]]:
    """Return for each metric what to beware of, as codes with their figures; `facts` has before, after, earlier_1 …"""
    general = [*_promotions(around), *_campaigns(around)]
    whales = _one_customer(around)
    young = (around.now - around.after.until).days < REFUND_DAYS
    found: dict[Metric, list[Warning]] = {}
    for metric in Metric:
        if not isinstance(plain[metric], Estimate):
            found[metric] = []
            continue
        found[metric] = [{"code": "season"}] if isinstance(season[metric], Refusal) else []
        if metric in _SALES:
            found[metric] += [*_trend(metric, facts), *_unusual(metric, facts), *_mix(facts)]
            found[metric] += [{"code": "refunds"}] if young else []
        if metric in (Metric.BASKET, Metric.REVENUE):
            found[metric] += whales
        if metric is Metric.CONVERSION and not of_visitors:
            found[metric].append({"code": "no_visits"})
        found[metric] += general
    return found


def _value(metric: Metric, facts: PeriodFacts) -> float:
    return {
        Metric.CONVERSION: facts.buyers.share,
        Metric.BASKET: facts.baskets.ratio,
        Metric.REVENUE: facts.revenue.mean,
    }[metric]


def _trend(metric: Metric, facts: Mapping[str, PeriodFacts]) -> list[Warning]:
    """Warn where the metric had already changed between the two periods before the change."""
    if "earlier_1" not in facts:
        return []
    late, early = facts["before"], facts["earlier_1"]
    try:
        change = {
            Metric.CONVERSION: lambda: compare_conversion(late.buyers, early.buyers),
            Metric.BASKET: lambda: compare_basket(late.baskets, early.baskets),
            Metric.REVENUE: lambda: compare_revenue(late.revenue, early.revenue),
        }[metric]()
    except TooLittleData:
        return []
    if min(late.buyers.successes, early.buyers.successes) < CONVERSIONS or not change.excludes_zero:
        return []
    return [{"code": "rising" if change.diff > 0 else "falling"}]


def _unusual(metric: Metric, facts: Mapping[str, PeriodFacts]) -> list[Warning]:
    """Warn where the period before was the worst or the best of several: the next is likelier a usual one."""
    periods = [period for name, period in facts.items() if name != "after" and period.baskets.y >= ORDERS]
    if len(periods) < ENOUGH_PERIODS or facts["before"] not in periods:
        return []
    values, here = [_value(metric, period) for period in periods], _value(metric, facts["before"])
    code = "lowest" if here == min(values) else "highest" if here == max(values) else ""
    return [{"code": code, "periods": len(periods)}] if code else []


def _mix(facts: Mapping[str, PeriodFacts]) -> list[Warning]:
    """Warn where new customers made another share of the buyers than before."""
    shares = [
        Counts(n=period.baskets.n, successes=max(0, period.baskets.n - period.buyers.successes))
        for period in (facts["before"], facts["after"])
    ]
    return _moved("mix", shares[0], shares[1])


def _promotions(around: Around) -> list[Warning]:
    return _moved("discounts", discounted(around.before), discounted(around.after))


def _moved(code: str, before: Counts, after: Counts) -> list[Warning]:
    if min(before.n, after.n) < ORDERS:
        return []
    moved = compare_conversion(after, before)
    return [{"code": code, "before": before.share, "after": after.share}] if moved.excludes_zero else []


def _campaigns(around: Around) -> list[Warning]:
    names = [name for period in (around.before, around.after) for name in launched_in(period)]
    return [{"code": "campaigns", "names": names}] if names else []


def _one_customer(around: Around) -> list[Warning]:
    share = max(largest_share(around.before), largest_share(around.after))
    return [{"code": "one_customer", "share": share}] if share >= ONE_CUSTOMER else []
