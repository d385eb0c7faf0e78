"""One side alone with its interval: a net promoter score, money a customer, the mean basket."""

import math
from collections.abc import Sequence

from analytics.kernel.estimate import LEVEL, Interval, TooLittleData, z_value
from analytics.kernel.nps import FEW_ANSWERS
from analytics.kernel.statistics import RatioSums, Scores, Sums


def score_interval(scores: Scores, *, level: float = LEVEL) -> Interval:
    """Return the interval of one score, in points, within −100 and 100.

    Student's t of the mean of +100, 0 and −100; under 100 answers adjusted Wald, which adds 0.75 promoters, 1.5
    passives and 0.75 detractors, and never leaves the score itself outside. Raises TooLittleData under two answers.
    """
    if scores.n < 2:
        raise TooLittleData("fewer than two answers")
    if scores.n < FEW_ANSWERS:
        n = scores.n + 3
        promote, detract = (scores.promoters + 0.75) / n, (scores.detractors + 0.75) / n
        centre = 100 * (promote - detract)
        half = z_value(level) * 100 * math.sqrt((promote + detract - (promote - detract) ** 2) / n)
    else:
        from scipy.stats import t

        centre = scores.sums.mean
        half = float(t.ppf((1 + level) / 2, scores.n - 1)) * math.sqrt(scores.sums.variance_of_mean)
    value = scores.sums.mean
    return max(-100.0, min(centre - half, value)), min(100.0, max(centre + half, value))


def weighted_score(strata: Sequence[tuple[float, Scores]], *, level: float = LEVEL) -> tuple[float, Interval]:
    """Return the score that strata would give together at their weights (which need not sum to 1), with its interval.

    Post-stratification (Holt & Smith 1979): Σ w·score, variance Σ w²·variance, the weights taken as known. Raises
    TooLittleData where a stratum of some weight has fewer than two answers.
    """
    total = sum(weight for weight, _scores in strata)
    used = [(weight / total, scores.sums) for weight, scores in strata if weight]
    if not used or any(sums.n < 2 for _weight, sums in used):
        raise TooLittleData("a stratum has fewer than two answers")
    value = sum(weight * sums.mean for weight, sums in used)
    half = z_value(level) * math.sqrt(sum(weight**2 * sums.variance_of_mean for weight, sums in used))
    return value, (max(-100.0, value - half), min(100.0, value + half))


def mean_interval(sums: Sums, *, level: float = LEVEL) -> Interval:
    """Return the interval of mostly-zero money a customer, on the log scale, so that it never runs below 0.

    Raises TooLittleData where nothing was sold or there are fewer than two customers.
    """
    if sums.n < 2 or sums.mean <= 0:
        raise TooLittleData("nothing was sold")
    half = z_value(level) * math.sqrt(sums.variance_of_mean) / sums.mean
    return sums.mean * math.exp(-half), sums.mean * math.exp(half)


def ratio_interval(sums: RatioSums, *, level: float = LEVEL) -> Interval:
    """Return the interval of Σx / Σy by the delta method on units. Raises TooLittleData where y is 0 or units lack."""
    if sums.n < 2 or not sums.y:
        raise TooLittleData("too few units")
    half = z_value(level) * math.sqrt(sums.variance_of_ratio)
    return sums.ratio - half, sums.ratio + half
