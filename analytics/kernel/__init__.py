"""Statistics without Django: validated sufficient statistics in, estimates out.

scipy and statsmodels are imported inside functions: importing them costs a second that no page should pay.
"""

from analytics.kernel.acquisition import IncrementalCac, cac_interval, compare_cac, incremental_cac
from analytics.kernel.conversion import compare_conversion, newcombe, wilson
from analytics.kernel.estimate import LEVEL, Estimate, Evidence, Interval, Metric, TooLittleData, Unit
from analytics.kernel.health import ALARM, alike_before, always_valid_level, sample_ratio, sample_ratios, weeks_left
from analytics.kernel.multiple import holm
from analytics.kernel.nps import adjusted_wald, compare_nps
from analytics.kernel.returns import BreakEven, Returns, break_even, returns
from analytics.kernel.revenue import compare_basket, compare_revenue, mover
from analytics.kernel.season import from_ratio, season_adjusted, season_adjusted_ratio
from analytics.kernel.statistics import Counts, RatioSums, Scores, Sums, Weeks

__all__ = [
    "ALARM",
    "LEVEL",
    "BreakEven",
    "Counts",
    "Estimate",
    "Evidence",
    "IncrementalCac",
    "Interval",
    "Metric",
    "RatioSums",
    "Returns",
    "Scores",
    "Sums",
    "TooLittleData",
    "Unit",
    "Weeks",
    "adjusted_wald",
    "alike_before",
    "always_valid_level",
    "break_even",
    "cac_interval",
    "compare_basket",
    "compare_cac",
    "compare_conversion",
    "compare_nps",
    "compare_revenue",
    "from_ratio",
    "holm",
    "incremental_cac",
    "mover",
    "newcombe",
    "returns",
    "sample_ratio",
    "sample_ratios",
    "season_adjusted",
    "season_adjusted_ratio",
    "weeks_left",
    "wilson",
]
