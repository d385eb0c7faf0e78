"""What every comparison answers: two values, their difference with its interval, and how it was found."""

import math
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Final

LEVEL: Final = 0.95

type Interval = tuple[float, float]


class Metric(StrEnum):
    """What is compared."""

    CONVERSION = "conversion"
    REVENUE = "revenue"
    BASKET = "basket"
    NPS = "nps"
    CAC = "cac"


class Evidence(StrEnum):
    """How much a comparison can prove, the strongest first; only the first may say "causes"."""

    HOLDOUT = "holdout"
    SEASON = "season"
    PLAIN = "plain"


class Unit(StrEnum):
    """What the values are counted in: a share of 1, minor units of the shop's currency, or points of NPS."""

    SHARE = "share"
    MONEY = "money"
    POINTS = "points"


class TooLittleData(ValueError):
    """The figures are sound, but no interval can be computed from them; the message names what is lacking."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """Treated against control, or after against before.

    `diff` is value_t − value_c in `unit`; `rel` is value_t / value_c − 1. `rel` and its interval are None where a
    percentage would mislead (nothing in the control group, NPS). An upper end may be infinite, never NaN.
    """

    metric: Metric
    unit: Unit
    n_t: int
    n_c: int
    value_t: float
    value_c: float
    diff: float
    diff_ci: Interval
    method: str
    rel: float | None = None
    rel_ci: Interval | None = None
    p: float | None = None
    level: float = LEVEL
    evidence: Evidence = Evidence.HOLDOUT
    mature: bool = True
    warnings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse an estimate that no reader could make sense of."""
        low, high = self.diff_ci
        if any(math.isnan(x) for x in (self.value_t, self.value_c, self.diff, low, high)):
            raise TooLittleData(f"{self.metric}: no interval can be computed")
        # A method's own interval may miss the raw difference by rounding only.
        slack = 1e-9 * max(1.0, abs(self.diff))
        if not low - slack <= self.diff <= high + slack:
            raise ValueError(f"{self.metric}: {self.diff} lies outside its interval {self.diff_ci}")
        if not 0.5 <= self.level < 1:
            raise ValueError(f"level {self.level} is not a confidence level")

    @property
    def excludes_zero(self) -> bool:
        """Whether the interval of the difference lies on one side of 0."""
        return self.diff_ci[0] > 0 or self.diff_ci[1] < 0

    def as_dict(self) -> dict[str, Any]:
        """Return the estimate with plain types; infinite ends become None, as JSON knows no infinity."""
        return {key: _plain(value) for key, value in asdict(self).items()}


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value


def z_value(level: float) -> float:
    """Return the two-sided normal quantile of a confidence level (0.95 gives 1.96)."""
    from scipy.stats import norm

    return float(norm.ppf((1 + level) / 2))
