"""Nonsense and too little data are answers of their own, never a 0."""

import math

import pytest

from analytics.kernel import (
    Counts,
    Estimate,
    Group,
    Metric,
    RatioSums,
    Scores,
    Sums,
    TooLittleData,
    Unit,
    Weeks,
    compare_basket,
    compare_cac,
    compare_conversion,
    compare_nps,
    compare_revenue,
    incremental_cac,
    landmark_odds,
    returns,
    weeks_left,
)


@pytest.mark.parametrize("bad", [{"n": 10, "successes": 11}, {"n": 10, "successes": -1}, {"n": -1, "successes": 0}])
def test_counts_refuse_the_impossible(bad: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="impossible"):
        Counts(**bad)


def test_sums_refuse_squares_that_are_too_small() -> None:
    with pytest.raises(ValueError, match="too small"):
        Sums(n=2, total=10, squares=49)
    with pytest.raises(ValueError, match="without units"):
        Sums(n=0, total=1, squares=1)


def test_ratio_sums_refuse_an_impossible_product() -> None:
    with pytest.raises(ValueError, match="cross product"):
        RatioSums(n=3, x=3, y=3, xx=3, yy=3, xy=4)


def test_weeks_refuse_a_week_without_cost() -> None:
    with pytest.raises(ValueError, match="no cost"):
        Weeks(new=(1, 2), cost=(10.0, 0.0))
    with pytest.raises(ValueError, match="differ in number"):
        Weeks(new=(1, 2), cost=(10.0,))


def test_an_estimate_outside_its_interval_is_refused() -> None:
    with pytest.raises(ValueError, match="outside"):
        Estimate(
            metric=Metric.NPS, unit=Unit.POINTS, n_t=1, n_c=1, value_t=1, value_c=0, diff=1, diff_ci=(2, 3), method="x"
        )


def test_an_empty_arm_is_too_little_data() -> None:
    nobody, some = Counts(n=0, successes=0), Counts(n=10, successes=1)
    with pytest.raises(TooLittleData):
        compare_conversion(some, nobody)
    with pytest.raises(TooLittleData):
        incremental_cac(some, nobody, cost=5)
    with pytest.raises(TooLittleData):
        compare_revenue(Sums.of([5.0, 0.0]), Sums.of([0.0, 0.0]))
    with pytest.raises(TooLittleData):
        compare_basket(RatioSums(n=2, x=5, y=1, xx=25, yy=1, xy=5), RatioSums(n=2, x=0, y=0, xx=0, yy=0, xy=0))
    with pytest.raises(TooLittleData):
        compare_nps(Scores(promoters=1, passives=0, detractors=0), Scores(promoters=5, passives=0, detractors=0))
    with pytest.raises(TooLittleData):
        compare_cac(Weeks(new=(0,), cost=(100.0,)), Weeks(new=(5,), cost=(100.0,)))


def test_conversion_with_nobody_in_both_arms_knows_nothing() -> None:
    estimate = compare_conversion(Counts(n=50, successes=0), Counts(n=50, successes=0))
    assert (estimate.diff, estimate.rel, estimate.p) == (0, None, 1.0)
    assert estimate.diff_ci[0] < 0 < estimate.diff_ci[1]


def test_nps_with_few_answers_uses_the_wider_method() -> None:
    few = Scores(promoters=20, passives=10, detractors=5)
    assert compare_nps(few, few).method == "adjusted_wald"
    many = Scores(promoters=60, passives=30, detractors=15)
    assert compare_nps(many, many).method == "welch"


def test_cac_scatter_below_poisson_never_narrows_the_interval() -> None:
    even = Weeks(new=(10, 10, 10, 10), cost=(100.0,) * 4)
    estimate = compare_cac(even, even)
    single = compare_cac(Weeks(new=(40,), cost=(400.0,)), Weeks(new=(40,), cost=(400.0,)))
    assert estimate.rel_ci is not None
    assert single.rel_ci is not None
    assert estimate.rel_ci[1] - estimate.rel_ci[0] >= single.rel_ci[1] - single.rel_ci[0]


def test_incremental_cac_may_be_infinite() -> None:
    result = incremental_cac(Counts(n=100, successes=3), Counts(n=100, successes=3), cost=10)
    assert result.value is None
    assert result.interval[1] == math.inf


def test_weeks_left_without_arrivals_is_never() -> None:
    assert weeks_left(n=100, half_width=0.1, target=0.01, weekly=0, window_weeks=2) is None
    assert weeks_left(n=100, half_width=0.01, target=0.01, weekly=0, window_weeks=2) == 0


def test_returns_of_a_free_campaign_have_no_ratio() -> None:
    result = returns(treated=10, margin_diff=1.0, margin_diff_ci=(0.5, 1.5), cost=0)
    assert (result.margin, result.margin_ci, result.roi, result.roi_ci) == (10.0, (5.0, 15.0), None, None)


@pytest.mark.parametrize(("successes", "n"), [(300, 600), (50, 100), (10, 10_000), (599, 600)])
def test_equal_arms_have_a_ratio_around_one(successes: int, n: int) -> None:
    arm = Counts(n=n, successes=successes)
    estimate = compare_conversion(arm, arm)
    nearby = compare_conversion(Counts(n=n + 1, successes=successes), arm)
    assert estimate.rel == 0
    assert estimate.rel_ci is not None
    assert estimate.rel_ci[0] < 0 < estimate.rel_ci[1]
    assert nearby.rel_ci == pytest.approx(estimate.rel_ci, abs=0.02)


@pytest.mark.filterwarnings("ignore::statsmodels.tools.sm_exceptions.PerfectSeparationWarning")
def test_an_event_that_alone_decides_who_buys_has_no_odds() -> None:
    groups = [
        Group(did=(did,), activity=activity, n=20, bought=20 if did else 0)
        for did in (True, False)
        for activity in (1, 5)
    ]
    with pytest.raises(TooLittleData):
        landmark_odds(groups)
