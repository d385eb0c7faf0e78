"""Sufficient statistics: the few sums from which every interval is computed; nonsense is refused at birth."""

import math
from dataclasses import dataclass
from typing import Self


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise ValueError(message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """`successes` of `n` units: buyers of contacts."""

    n: int
    successes: int

    def __post_init__(self) -> None:
        """Raise ValueError unless 0 ≤ successes ≤ n."""
        _require(0 <= self.successes <= self.n, f"{self.successes} of {self.n} is impossible")

    @property
    def share(self) -> float:
        """Return successes / n, NaN for nobody."""
        return self.successes / self.n if self.n else math.nan


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """One number a unit, zeros included: `total` and the sum of `squares` over `n` units."""

    n: int
    total: float
    squares: float

    def __post_init__(self) -> None:
        """Raise ValueError for negative counts, or squares smaller than Cauchy and Schwarz allow."""
        _require(self.n >= 0 and self.squares >= 0, "a count or a sum of squares is negative")
        _require(self.n > 0 or self.total == 0, "a total without units")
        _require(self.squares * self.n >= self.total**2 * (1 - 1e-9), "the sum of squares is too small for its total")

    @classmethod
    def of(cls, values: list[float]) -> Self:
        """Return the sums of a list of values."""
        return cls(n=len(values), total=math.fsum(values), squares=math.fsum(value * value for value in values))

    @property
    def mean(self) -> float:
        """Return the mean, NaN for nobody."""
        return self.total / self.n if self.n else math.nan

    @property
    def variance_of_mean(self) -> float:
        """Return the unbiased variance of the mean, NaN for fewer than two units."""
        if self.n < 2:
            return math.nan
        return max(0.0, self.squares - self.total**2 / self.n) / (self.n - 1) / self.n


@dataclass(frozen=True, slots=True, kw_only=True)
class RatioSums:
    """Two numbers a unit, `x` over `y`: revenue and orders a customer, so that Σx / Σy is the mean basket."""

    n: int
    x: float
    y: float
    xx: float
    yy: float
    xy: float

    def __post_init__(self) -> None:
        """Raise ValueError where the sums contradict each other."""
        _require(self.n >= 0 and self.y >= 0 and self.xx >= 0 and self.yy >= 0, "a count or a sum is negative")
        _require(self.xy**2 <= self.xx * self.yy * (1 + 1e-9), "the cross product is too large for its squares")
        _require(self.yy * self.n >= self.y**2 * (1 - 1e-9), "the sum of squares is too small for its total")

    @property
    def ratio(self) -> float:
        """Return Σx / Σy, NaN where nothing was ordered."""
        return self.x / self.y if self.y else math.nan

    @property
    def variance_of_ratio(self) -> float:
        """Return the delta-method variance of the ratio: that of the mean of (x − R·y) / ȳ; NaN for under two units."""
        if self.n < 2 or not self.y:
            return math.nan
        ratio, mean_y = self.ratio, self.y / self.n
        residuals = self.xx - 2 * ratio * self.xy + ratio**2 * self.yy
        return max(0.0, residuals) / (self.n - 1) / self.n / mean_y**2


@dataclass(frozen=True, slots=True, kw_only=True)
class PairSums:
    """An outcome `y` and a covariate `x` a unit: revenue in the window, and what was bought in the weeks before."""

    n: int
    y: float
    x: float
    yy: float
    xx: float
    xy: float

    def __post_init__(self) -> None:
        """Raise ValueError where the sums contradict each other."""
        _require(self.n >= 0 and self.yy >= 0 and self.xx >= 0, "a count or a sum of squares is negative")
        _require(self.xy**2 <= self.xx * self.yy * (1 + 1e-9), "the cross product is too large for its squares")

    def __add__(self, other: Self) -> Self:
        """Return the sums of both groups together."""
        parts = ("n", "y", "x", "yy", "xx", "xy")
        return type(self)(**{part: getattr(self, part) + getattr(other, part) for part in parts})

    @property
    def variance_x(self) -> float:
        """Return the unbiased variance of the covariate."""
        return max(0.0, self.xx - self.x**2 / self.n) / (self.n - 1)

    @property
    def variance_y(self) -> float:
        """Return the unbiased variance of the outcome."""
        return max(0.0, self.yy - self.y**2 / self.n) / (self.n - 1)

    @property
    def covariance(self) -> float:
        """Return the unbiased covariance."""
        return (self.xy - self.x * self.y / self.n) / (self.n - 1)

    @property
    def correlation(self) -> float:
        """Return the correlation, 0 where either never varies."""
        spread = math.sqrt(self.variance_x * self.variance_y)
        return self.covariance / spread if spread else 0.0

    def adjusted(self, theta: float, grand: float) -> tuple[float, float]:
        """Return the mean of y − theta · (x − grand) and the variance of that mean."""
        variance = self.variance_y - 2 * theta * self.covariance + theta**2 * self.variance_x
        return self.y / self.n - theta * (self.x / self.n - grand), max(0.0, variance) / self.n


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """Answers to "would you recommend us?": 9 and 10 promote, 7 and 8 are passive, 0 to 6 detract."""

    promoters: int
    passives: int
    detractors: int

    def __post_init__(self) -> None:
        """Raise ValueError for negative counts."""
        _require(min(self.promoters, self.passives, self.detractors) >= 0, "a count of answers is negative")

    @property
    def n(self) -> int:
        """Return the number of respondents."""
        return self.promoters + self.passives + self.detractors

    @property
    def sums(self) -> Sums:
        """Return the answers as +100, 0 and −100, so that their mean is the NPS."""
        return Sums(
            n=self.n,
            total=100.0 * (self.promoters - self.detractors),
            squares=10_000.0 * (self.promoters + self.detractors),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Weeks:
    """New customers and what winning them cost, week by week, in the same order."""

    new: tuple[int, ...]
    cost: tuple[float, ...]

    def __post_init__(self) -> None:
        """Raise ValueError for unequal lengths, negative figures, or a week without cost (its log is taken)."""
        _require(len(self.new) == len(self.cost) > 0, "weeks of customers and of costs differ in number")
        _require(min(self.new) >= 0, "a week has a negative number of new customers")
        _require(all(math.isfinite(cost) and cost > 0 for cost in self.cost), "a week has no cost")

    @property
    def cac(self) -> float:
        """Return the cost a new customer, infinite for none."""
        return sum(self.cost) / sum(self.new) if sum(self.new) else math.inf
