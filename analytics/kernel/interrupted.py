"""Finds a step in a weekly series at a launch, season and trend taken out, neighbouring weeks being alike."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from analytics.kernel.estimate import LEVEL, Interval, TooLittleData

# Fewer weeks than these tell no season from a step.
WEEKS_BEFORE: Final = 40
WEEKS_AFTER: Final = 8
_WEEKS_A_YEAR: Final = 52
_GRID: Final = tuple(step * 0.025 for step in range(39))


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """The change of level at the launch, in the units of the series; `rho` is how alike neighbouring weeks are."""

    level: float
    interval: Interval
    error: float
    rho: float
    freedom: float
    confidence: float
    method: str = "interrupted_series"


def interrupted_series(series: Sequence[float], start: int, *, level: float = LEVEL) -> Step:
    """Return the step of `series` (one value a week) at week `start`.

    GLS on trend, step and a yearly wave with AR(1) errors, ρ by REML on a grid; Student's t with the weeks that
    remain once likeness is counted off, and never a narrower error than ordinary least squares. Newey and West's
    errors cover only 76 to 84 % here. Raises TooLittleData under 40 weeks before or 8 after.
    """
    import numpy as np
    import statsmodels.api as sm
    from scipy.linalg import toeplitz
    from scipy.stats import t

    weeks = len(series)
    if start < WEEKS_BEFORE or weeks - start < WEEKS_AFTER:
        raise TooLittleData(f"{start} weeks before and {weeks - start} after: at least 40 and 8 are needed")
    week = np.arange(weeks)
    wave = 2 * np.pi * week / _WEEKS_A_YEAR
    design = np.column_stack([np.ones(weeks), week / weeks, (week >= start) * 1.0, np.sin(wave), np.cos(wave)])
    values = np.asarray(series, dtype=float)
    rho = max(_GRID, key=lambda candidate: _likelihood(values, design, candidate))
    fit = sm.GLS(values, design, sigma=toeplitz(rho**week)).fit()
    error = max(float(fit.bse[2]), float(sm.OLS(values, design).fit().bse[2]))
    freedom = max(4.0, (weeks - design.shape[1]) * (1 - rho) / (1 + rho))
    half = float(t.ppf((1 + level) / 2, freedom)) * error
    step = float(fit.params[2])
    return Step(
        level=step, interval=(step - half, step + half), error=error, rho=rho, freedom=freedom, confidence=level
    )


def _likelihood(values: Any, design: Any, rho: float) -> float:
    """Return the restricted log-likelihood of ρ, its constant left out (Harville 1977, JASA 72:320)."""
    import numpy as np
    from scipy.linalg import toeplitz

    weeks, columns = design.shape
    covariance = toeplitz(rho ** np.arange(weeks))
    inverse = np.linalg.inv(covariance)
    information = design.T @ inverse @ design
    residual = values - design @ np.linalg.solve(information, design.T @ inverse @ values)
    logs = float(np.linalg.slogdet(covariance)[1] + np.linalg.slogdet(information)[1])
    squares = max(float(residual @ inverse @ residual), 1e-300)
    return float(-0.5 * ((weeks - columns) * math.log(squares) + logs))
