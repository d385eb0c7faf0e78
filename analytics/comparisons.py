"""Statistics to estimates or refusals: every number is shown with its interval, or not at all and why not."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Final

from analytics.facts.acquisition import MissingSpend
from analytics.facts.outcomes import Arm
from analytics.facts.periods import PeriodFacts
from analytics.kernel import (
    Counts,
    Estimate,
    Evidence,
    IncrementalCac,
    Metric,
    RatioSums,
    Scores,
    TooLittleData,
    Weeks,
    compare_basket,
    compare_cac,
    compare_conversion,
    compare_nps,
    compare_revenue,
    from_ratio,
    incremental_cac,
    season_adjusted,
    season_adjusted_ratio,
)

# The least an arm (or a period) must hold before anything is said of it.
CONVERSIONS: Final = 10
CONVERSIONS_FOR_PERCENT: Final = 20
ORDERS: Final = 50
ANSWERS: Final = 30
NEW_CUSTOMERS: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why there is no number: a code that words.py puts into a sentence with these figures."""

    code: str
    figures: dict[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Return the refusal with plain types."""
        return {"refused": self.code, "figures": self.figures}


type Result = Estimate | Refusal | IncrementalCac
type Results = dict[Metric, Result]


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """What one side of a comparison (an arm, or a period) did."""

    buyers: Counts
    revenue: Any
    baskets: RatioSums
    scores: Scores

    @classmethod
    def of(cls, facts: Arm | PeriodFacts, scores: Scores) -> "Side":
        """Return the side that an arm or a period is."""
        return cls(buyers=facts.buyers, revenue=facts.revenue, baskets=facts.baskets, scores=scores)


def compare(treated: Side, control: Side, *, level: float, evidence: Evidence) -> Results:
    """Return conversion, revenue, basket and NPS of two sides, each an estimate or a refusal."""
    return {
        Metric.CONVERSION: _or_refusal(
            lambda: _percent_only_with_enough(
                compare_conversion(treated.buyers, control.buyers, level=level), control.buyers
            ),
            "few_conversions",
            (treated.buyers.successes, control.buyers.successes, CONVERSIONS),
            evidence,
        ),
        Metric.REVENUE: _or_refusal(
            lambda: compare_revenue(treated.revenue, control.revenue, level=level),
            "few_orders",
            (round(treated.baskets.y), round(control.baskets.y), ORDERS),
            evidence,
        ),
        Metric.BASKET: _or_refusal(
            lambda: compare_basket(treated.baskets, control.baskets, level=level),
            "few_orders",
            (round(treated.baskets.y), round(control.baskets.y), ORDERS),
            evidence,
        ),
        Metric.NPS: _or_refusal(
            lambda: compare_nps(treated.scores, control.scores, level=level),
            "few_answers",
            (treated.scores.n, control.scores.n, ANSWERS),
            evidence,
        ),
    }


def compare_acquisition(after: Weeks | MissingSpend, before: Weeks | MissingSpend, *, level: float) -> Result:
    """Return the change of the cost a new customer, or why it cannot be known."""
    missing = [week.isoformat() for side in (before, after) if isinstance(side, MissingSpend) for week in side.weeks]
    if isinstance(after, MissingSpend) or isinstance(before, MissingSpend):
        return Refusal(code="missing_spend", figures={"weeks": missing})
    return _or_refusal(
        lambda: compare_cac(after, before, level=level),
        "few_new_customers",
        (sum(after.new), sum(before.new), NEW_CUSTOMERS),
        Evidence.PLAIN,
    )


def compare_new_customers(treated: Arm, control: Arm, *, cost: float, level: float) -> Result:
    """Return the cost of an extra new customer, `cost` being the campaign's whole cost in minor units."""
    if not treated.contacts or treated.new.successes < NEW_CUSTOMERS:
        figures = {"treated": treated.new.successes, "control": control.new.successes, "least": NEW_CUSTOMERS}
        return Refusal(code="few_new_customers", figures=figures)
    if not cost:
        return Refusal(code="no_cost")
    try:
        return incremental_cac(treated.new, control.new, cost=cost / treated.contacts, level=level)
    except TooLittleData:
        return Refusal(code="no_extra_customers")


def adjust_for_season(plain: Results, last_year: Results, sides: dict[str, Side]) -> Results:
    """Return the plain before/after less last year's, metric by metric; `sides` holds the four periods."""
    adjusted: Results = {}
    for metric, result in plain.items():
        last = last_year[metric]
        if not isinstance(result, Estimate):
            adjusted[metric] = result
        elif not isinstance(last, Estimate):
            adjusted[metric] = Refusal(code="little_last_year")
        elif metric is Metric.CONVERSION:
            rel, rel_ci, p = season_adjusted_ratio(
                after=sides["after"].buyers,
                before=sides["before"].buyers,
                last_after=sides["last_after"].buyers,
                last_before=sides["last_before"].buyers,
                level=result.level,
            )
            adjusted[metric] = from_ratio(result, rel, rel_ci, p)
        else:
            adjusted[metric] = season_adjusted(result, last)
    return adjusted


def refuse_all(code: str, **figures: Any) -> Results:
    """Return the same refusal for every metric."""
    return {metric: Refusal(code=code, figures=figures) for metric in Metric}


def _or_refusal(
    estimate: Callable[[], Estimate], code: str, volume: tuple[int, int, int], evidence: Evidence
) -> Result:
    treated, control, least = volume
    refusal = Refusal(code=code, figures={"treated": treated, "control": control, "least": least})
    if min(treated, control) < least:
        return refusal
    try:
        return replace(estimate(), evidence=evidence)
    except TooLittleData:
        return refusal


def _percent_only_with_enough(estimate: Estimate, control: Counts) -> Estimate:
    if control.successes >= CONVERSIONS_FOR_PERCENT:
        return estimate
    return replace(estimate, rel=None, rel_ci=None, warnings=(*estimate.warnings, "few_for_percent"))
