"""Pools the effects of several campaigns (or shops) into one, allowing that they truly differ."""

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

from analytics.kernel.estimate import LEVEL, Interval, TooLittleData


@dataclass(frozen=True, slots=True, kw_only=True)
class Pooled:
    """The mean effect with its interval; `tau2` is the variance of the true effects, `i2` its share of all variance."""

    count: int
    effect: float
    interval: Interval
    tau2: float
    i2: float
    level: float
    method: str = "hksj"

    @property
    def excludes_zero(self) -> bool:
        """Whether the interval lies on one side of 0."""
        return self.interval[0] > 0 or self.interval[1] < 0


def pool(effects: Sequence[float], variances: Sequence[float], *, level: float = LEVEL) -> Pooled:
    """Return the random-effects mean by Paule and Mandel with the interval of Hartung, Knapp, Sidik and Jonkman.

    IntHout, Ioannidis & Borm 2014, BMC Med Res Methodol 14:25. Effects must be on one scale (log ratios, or
    differences). Raises TooLittleData for fewer than two, ValueError for a variance that is not above 0.
    """
    import numpy as np
    from statsmodels.stats.meta_analysis import combine_effects
    from statsmodels.tools.sm_exceptions import InvalidTestWarning

    if len(effects) != len(variances):
        raise ValueError("effects and variances differ in number")
    if len(effects) < 2:
        raise TooLittleData("one campaign alone is no pool")
    if not all(math.isfinite(variance) and variance > 0 for variance in variances):
        raise ValueError("a variance is not above 0")
    sizes = np.asarray(effects, dtype=float), np.asarray(variances, dtype=float)
    with warnings.catch_warnings():
        # It means the intervals of the single campaigns, which nobody reads here.
        warnings.simplefilter("ignore", InvalidTestWarning)
        fit = combine_effects(*sizes, method_re="iterated", use_t=True, alpha=1 - level)
        row = fit.summary_frame().loc["random effect wls"]
    return Pooled(
        count=len(effects),
        effect=float(row["eff"]),
        interval=(float(row["ci_low"]), float(row["ci_upp"])),
        tau2=float(fit.tau2),
        i2=max(0.0, float(fit.i2)),
        level=level,
    )
