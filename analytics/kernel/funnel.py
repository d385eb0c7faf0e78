"""Small shops' rates drawn towards their common mean, and how long customers take from one step to the next."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from analytics.kernel.estimate import LEVEL, Interval, TooLittleData
from analytics.kernel.statistics import Counts

# Beyond this the rates do not differ, and the fit runs away: a prior of this weight at the common rate stands in.
_RUNAWAY: Final = 1e5
FIXED_WEIGHT: Final = 50.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Prior:
    """What is believed of a rate before its own data: Beta(a, b), worth a + b customers."""

    a: float
    b: float

    @property
    def mean(self) -> float:
        """Return the rate that nobody's own data has moved."""
        return self.a / (self.a + self.b)

    def shrunk(self, counts: Counts) -> float:
        """Return the rate drawn towards the prior's mean."""
        return (self.a + counts.successes) / (self.a + self.b + counts.n)

    def interval(self, counts: Counts, *, level: float = LEVEL) -> Interval:
        """Return the credible interval of the shrunk rate."""
        from scipy.stats import beta

        own = beta(self.a + counts.successes, self.b + counts.n - counts.successes)
        return float(own.ppf((1 - level) / 2)), float(own.ppf((1 + level) / 2))


def common_prior(rates: Sequence[Counts]) -> Prior:
    """Return the beta prior most likely to have made these rates (maximum likelihood of the beta-binomial).

    Where they do not differ at all it is one of weight 50 at the common rate. Raises TooLittleData without a success
    or without a failure.
    """
    import numpy as np
    from scipy.optimize import minimize
    from scipy.stats import betabinom

    n, successes = sum(rate.n for rate in rates), sum(rate.successes for rate in rates)
    if not 0 < successes < n:
        raise TooLittleData("nobody or everybody succeeded")
    counted, trials = [rate.successes for rate in rates], [rate.n for rate in rates]

    def unlikely(logs: Any) -> float:
        return -float(np.sum(betabinom.logpmf(counted, trials, math.exp(logs[0]), math.exp(logs[1]))))

    share = successes / n
    begin = [math.log(share * FIXED_WEIGHT), math.log((1 - share) * FIXED_WEIGHT)]
    found = minimize(unlikely, begin, method="Nelder-Mead", tol=1e-10)
    a, b = (math.exp(min(float(log), 50.0)) for log in found.x)
    if len(rates) < 2 or a + b > _RUNAWAY:
        return Prior(a=share * FIXED_WEIGHT, b=(1 - share) * FIXED_WEIGHT)
    return Prior(a=a, b=b)


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeToNext:
    """Share of customers who had taken the next step by each day, and the day by which half had (None: not half)."""

    days: tuple[int, ...]
    shares: tuple[float, ...]
    intervals: tuple[Interval, ...]
    median: int | None


def time_to_next(*, days: Sequence[int], took: Sequence[int], left: Sequence[int], level: float = LEVEL) -> TimeToNext:
    """Return the Kaplan–Meier curve: `took[i]` customers took the step after days[i], `left[i]` were seen no longer.

    Customers who came yesterday have had no time yet: they count for as long as they were seen. Greenwood's errors,
    kept between 0 and 1. Raises TooLittleData where nobody took the step.
    """
    from statsmodels.duration.survfunc import SurvfuncRight

    from analytics.kernel.estimate import z_value

    if not len(days) == len(took) == len(left) or min([*took, *left, 0]) < 0:
        raise ValueError("the columns differ in length, or a count is negative")
    if not sum(took):
        raise TooLittleData("nobody took the step")
    rows = [(day, 1, n) for day, n in zip(days, took, strict=True) if n]
    rows += [(day, 0, n) for day, n in zip(days, left, strict=True) if n]
    curve = SurvfuncRight(
        [day for day, _, _ in rows], [status for _, status, _ in rows], freq_weights=[n for _, _, n in rows]
    )
    z = z_value(level)
    shares = [1 - float(alive) for alive in curve.surv_prob]
    errors = [float(error) if math.isfinite(error) else 0.0 for error in curve.surv_prob_se]
    found = [int(day) for day in curve.surv_times]
    return TimeToNext(
        days=tuple(found),
        shares=tuple(shares),
        intervals=tuple(
            (max(0.0, share - z * error), min(1.0, share + z * error))
            for share, error in zip(shares, errors, strict=True)
        ),
        median=next((day for day, share in zip(found, shares, strict=True) if share >= 0.5), None),
    )
