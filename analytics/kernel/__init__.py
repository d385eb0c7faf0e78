"""Statistics without Django: validated sufficient statistics in, estimates out.

scipy and statsmodels are imported inside functions: importing them costs a second that no page should pay.
"""

from analytics.kernel.acquisition import (
    IncrementalCac,
    cac_interval,
    compare_cac,
    incremental_cac,
    incremental_cac_varying,
    weekly_scatter,
)
from analytics.kernel.conversion import compare_conversion, newcombe, score_ratio, wilson
from analytics.kernel.estimate import LEVEL, Estimate, Evidence, Interval, Metric, TooLittleData, Unit
from analytics.kernel.funnel import Prior, TimeToNext, common_prior, time_to_next
from analytics.kernel.health import (
    ALARM,
    alike_before,
    always_valid_interval,
    always_valid_level,
    always_valid_p,
    sample_ratio,
    sample_ratios,
    weeks_left,
)
from analytics.kernel.indicators import (
    Group,
    Ratio,
    hazard_ratio,
    landmark_odds,
    odds_ratio,
    stratified_odds,
    times_faster,
)
from analytics.kernel.interrupted import Step, interrupted_series
from analytics.kernel.means import Adjusted, compare_adjusted, compare_means, fieller
from analytics.kernel.multiple import benjamini_hochberg, holm
from analytics.kernel.nps import adjusted_wald, compare_nps
from analytics.kernel.planning import (
    contacts_for_conversion,
    contacts_for_mean,
    detectable_lift,
    expected_after,
    expected_nps_interval,
    power_for_conversion,
)
from analytics.kernel.pooling import Pooled, pool
from analytics.kernel.returns import BreakEven, Returns, break_even, returns
from analytics.kernel.revenue import compare_basket, compare_revenue, mover
from analytics.kernel.season import from_ratio, season_adjusted, season_adjusted_ratio
from analytics.kernel.statistics import Counts, PairSums, RatioSums, Scores, Sums, Weeks

__all__ = [
    "ALARM",
    "LEVEL",
    "Adjusted",
    "BreakEven",
    "Counts",
    "Estimate",
    "Evidence",
    "Group",
    "IncrementalCac",
    "Interval",
    "Metric",
    "PairSums",
    "Pooled",
    "Prior",
    "Ratio",
    "RatioSums",
    "Returns",
    "Scores",
    "Step",
    "Sums",
    "TimeToNext",
    "TooLittleData",
    "Unit",
    "Weeks",
    "adjusted_wald",
    "alike_before",
    "always_valid_interval",
    "always_valid_level",
    "always_valid_p",
    "benjamini_hochberg",
    "break_even",
    "cac_interval",
    "common_prior",
    "compare_adjusted",
    "compare_basket",
    "compare_cac",
    "compare_conversion",
    "compare_means",
    "compare_nps",
    "compare_revenue",
    "contacts_for_conversion",
    "contacts_for_mean",
    "detectable_lift",
    "expected_after",
    "expected_nps_interval",
    "fieller",
    "from_ratio",
    "hazard_ratio",
    "holm",
    "incremental_cac",
    "incremental_cac_varying",
    "interrupted_series",
    "landmark_odds",
    "mover",
    "newcombe",
    "odds_ratio",
    "pool",
    "power_for_conversion",
    "returns",
    "sample_ratio",
    "sample_ratios",
    "score_ratio",
    "season_adjusted",
    "season_adjusted_ratio",
    "stratified_odds",
    "time_to_next",
    "times_faster",
    "weekly_scatter",
    "weeks_left",
    "wilson",
]
