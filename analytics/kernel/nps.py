"""Compares two net promoter scores."""

import math
from typing import Final

from analytics.kernel.estimate import LEVEL, Estimate, Metric, TooLittleData, Unit, z_value
from analytics.kernel.statistics import Scores

# Under this many answers an arm, Welch's interval is too narrow near the ends of the scale.
FEW_ANSWERS: Final = 100


def compare_nps(treated: Scores, control: Scores, *, level: float = LEVEL) -> Estimate:
    """Return the difference of two scores, never a percentage: the scale has no zero to divide by.

    Welch; with fewer than 100 answers an arm the adjusted Wald interval, which adds 0.75 promoters, 1.5 passives
    and 0.75 detractors to each arm. Raises TooLittleData where an arm has fewer than two answers.
    """
    if treated.n < 2 or control.n < 2:
        raise TooLittleData("an arm has fewer than two answers")
    value_t, value_c = treated.sums.mean, control.sums.mean
    low, high, p = welch(
        (value_t, treated.sums.variance_of_mean, treated.n),
        (value_c, control.sums.variance_of_mean, control.n),
        level=level,
    )
    few = min(treated.n, control.n) < FEW_ANSWERS
    if few:
        low, high = adjusted_wald(treated, control, level=level)
    diff = value_t - value_c
    return Estimate(
        metric=Metric.NPS,
        unit=Unit.POINTS,
        n_t=treated.n,
        n_c=control.n,
        value_t=value_t,
        value_c=value_c,
        diff=diff,
        # The adjusted interval is centred nearer to 0 than the difference: never leave the difference outside it.
        diff_ci=(min(low, diff), max(high, diff)),
        p=p,
        level=level,
        method="adjusted_wald" if few else "welch",
    )


def adjusted_wald(treated: Scores, control: Scores, *, level: float = LEVEL) -> tuple[float, float]:
    """Return the interval of the difference after adding 0.75, 1.5 and 0.75 answers to each arm."""
    centre_t, var_t = _adjusted(treated)
    centre_c, var_c = _adjusted(control)
    half = z_value(level) * math.sqrt(var_t + var_c)
    return centre_t - centre_c - half, centre_t - centre_c + half


def _adjusted(scores: Scores) -> tuple[float, float]:
    n = scores.n + 3
    promote, detract = (scores.promoters + 0.75) / n, (scores.detractors + 0.75) / n
    net = promote - detract
    return 100 * net, 10_000 * (promote + detract - net**2) / n


def welch(
    first: tuple[float, float, int], second: tuple[float, float, int], *, level: float
) -> tuple[float, float, float]:
    """Return low, high and p of the difference of two (value, variance of the value, n), by Welch's t.

    Raises TooLittleData where an arm has fewer than two units.
    """
    from scipy.stats import t

    (a, var_a, n_a), (b, var_b, n_b) = first, second
    if n_a < 2 or n_b < 2:
        raise TooLittleData("an arm has fewer than two units")
    variance = var_a + var_b
    if variance == 0:
        return a - b, a - b, 1.0 if a == b else 0.0
    freedom = variance**2 / (var_a**2 / (n_a - 1) + var_b**2 / (n_b - 1))
    half = float(t.ppf((1 + level) / 2, freedom)) * math.sqrt(variance)
    p = 2 * float(t.sf(abs(a - b) / math.sqrt(variance), freedom))
    return a - b - half, a - b + half, p
