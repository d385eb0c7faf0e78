"""Takes the season out of a before/after by the same weeks of last year."""

import math
import warnings

from analytics.kernel.acquisition import EXACTLY
from analytics.kernel.estimate import LEVEL, Estimate, Evidence, Interval
from analytics.kernel.statistics import Counts


def season_adjusted_ratio(
    *, after: Counts, before: Counts, last_after: Counts, last_before: Counts, level: float = LEVEL
) -> tuple[float, Interval, float]:
    """Return (after / before) / (last year's after / before) − 1, its interval and p.

    The interaction of the Poisson regression buyers ~ after * year with offset log(customers).
    Raises ValueError where one of the four periods has no buyer.
    """
    import numpy as np
    import statsmodels.api as sm
    from statsmodels.tools.sm_exceptions import PerfectSeparationWarning

    cells = (last_before, last_after, before, after)
    if not all(cell.successes for cell in cells):
        raise ValueError("a period has no buyer")
    flag, year = np.array([0.0, 1, 0, 1]), np.array([0.0, 0, 1, 1])
    design = np.column_stack([np.ones(4), flag, year, flag * year])
    buyers, customers = [cell.successes for cell in cells], [cell.n for cell in cells]
    # Four cells, four parameters: the fit is exact, as it warns, and its unused residual scale divides by 0.
    with np.errstate(divide="ignore", invalid="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", PerfectSeparationWarning)
        fit = sm.GLM(buyers, design, sm.families.Poisson(), offset=np.log(customers)).fit(**EXACTLY)
    low, high = fit.conf_int(alpha=1 - level)[3]
    return (
        math.expm1(float(fit.params[3])),
        (math.expm1(float(low)), math.expm1(float(high))),
        float(fit.pvalues[3]),
    )


def season_adjusted(this_year: Estimate, last_year: Estimate) -> Estimate:
    """Return this year's before/after less last year's: a ratio of ratios, or a difference of differences for NPS.

    Both estimates must have come at one level; their errors add up as independent. The difference is told at this
    year's value after the launch.
    """
    if this_year.metric != last_year.metric or this_year.level != last_year.level:
        raise ValueError("only like estimates can be compared")
    if this_year.rel_ci is None or last_year.rel_ci is None:
        diff = this_year.diff - last_year.diff
        half = math.hypot(_half(this_year.diff_ci), _half(last_year.diff_ci))
        return _told(this_year, expected=this_year.value_t - diff, diff_ci=(diff - half, diff + half), rel_ci=None)
    log = math.log(this_year.value_t / this_year.value_c) - math.log(last_year.value_t / last_year.value_c)
    half = math.hypot(_log_half(this_year.rel_ci), _log_half(last_year.rel_ci))
    return from_ratio(this_year, math.expm1(log), (math.expm1(log - half), math.expm1(log + half)))


def from_ratio(plain: Estimate, rel: float, rel_ci: Interval, p: float | None = None) -> Estimate:
    """Return `plain` with its relative change replaced by a season-adjusted one; the difference follows from it."""
    value = plain.value_t
    bounds = (value - value / (1 + rel_ci[0]), value - value / (1 + rel_ci[1]))
    return _told(plain, expected=value / (1 + rel), diff_ci=bounds, rel_ci=rel_ci, p=p)


def _told(
    plain: Estimate, *, expected: float, diff_ci: Interval, rel_ci: Interval | None, p: float | None = None
) -> Estimate:
    return Estimate(
        metric=plain.metric,
        unit=plain.unit,
        n_t=plain.n_t,
        n_c=plain.n_c,
        value_t=plain.value_t,
        value_c=expected,
        diff=plain.value_t - expected,
        diff_ci=diff_ci,
        rel=plain.value_t / expected - 1 if rel_ci else None,
        rel_ci=rel_ci,
        p=p,
        level=plain.level,
        method="year_over_year",
        evidence=Evidence.SEASON,
        mature=plain.mature,
    )


def _half(interval: Interval) -> float:
    return (interval[1] - interval[0]) / 2


def _log_half(interval: Interval) -> float:
    return (math.log1p(interval[1]) - math.log1p(interval[0])) / 2
