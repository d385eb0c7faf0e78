"""Compares two shares: who bought among those contacted."""

import math

from analytics.kernel.estimate import LEVEL, Estimate, Interval, Metric, TooLittleData, Unit
from analytics.kernel.statistics import Counts


def compare_conversion(treated: Counts, control: Counts, *, level: float = LEVEL) -> Estimate:
    """Return the difference of two shares with Newcombe's interval and their ratio with the score interval.

    Newcombe 1998, Stat Med 17:873, method 10. `rel` is None where either arm has no success. Raises TooLittleData
    where an arm is empty.
    """
    if not treated.n or not control.n:
        raise TooLittleData("an arm is empty")
    relative = treated.successes > 0 and control.successes > 0
    return Estimate(
        metric=Metric.CONVERSION,
        unit=Unit.SHARE,
        n_t=treated.n,
        n_c=control.n,
        value_t=treated.share,
        value_c=control.share,
        diff=treated.share - control.share,
        diff_ci=newcombe(treated, control, level=level),
        rel=treated.share / control.share - 1 if relative else None,
        rel_ci=score_ratio(treated, control, level=level) if relative else None,
        p=score_test(treated, control),
        level=level,
        method="newcombe",
    )


def score_test(treated: Counts, control: Counts) -> float:
    """Return the p of two equal shares by the score test (the pooled z)."""
    import numpy as np
    from statsmodels.stats.proportion import test_proportions_2indep

    with np.errstate(divide="ignore", invalid="ignore"):  # it also computes the ratio, which we do not read
        p = test_proportions_2indep(
            treated.successes, treated.n, control.successes, control.n, method="score", correction=False
        ).pvalue
    # Nobody bought, or everybody did: the pooled variance is 0 and the two arms are alike.
    return 1.0 if math.isnan(p) else float(p)


def newcombe(treated: Counts, control: Counts, *, level: float = LEVEL) -> Interval:
    """Return Newcombe's interval of share_t − share_c."""
    from statsmodels.stats.proportion import confint_proportions_2indep

    low, high = confint_proportions_2indep(
        treated.successes,
        treated.n,
        control.successes,
        control.n,
        compare="diff",
        method="newcomb",
        alpha=1 - level,
    )
    return float(low), float(high)


def wilson(counts: Counts, *, level: float = LEVEL) -> Interval:
    """Return Wilson's interval of one share."""
    from statsmodels.stats.proportion import proportion_confint

    low, high = proportion_confint(counts.successes, counts.n, alpha=1 - level, method="wilson")
    return float(low), float(high)


def score_ratio(treated: Counts, control: Counts, *, level: float = LEVEL) -> Interval | None:
    """Return the score interval of share_t / share_c − 1; infinite above where the control arm has no success."""
    import numpy as np
    from statsmodels.stats.proportion import confint_proportions_2indep

    with np.errstate(divide="ignore", invalid="ignore"):  # its root search divides by zero on the way, harmlessly
        low, high = confint_proportions_2indep(
            treated.successes,
            treated.n,
            control.successes,
            control.n,
            compare="ratio",
            method="score",
            alpha=1 - level,
        )
    # Roots of a cubic: where the arms are alike, rounding leaves them an imaginary part of 1e-17.
    low, high = float(np.real(low)), float(np.real(high))
    if math.isnan(low):
        return None
    return low - 1, math.inf if math.isnan(high) else high - 1
