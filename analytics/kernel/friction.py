"""A step below its own level: the last week beside the weeks before it, allowing for how much weeks differ anyway."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from analytics.kernel.estimate import LEVEL, Interval, TooLittleData
from analytics.kernel.statistics import Counts


@dataclass(frozen=True, slots=True, kw_only=True)
class Drop:
    """The share of the last week beside its usual `level`; `interval` is of last / level − 1 in odds, `scatter` how
    many times more than chance weeks differ, `p` one-sided for "lower"."""

    last: float
    level: float
    odds: float
    interval: Interval
    scatter: float
    p: float


def below_own_level(weeks: Sequence[Counts], last: Counts, *, level: float = LEVEL) -> Drop:
    """Return how far the share of `last` lies below that of the earlier `weeks`, by quasi-binomial regression.

    McCullagh & Nelder 1989, section 4.5: the scatter of the earlier weeks (Pearson's X² over its degrees of freedom,
    never below 1) widens the interval, and Student's t pays for having estimated it from few weeks. Raises
    TooLittleData for fewer than three weeks with people, or where nobody or everybody went on.
    """
    import numpy as np
    import statsmodels.api as sm
    from scipy.stats import t

    known = [week for week in weeks if week.n]
    if len(known) < 3 or not last.n:
        raise TooLittleData("too few weeks")
    rows = [*known, last]
    took, n = sum(week.successes for week in known), sum(week.n for week in known)
    if not 0 < took < n or not 0 < last.successes < last.n:
        raise TooLittleData("nobody or everybody went on")
    outcome = np.array([[week.successes, week.n - week.successes] for week in rows])
    design = np.array([[1.0, 0.0]] * len(known) + [[1.0, 1.0]])
    fit = sm.GLM(outcome, design, sm.families.Binomial()).fit()
    freedom = len(known) - 1
    scatter = max(1.0, float(fit.pearson_chi2) / freedom)
    log_odds, error = float(fit.params[1]), float(fit.bse[1]) * math.sqrt(scatter)
    reach = float(t.ppf((1 + level) / 2, freedom)) * error
    return Drop(
        last=last.share,
        level=took / n,
        odds=math.exp(log_odds),
        interval=(math.exp(log_odds - reach), math.exp(log_odds + reach)),
        scatter=scatter,
        p=float(t.cdf(log_odds / error, freedom)),
    )
