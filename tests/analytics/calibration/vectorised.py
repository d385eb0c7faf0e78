"""The kernel's formulas over arrays, written a second time: twenty thousand campaigns in a second.

`agree` holds them to the kernel itself, so that what is calibrated here is what reports show.
"""

from collections.abc import Callable
from typing import Any, Final

import numpy as np
from scipy.stats import norm
from scipy.stats import t as student

from analytics.kernel import (
    LEVEL,
    Interval,
    compare_adjusted,
    compare_basket,
    compare_cac,
    compare_conversion,
    compare_nps,
    compare_revenue,
)
from analytics.kernel.nps import FEW_ANSWERS
from tests.analytics.calibration.draws import HABITS, WEEKS, Arms, Array, NewCustomers

type Range = tuple[Array, Array]

Z: Final = float(norm.ppf((1 + LEVEL) / 2))
# So many campaigns of each setting are computed by the kernel as well.
PROVEN: Final = 40


def newcombe(x_t: Array, n_t: Array, x_c: Array, n_c: Array, z: Array = Z) -> Range:
    """Return Newcombe's ranges of the difference of two shares."""
    (p_t, low_t, high_t), (p_c, low_c, high_c) = _wilson(x_t, n_t, z), _wilson(x_c, n_c, z)
    diff = p_t - p_c
    return diff - np.hypot(p_t - low_t, high_c - p_c), diff + np.hypot(high_t - p_t, p_c - low_c)


def _wilson(x: Array, n: Array, z: Array) -> tuple[Array, Array, Array]:
    p = x / n
    centre = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    return p, centre - half, centre + half


def conversion(treated: Arms, control: Arms) -> Range:
    """Return the ranges of the difference of the shares who bought."""
    return newcombe(treated.buyers, treated.n, control.buyers, control.n)


def revenue(treated: Arms, control: Arms) -> Range:
    """Return the ranges of the difference of money a contact."""
    sides = []
    for arm in (treated, control):
        mean = arm.money / arm.n
        relative = np.sqrt(_variance(arm.n, arm.money, arm.squares) / arm.n) / mean
        sides.append((mean, mean * np.exp(-Z * relative), mean * np.exp(Z * relative)))
    (a, a_low, a_high), (b, b_low, b_high) = sides
    return a - b - np.hypot(a - a_low, b_high - b), a - b + np.hypot(a_high - a, b - b_low)


def revenue_ratio(treated: Arms, control: Arms) -> Range:
    """Return the ranges of the relative difference of money a contact."""
    means = [arm.money / arm.n for arm in (treated, control)]
    spread = [
        _variance(arm.n, arm.money, arm.squares) / arm.n / mean**2
        for arm, mean in zip((treated, control), means, strict=True)
    ]
    half = Z * np.sqrt(sum(spread))
    ratio = means[0] / means[1]
    return ratio * np.exp(-half) - 1, ratio * np.exp(half) - 1


def basket(treated: Arms, control: Arms) -> Range:
    """Return the ranges of the difference of mean baskets."""
    ratios, variances = [], []
    for arm in (treated, control):
        ratio, n = arm.money / arm.orders, arm.buyers
        residuals = arm.squares - 2 * ratio * arm.cross + ratio**2 * arm.orders_squares
        ratios.append(ratio)
        variances.append(residuals / (n - 1) / n / (arm.orders / n) ** 2)
    diff, half = ratios[0] - ratios[1], Z * np.sqrt(sum(variances))
    return diff - half, diff + half


def nps(treated: Arms, control: Arms) -> Range:
    """Return the ranges of the difference of two scores."""
    sides = []
    for arm in (treated, control):
        n = arm.promoters + arm.passives + arm.detractors
        total, squares = 100.0 * (arm.promoters - arm.detractors), 1e4 * (arm.promoters + arm.detractors)
        sides.append((total / n, _variance(n, total, squares) / n, n))
    (a, var_a, n_a), (b, var_b, n_b) = sides
    low, high = _welch(a, var_a, n_a, b, var_b, n_b)
    few = np.minimum(n_a, n_b) < FEW_ANSWERS
    wald_low, wald_high = _adjusted_wald(treated, control)
    return np.where(few, np.minimum(wald_low, a - b), low), np.where(few, np.maximum(wald_high, a - b), high)


