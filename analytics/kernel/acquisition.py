"""Compares what a new customer costs: before and after, and beside a control group."""

import math
import warnings
from dataclasses import dataclass
from typing import Any, Final

from analytics.kernel.conversion import newcombe
from analytics.kernel.estimate import LEVEL, Estimate, Evidence, Interval, Metric, TooLittleData, Unit, z_value
from analytics.kernel.means import fieller
from analytics.kernel.revenue import mover
from analytics.kernel.statistics import Counts, PairSums, Weeks

# Week-to-week scatter cannot be told from luck on fewer weeks a side.
WEEKS_FOR_SCATTER: Final = 3
# By default an iteration ends when the deviance stands still: five digits, where a closed form would give all of them.
EXACTLY: Final[dict[str, Any]] = {"tol": 1e-13, "tol_criterion": "params", "maxiter": 200}


def compare_cac(after: Weeks, before: Weeks, *, level: float = LEVEL) -> Estimate:
    """Return the change of the cost a new customer, with costs known and first orders counted.

    The ratio comes from a weekly quasi-Poisson regression (scatter beyond Poisson's widens it, less never narrows
    it), or from the score interval of two Poisson rates on fewer than 3 weeks a side. The difference joins the two
    exact Poisson intervals by MOVER, widened by the same scatter. Raises TooLittleData where a side has no new
    customer.
    """
    if not sum(after.new) or not sum(before.new):
        raise TooLittleData("no new customer")
    many = min(len(after.new), len(before.new)) >= WEEKS_FOR_SCATTER
    ratio_ci, p, scale = _quasi_poisson(after, before, level) if many else _poisson_ratio(after, before, level)
    widen = math.sqrt(scale)
    sides = [(week.cac, _spread(week.cac, cac_interval(week, level=level), widen)) for week in (after, before)]
    return Estimate(
        metric=Metric.CAC,
        unit=Unit.MONEY,
        n_t=sum(after.new),
        n_c=sum(before.new),
        value_t=after.cac,
        value_c=before.cac,
        diff=after.cac - before.cac,
        diff_ci=mover(sides[0], sides[1]),
        rel=after.cac / before.cac - 1,
        rel_ci=(ratio_ci[0] - 1, ratio_ci[1] - 1),
        p=p,
        level=level,
        method="quasi_poisson" if many else "poisson",
        evidence=Evidence.PLAIN,
    )


def cac_interval(weeks: Weeks, *, level: float = LEVEL) -> Interval:
    """Return the exact Poisson interval of one period's cost a new customer."""
    from statsmodels.stats.rates import confint_poisson

    low, high = confint_poisson(sum(weeks.new), sum(weeks.cost), method="exact-c", alpha=1 - level)
    return 1 / float(high), 1 / float(low)


def weekly_scatter(after: Weeks, before: Weeks) -> float:
    """Return how much more the weeks scatter than Poisson's: Pearson's χ² over its degrees of freedom, 1 at least."""
    fit = _fitted(after, before, scale=1.0)
    # Less scatter than Poisson's is luck, not knowledge.
    return max(1.0, float(fit.pearson_chi2) / float(fit.df_resid))


def _fitted(after: Weeks, before: Weeks, **how: Any) -> Any:
    import numpy as np
    import statsmodels.api as sm
    from statsmodels.tools.sm_exceptions import PerfectSeparationWarning

    new = np.array(before.new + after.new, dtype=float)
    flag = np.array([0.0] * len(before.new) + [1.0] * len(after.new))
    model = sm.GLM(new, sm.add_constant(flag), sm.families.Poisson(), offset=np.log(before.cost + after.cost))
    with warnings.catch_warnings():
        # Weeks that are all alike are fitted without any rest, which is no fault of theirs.
        warnings.simplefilter("ignore", PerfectSeparationWarning)
        return model.fit(**how, **EXACTLY)


