"""Which small actions come before a purchase: odds with and without regard to how active a customer is anyway."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from analytics.kernel.estimate import LEVEL, Interval, TooLittleData

type Table = tuple[tuple[int, int], tuple[int, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """A ratio of odds or of hazards: 1 is no difference."""

    value: float
    interval: Interval
    p: float
    method: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Customers alike in which events they did before the landmark and how active they were: `bought` of `n`."""

    did: tuple[bool, ...]
    activity: int
    n: int
    bought: int

    def __post_init__(self) -> None:
        """Raise ValueError for counts that contradict each other."""
        if not 0 <= self.bought <= self.n or self.activity < 0:
            raise ValueError(f"{self.bought} of {self.n} with {self.activity} actions is impossible")


def odds_ratio(table: Table, *, always_shift: bool = False, level: float = LEVEL) -> Ratio:
    """Return the crude odds ratio of ((did and bought, did and not), (did not and bought, neither)), log normal.

    A cell of 0 (or `always_shift`) gets 0.5 added to every cell (Haldane 1956, Anscombe 1956).
    """
    from statsmodels.stats.contingency_tables import Table2x2

    _check(table)
    shift = 0.5 if always_shift else 0.0
    found = Table2x2([[cell + shift for cell in row] for row in table], shift_zeros=True)
    low, high = found.oddsratio_confint(alpha=1 - level)
    return Ratio(
        value=float(found.oddsratio),
        interval=(float(low), float(high)),
        p=float(found.oddsratio_pvalue()),
        method="odds",
    )


def stratified_odds(tables: Sequence[Table], *, level: float = LEVEL) -> Ratio:
    """Return the odds ratio within groups of like activity by Mantel and Haenszel (1959), the explainable twin.

    Interval of Robins, Breslow and Greenland (1986). Raises TooLittleData where the tables hold no comparison.
    """
    from statsmodels.stats.contingency_tables import StratifiedTable

    for table in tables:
        _check(table)
    compared = [[list(row) for row in table] for table in tables if all(map(sum, table))]
    if not any(a * d for (a, _b), (_c, d) in compared) or not any(b * c for (_a, b), (c, _d) in compared):
        raise TooLittleData("no group holds customers of both kinds")
    found = StratifiedTable(compared)
    value = float(found.oddsratio_pooled)
    low, high = found.oddsratio_pooled_confint(alpha=1 - level)
    return Ratio(
        value=value,
        interval=(float(low), float(high)),
        p=float(found.test_null_odds().pvalue),
        method="mantel_haenszel",
    )


def landmark_odds(groups: Sequence[Group], *, level: float = LEVEL) -> list[Ratio]:
    """Return the odds ratio of each event for buying after the landmark, adjusted for the others and for activity.

    Logistic regression on the event flags and log(1 + activity): busy customers do more of everything, so crude
    ratios flag nearly every event. Grouped rows give the very fit of single ones. Raises TooLittleData where it
    cannot be fitted (an event that all did, or whose doers all bought).
    """
    import numpy as np
    import statsmodels.api as sm
    from statsmodels.tools.sm_exceptions import PerfectSeparationError

    if not groups or len({len(group.did) for group in groups}) != 1:
        raise ValueError("groups must know the same events")
    design = np.array([[1.0, *map(float, group.did), math.log1p(group.activity)] for group in groups])
    if np.linalg.matrix_rank(design) < design.shape[1]:
        raise TooLittleData("the events cannot be told apart")
    outcome = np.array([[group.bought, group.n - group.bought] for group in groups])
    try:
        fit = sm.GLM(outcome, design, sm.families.Binomial()).fit()
    except PerfectSeparationError:
        raise TooLittleData("an event decides alone who buys") from None
    bounds = fit.conf_int(alpha=1 - level)
    try:
        return [
            Ratio(
                value=math.exp(float(fit.params[place])),
                interval=(math.exp(float(bounds[place][0])), math.exp(float(bounds[place][1]))),
                p=float(fit.pvalues[place]),
                method="logit",
            )
            for place in range(1, design.shape[1] - 1)
        ]
    except OverflowError:
        # Where one event alone separates the buyers, the fit ends without an error and its interval has no end.
        raise TooLittleData("an event decides alone who buys") from None


def hazard_ratio(
    *,
    customers: Sequence[int],
    days: Sequence[int],
    did_before: Sequence[int],
    bought: Sequence[int],
    level: float = LEVEL,
) -> Ratio:
    """Return how much likelier a day's purchase is after the event, one row a customer and day at risk.

    Discrete-time proportional hazards (complementary log-log; Prentice & Gloeckler 1978), errors by customer.
    `did_before` counts only days strictly before, else the purchase itself would make the event.
    """
    import numpy as np
    import statsmodels.api as sm

    if not len(customers) == len(days) == len(did_before) == len(bought):
        raise ValueError("the columns differ in length")
    design = np.column_stack([np.ones(len(days)), did_before, days]).astype(float)
    family = sm.families.Binomial(sm.families.links.CLogLog())
    groups = np.unique(np.asarray(customers), return_inverse=True)[1]
    fit = sm.GLM(np.asarray(bought, dtype=float), design, family).fit(cov_type="cluster", cov_kwds={"groups": groups})
    low, high = fit.conf_int(alpha=1 - level)[1]
    return Ratio(
        value=math.exp(float(fit.params[1])),
        interval=(math.exp(float(low)), math.exp(float(high))),
        p=float(fit.pvalues[1]),
        method="hazard",
    )


def times_faster(*, purchase: float, signal: float) -> float:
    """Return how many times sooner an early signal shows the same relative lift than purchases do: an upper bound.

    The ratio of the variances of the two log shares, (1 − p) / p each; true only if the gesture moves both alike.
    """
    if not 0 < purchase < 1 or not 0 < signal < 1:
        raise ValueError("shares must lie between 0 and 1")
    return ((1 - purchase) / purchase) / ((1 - signal) / signal)


def _check(table: Table) -> None:
    if min(cell for row in table for cell in row) < 0:
        raise ValueError("a count is negative")
