"""Compares money a contact, zeros included, and the mean basket."""

import math
from collections.abc import Sequence

from analytics.kernel.estimate import LEVEL, Estimate, Interval, Metric, TooLittleData, Unit, z_value
from analytics.kernel.statistics import RatioSums, Sums


def compare_revenue(treated: Sums, control: Sums, *, level: float = LEVEL) -> Estimate:
    """Return the difference of two means by MOVER on per-arm log intervals, and their log ratio.

    Revenue a contact is mostly zeros with a long tail: an interval on the log scale of each arm never runs below
    0, and MOVER (Zou & Donner 2008, Stat Med 27:1693) joins the two. Raises TooLittleData where an arm sold
    nothing or has fewer than two contacts.
    """
    log_t, log_c = _log_interval(treated, level), _log_interval(control, level)
    mean_t, mean_c = treated.mean, control.mean
    variances = [treated.variance_of_mean / mean_t**2, control.variance_of_mean / mean_c**2]
    return Estimate(
        metric=Metric.REVENUE,
        unit=Unit.MONEY,
        n_t=treated.n,
        n_c=control.n,
        value_t=mean_t,
        value_c=mean_c,
        diff=mean_t - mean_c,
        diff_ci=mover((mean_t, log_t), (mean_c, log_c)),
        rel=mean_t / mean_c - 1,
        rel_ci=_log_ratio(mean_t / mean_c, variances, level),
        p=_p_value(math.log(mean_t / mean_c), sum(variances)),
        level=level,
        method="mover_log",
    )


def compare_basket(treated: RatioSums, control: RatioSums, *, level: float = LEVEL) -> Estimate:
    """Return the difference of two mean baskets by the delta method on customers, and their log ratio.

    A customer with three orders is one unit, not three: orders of one customer are alike. Raises TooLittleData
    where an arm has no order.
    """
    if not treated.y or not control.y:
        raise TooLittleData("an arm has no order")
    value_t, value_c = treated.ratio, control.ratio
    if value_t <= 0 or value_c <= 0:
        raise TooLittleData("an arm earned nothing")
    var_t, var_c = treated.variance_of_ratio, control.variance_of_ratio
    half = z_value(level) * math.sqrt(var_t + var_c)
    return Estimate(
        metric=Metric.BASKET,
        unit=Unit.MONEY,
        n_t=treated.n,
        n_c=control.n,
        value_t=value_t,
        value_c=value_c,
        diff=value_t - value_c,
        diff_ci=(value_t - value_c - half, value_t - value_c + half),
        rel=value_t / value_c - 1,
        rel_ci=_log_ratio(value_t / value_c, [var_t / value_t**2, var_c / value_c**2], level),
        p=_p_value(value_t - value_c, var_t + var_c),
        level=level,
        method="delta_customers",
    )


def mover(first: tuple[float, Interval], second: tuple[float, Interval]) -> Interval:
    """Return the interval of first − second from each one's own value and interval (Zou & Donner 2008)."""
    (a, (a_low, a_high)), (b, (b_low, b_high)) = first, second
    return a - b - math.hypot(a - a_low, b_high - b), a - b + math.hypot(a_high - a, b - b_low)


def _log_interval(sums: Sums, level: float) -> Interval:
    if sums.n < 2 or sums.mean <= 0:
        raise TooLittleData("an arm sold nothing")
    half = z_value(level) * math.sqrt(sums.variance_of_mean) / sums.mean
    return sums.mean * math.exp(-half), sums.mean * math.exp(half)


def _log_ratio(ratio: float, variances: Sequence[float], level: float) -> Interval:
    half = z_value(level) * math.sqrt(sum(variances))
    return ratio * math.exp(-half) - 1, ratio * math.exp(half) - 1


def _p_value(difference: float, variance: float) -> float:
    from scipy.stats import norm

    return 2 * float(norm.sf(abs(difference) / math.sqrt(variance))) if variance else float(difference == 0)
