"""Checks before any result: was the draw fair, were the arms alike before, how far has the data come."""

import math
from typing import Final

from analytics.kernel.estimate import Interval, z_value
from analytics.kernel.nps import welch
from analytics.kernel.statistics import Sums

# A fair draw is this unlikely to be called broken: one campaign in a thousand.
ALARM: Final = 0.001
# Before the planned day only the always-valid range of this level may conclude.
STRICT_LEVEL: Final = 0.99


def sample_ratio(*, treated: int, control: int, control_share: float) -> float:
    """Return the exact binomial p of so many controls under the planned share; below ALARM the draw is broken."""
    from scipy.stats import binomtest

    if treated + control == 0:
        return 1.0
    return float(binomtest(control, treated + control, control_share).pvalue)


def sample_ratios(observed: list[int], weights: list[float]) -> float:
    """Return the chi-square p of the sizes of several arms under their planned weights."""
    from scipy.stats import chisquare

    total = sum(observed)
    return float(chisquare(observed, [total * weight / sum(weights) for weight in weights]).pvalue)


def alike_before(treated: Sums, control: Sums) -> float:
    """Return the p of the arms' mean orders in the time before any gesture, when nothing can differ but by luck.

    Orders and not buyers: after a purchase moment every contact of both arms has bought. Welch; 1.0 where an arm has
    fewer than two contacts.
    """
    if min(treated.n, control.n) < 2:
        return 1.0
    arms = [(sums.mean, sums.variance_of_mean, sums.n) for sums in (treated, control)]
    return welch(arms[0], arms[1], level=0.95)[2]


def weeks_left(*, n: int, half_width: float, target: float, weekly: float, window_weeks: int) -> int | None:
    """Return the weeks until the half-width comes down to `target`, the smallest useful effect; None: never.

    ceil(n · ((half_width / target)² − 1) / weekly) + window_weeks. The observed effect plays no part: planning by
    it would stop just when luck is good.
    """
    if half_width <= target:
        return 0
    if weekly <= 0 or target <= 0 or not math.isfinite(half_width):
        return None
    # Without the tiny slack, 6000 · (2.25² − 1) / 1000 is at the mercy of the last bit.
    return math.ceil(n * ((half_width / target) ** 2 - 1) / weekly - 1e-9) + window_weeks


def always_valid_level(*, n: int, n_target: int, level: float = 0.95) -> float:
    """Return the fixed confidence level whose interval is as wide as an asymptotic confidence sequence at `level`.

    Looking every week at an ordinary 95 % interval is wrong 18 to 20 times in 100; the sequence may be looked at
    as often as one likes. Its half-width is se · √(2(nρ²+1) ln(√(nρ²+1)/α) / (nρ²)) with ρ tuned to be narrowest
    at `n_target` (Waudby-Smith et al. 2021, arXiv 2103.06476; GrowthBook's sequential test).
    """
    from scipy.stats import norm

    spread = _tuned(n, n_target, level) * n
    z = math.sqrt(2 * (spread + 1) * math.log(math.sqrt(spread + 1) / (1 - level)) / spread)
    # Beyond z ≈ 8 a level cannot be told from 1 in floating point.
    return float(min(1 - 2 * norm.sf(z), 1 - 1e-12))


def always_valid_interval(diff: float, error: float, *, n: int, n_target: int, level: float = 0.95) -> Interval:
    """Return the asymptotic confidence sequence of a difference with standard error `error` on `n` units."""
    half = z_value(always_valid_level(n=n, n_target=n_target, level=level)) * error
    return diff - half, diff + half


def always_valid_p(diff: float, error: float, *, n: int, n_target: int, level: float = 0.95) -> float:
    """Return the smallest α at which the sequence, tuned for `level`, excludes 0: a p that may be looked at daily."""
    if error <= 0:
        return 1.0 if diff == 0 else 0.0
    spread = _tuned(n, n_target, level) * n
    return min(1.0, math.sqrt(spread + 1) * math.exp(-((diff / error) ** 2) * spread / (2 * (spread + 1))))


def _tuned(n: int, n_target: int, level: float) -> float:
    """Return ρ², with which the sequence is narrowest at `n_target` units."""
    if n < 1 or n_target < 1:
        raise ValueError("a sequence needs at least one unit")
    alpha = 1 - level
    return (-2 * math.log(alpha) + math.log(1 - 2 * math.log(alpha))) / n_target