def _spread(centre: float, interval: Interval, factor: float) -> Interval:
    low, high = interval
    return centre * (low / centre) ** factor, centre * (high / centre) ** factor


def _poisson_ratio(after: Weeks, before: Weeks, level: float) -> tuple[Interval, float, float]:
    from statsmodels.stats.rates import confint_poisson_2indep, test_poisson_2indep

    counts = (sum(after.new), sum(after.cost), sum(before.new), sum(before.cost))
    low, high = confint_poisson_2indep(*counts, method="score", compare="ratio", alpha=1 - level)
    p = float(test_poisson_2indep(*counts, method="score", compare="ratio").pvalue)
    return (1 / float(high), 1 / float(low)), p, 1.0


def _quasi_poisson(after: Weeks, before: Weeks, level: float) -> tuple[Interval, float, float]:
    scale = weekly_scatter(after, before)
    fit = _fitted(after, before, scale=scale, use_t=True)
    low, high = fit.conf_int(alpha=1 - level)[1]
    return (math.exp(-float(high)), math.exp(-float(low))), float(fit.pvalues[1]), scale


@dataclass(frozen=True, slots=True, kw_only=True)
class IncrementalCac:
    """Extra cost over extra new customers. `interval` is (at least, at most); `at most` is infinite where the campaign
    may have won nobody, and `value` is None where it won nobody in the data."""

    value: float | None
    interval: Interval
    n_t: int
    n_c: int
    new_t: int
    new_c: int
    diff_ci: Interval
    level: float
    method: str = "newcombe_inverted"


def incremental_cac(treated: Counts, control: Counts, *, cost: float, level: float = LEVEL) -> IncrementalCac:
    """Return cost / difference of the shares of new customers, its bounds by inverting Newcombe's.

    `cost` is a contact's known cost, in minor units. Raises TooLittleData where an arm is empty, or where even the
    upper bound wins nobody.
    """
    if not treated.n or not control.n:
        raise TooLittleData("an arm is empty")
    low, high = newcombe(treated, control, level=level)
    if high <= 0:
        raise TooLittleData("the campaign won no new customer")
    diff = treated.share - control.share
    return IncrementalCac(
        value=cost / diff if diff > 0 else None,
        interval=(cost / high, cost / low if low > 0 else math.inf),
        n_t=treated.n,
        n_c=control.n,
        new_t=treated.successes,
        new_c=control.successes,
        diff_ci=(low, high),
        level=level,
    )


def incremental_cac_varying(treated: PairSums, control: PairSums, *, level: float = LEVEL) -> IncrementalCac:
    """Return the extra cost over the extra new customers where the cost itself varies from contact to contact.

    `y` is a contact's cost in minor units, `x` whether they became a new customer (0 or 1). Fieller's interval of a
    ratio of two differences; infinite above where the campaign may have won nobody. Raises TooLittleData where an
    arm has fewer than two contacts or no new customer was won.
    """
    if treated.n < 2 or control.n < 2:
        raise TooLittleData("an arm has fewer than two contacts")
    cost = treated.y / treated.n - control.y / control.n
    won = treated.x / treated.n - control.x / control.n
    if won <= 0:
        raise TooLittleData("the campaign won no new customer")
    var_cost, var_won, cov = (
        sum(getattr(arm, moment) / arm.n for arm in (treated, control))
        for moment in ("variance_y", "variance_x", "covariance")
    )
    z = z_value(level)
    found = fieller(cost, won, var_cost, var_won, cov, critical=z)
    upper = won + z * math.sqrt(var_won)
    return IncrementalCac(
        value=cost / won,
        # Unbounded above: the least it can cost is told by the most that can have been won.
        interval=found or (cost / upper, math.inf),
        n_t=treated.n,
        n_c=control.n,
        new_t=round(treated.x),
        new_c=round(control.x),
        diff_ci=(won - z * math.sqrt(var_won), upper),
        level=level,
        method="fieller",
    )
