"""Compares two plain means, and two means of which a covariate from before takes out what was already there."""

import math
from dataclasses import dataclass

from analytics.kernel.estimate import LEVEL, Estimate, Interval, Metric, TooLittleData, Unit
from analytics.kernel.nps import welch
from analytics.kernel.statistics import PairSums, Sums


def compare_means(treated: Sums, control: Sums, *, level: float = LEVEL) -> Estimate:
    """Return the difference of two means by Welch, their ratio by Fieller (Fieller 1954, JRSS B 16:175).

    A robustness row beside `compare_revenue`, in minor units: on long tails that one covers better. `rel` is None
    where the control mean cannot be told from 0, as no ratio can then be bounded. Raises TooLittleData where an arm
    has fewer than two units.
    """
    (a, var_a, n_a), (b, var_b, n_b) = _moments(treated), _moments(control)
    low, high, p = welch((a, var_a, n_a), (b, var_b, n_b), level=level)
    critical = _critical(var_a, var_b, n_a, n_b, level)
    ratio = fieller(a, b, var_a, var_b, critical=critical) if b > 0 else None
    return Estimate(
        metric=Metric.REVENUE,
        unit=Unit.MONEY,
        n_t=n_a,
        n_c=n_b,
        value_t=a,
        value_c=b,
        diff=a - b,
        diff_ci=(low, high),
        rel=a / b - 1 if ratio else None,
        rel_ci=(ratio[0] - 1, ratio[1] - 1) if ratio else None,
        p=p,
        level=level,
        method="welch_fieller",
    )


def fieller(a: float, b: float, var_a: float, var_b: float, cov: float = 0.0, *, critical: float) -> Interval | None:
    """Return the interval of a / b for two estimates with their variances and covariance.

    None where b cannot be told from 0: every ratio then fits, or all but a middle range. `critical` is the quantile
    of their errors (1.96, or Student's).
    """
    middle, square, level = a * b - critical**2 * cov, b**2 - critical**2 * var_b, a**2 - critical**2 * var_a
    if square <= 0:
        return None
    root = math.sqrt(max(0.0, middle**2 - square * level))
    return (middle - root) / square, (middle + root) / square


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjusted:
    """An adjusted estimate, how well the covariate knew the outcome, and the share of the contacts that would have
    sufficed for the interval of the unadjusted one: the squared ratio of their widths."""

    estimate: Estimate
    correlation: float
    contacts_needed: float


def compare_adjusted(treated: PairSums, control: PairSums, *, level: float = LEVEL) -> Adjusted:
    """Return the difference of two means after taking out what a covariate from before explains (CUPED).

    Deng, Xu, Kohavi & Walker 2013 (WSDM): y − θ(x − x̄), θ = cov(y, x) / var(x) over both arms together; Welch on
    it, the ratio on the log scale. The covariate must be known before the draw. Raises TooLittleData where an arm
    has fewer than two units.
    """
    if treated.n < 2 or control.n < 2:
        raise TooLittleData("an arm has fewer than two units")
    both = treated + control
    theta = both.covariance / both.variance_x if both.variance_x else 0.0
    grand = both.x / both.n
    (a, var_a), (b, var_b) = (arm.adjusted(theta, grand) for arm in (treated, control))
    low, high, p = welch((a, var_a, treated.n), (b, var_b, control.n), level=level)
    rel = _log_ratio((a, var_a, treated.n), (b, var_b, control.n), level) if min(a, b) > 0 else None
    estimate = Estimate(
        metric=Metric.REVENUE,
        unit=Unit.MONEY,
        n_t=treated.n,
        n_c=control.n,
        value_t=a,
        value_c=b,
        diff=a - b,
        diff_ci=(low, high),
        rel=a / b - 1 if rel else None,
        rel_ci=rel,
        p=p,
        level=level,
        method="cuped",
    )
    plain = welch(*((arm.y / arm.n, arm.variance_y / arm.n, arm.n) for arm in (treated, control)), level=level)
    width = plain[1] - plain[0]
    return Adjusted(
        estimate=estimate, correlation=both.correlation, contacts_needed=((high - low) / width) ** 2 if width else 1.0
    )


def _moments(sums: Sums) -> tuple[float, float, int]:
    if sums.n < 2:
        raise TooLittleData("an arm has fewer than two units")
    return sums.mean, sums.variance_of_mean, sums.n


def _critical(var_a: float, var_b: float, n_a: int, n_b: int, level: float) -> float:
    from scipy.stats import t

    total = var_a**2 / (n_a - 1) + var_b**2 / (n_b - 1)
    return float(t.ppf((1 + level) / 2, (var_a + var_b) ** 2 / total if total else n_a + n_b - 2))


def _log_ratio(first: tuple[float, float, int], second: tuple[float, float, int], level: float) -> Interval:
    (a, var_a, n_a), (b, var_b, n_b) = first, second
    relative_a, relative_b = var_a / a**2, var_b / b**2
    half = _critical(relative_a, relative_b, n_a, n_b, level) * math.sqrt(relative_a + relative_b)
    return a / b * math.exp(-half) - 1, a / b * math.exp(half) - 1