def _adjusted_wald(treated: Arms, control: Arms) -> Range:
    centre: Array = 0.0
    variance: Array = 0.0
    for sign, arm in ((1, treated), (-1, control)):
        n = arm.promoters + arm.passives + arm.detractors + 3.0
        promote, detract = (arm.promoters + 0.75) / n, (arm.detractors + 0.75) / n
        centre = centre + sign * 100 * (promote - detract)
        variance = variance + 1e4 * (promote + detract - (promote - detract) ** 2) / n
    return centre - Z * np.sqrt(variance), centre + Z * np.sqrt(variance)


def cuped(treated: Arms, control: Arms) -> Range:
    """Return the ranges of the difference of an outcome, habits taken out."""
    both = {key: treated.habits[key] + control.habits[key] for key in treated.habits}
    n = 2 * HABITS
    theta = (both["xy"] - both["x"] * both["y"] / n) / (both["xx"] - both["x"] ** 2 / n)
    sides = []
    for arm in (treated, control):
        h = arm.habits
        covariance = (h["xy"] - h["x"] * h["y"] / HABITS) / (HABITS - 1)
        variance = (
            _variance(HABITS, h["y"], h["yy"]) - 2 * theta * covariance + theta**2 * _variance(HABITS, h["x"], h["xx"])
        )
        sides.append((h["y"] / HABITS - theta * (h["x"] / HABITS - both["x"] / n), variance / HABITS))
    (a, var_a), (b, var_b) = sides
    return _welch(a, var_a, HABITS, b, var_b, HABITS)


def cac_ratio(after: NewCustomers, before: NewCustomers) -> Range:
    """Return the ranges of the relative change of the cost a new customer, by the weekly quasi-Poisson regression.

    With equal weeks on two sides its maximum likelihood has a closed form: each side's mean.
    """
    means = [side.new.mean(axis=1, keepdims=True) for side in (after, before)]
    pearson = sum(
        ((side.new - mean) ** 2 / mean).sum(axis=1) for side, mean in zip((after, before), means, strict=True)
    )
    freedom = 2 * WEEKS - 2
    scale = np.maximum(1.0, pearson / freedom)
    totals = [side.new.sum(axis=1) for side in (after, before)]
    half = student.ppf((1 + LEVEL) / 2, freedom) * np.sqrt(scale * (1 / totals[0] + 1 / totals[1]))
    ratio = totals[1] / totals[0]
    return ratio * np.exp(-half) - 1, ratio * np.exp(half) - 1


def _variance(n: Array, total: Array, squares: Array) -> Array:
    return np.maximum(0.0, squares - total**2 / n) / (n - 1)


def _welch(a: Array, var_a: Array, n_a: Array, b: Array, var_b: Array, n_b: Array) -> Range:
    freedom = (var_a + var_b) ** 2 / (var_a**2 / (n_a - 1) + var_b**2 / (n_b - 1))
    half = student.ppf((1 + LEVEL) / 2, freedom) * np.sqrt(var_a + var_b)
    return a - b - half, a - b + half


def agree(treated: Arms, control: Arms, after: NewCustomers, before: NewCustomers) -> None:
    """Raise AssertionError unless the kernel itself computes the same ranges for the first campaigns."""
    runs = min(PROVEN, len(treated.buyers))
    of_arms: dict[Callable[[Arms, Arms], Range], Callable[[int], Interval | None]] = {
        conversion: lambda k: compare_conversion(treated.counts(k), control.counts(k)).diff_ci,
        revenue: lambda k: compare_revenue(treated.revenue(k), control.revenue(k)).diff_ci,
        revenue_ratio: lambda k: compare_revenue(treated.revenue(k), control.revenue(k)).rel_ci,
        basket: lambda k: compare_basket(treated.baskets(k), control.baskets(k)).diff_ci,
        nps: lambda k: compare_nps(treated.scores(k), control.scores(k)).diff_ci,
        cuped: lambda k: compare_adjusted(treated.earlier(k), control.earlier(k)).estimate.diff_ci,
    }
    for ranges, kernel in of_arms.items():
        _same(ranges.__name__, ranges(treated, control), [kernel(k) for k in range(runs)])
    told = [compare_cac(after.weeks(k), before.weeks(k)).rel_ci for k in range(runs)]
    _same("cac_ratio", cac_ratio(after, before), told)


def _same(name: str, found: Range, kernel: list[Any]) -> None:
    ours = np.column_stack(found)[: len(kernel)]
    np.testing.assert_allclose(ours, np.array(kernel), rtol=1e-9, atol=1e-9, err_msg=name)
