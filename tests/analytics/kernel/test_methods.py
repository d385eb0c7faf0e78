"""The methods at their edges: nothing to divide by, nothing that varies, nobody who took the step."""

import math

import pytest

from analytics.kernel import (
    Counts,
    Group,
    PairSums,
    Sums,
    TooLittleData,
    always_valid_p,
    common_prior,
    compare_adjusted,
    compare_means,
    contacts_for_conversion,
    detectable_lift,
    fieller,
    incremental_cac,
    incremental_cac_varying,
    interrupted_series,
    landmark_odds,
    pool,
    stratified_odds,
    time_to_next,
)


def test_a_ratio_over_nothing_is_unbounded() -> None:
    assert fieller(1.0, 0.1, 0.01, 0.01, critical=1.96) is None
    noisy = compare_means(Sums.of([1.0, 2.0, 3.0]), Sums.of([-1.0, 0.0, 2.0]))
    assert (noisy.rel, noisy.rel_ci) == (None, None)


def test_a_covariate_that_never_varies_adjusts_nothing() -> None:
    treated = PairSums(n=4, y=10, x=4, yy=30, xx=4, xy=10)
    control = PairSums(n=4, y=6, x=4, yy=12, xx=4, xy=6)
    found = compare_adjusted(treated, control)
    assert (found.estimate.diff, found.correlation, found.contacts_needed) == (1.0, 0.0, 1.0)


def test_one_campaign_is_no_pool() -> None:
    with pytest.raises(TooLittleData):
        pool([0.1], [0.01])
    with pytest.raises(ValueError, match="differ in number"):
        pool([0.1, 0.2], [0.01])
    with pytest.raises(ValueError, match="not above 0"):
        pool([0.1, 0.2], [0.01, 0.0])


def test_a_short_series_shows_no_step() -> None:
    with pytest.raises(TooLittleData):
        interrupted_series([1.0] * 47, 40)


def test_a_plan_without_a_rate_or_a_group_is_refused() -> None:
    with pytest.raises(ValueError, match="held out"):
        contacts_for_conversion(0.023, 0.26, control_share=0)
    with pytest.raises(ValueError, match="lift"):
        contacts_for_conversion(0.5, 1.5, control_share=0.5)
    assert detectable_lift(0.9, contacts=4, control_share=0.5) is None


def test_extra_customers_of_varying_cost_agree_with_known_cost_where_it_does_not_vary() -> None:
    treated = PairSums(n=9000, y=540.0, x=400, yy=32.4, xx=400, xy=24.0)
    control = PairSums(n=9000, y=0, x=200, yy=0, xx=200, xy=0)
    varying = incremental_cac_varying(treated, control)
    known = incremental_cac(Counts(n=9000, successes=400), Counts(n=9000, successes=200), cost=0.06)
    assert varying.value == known.value
    assert varying.interval == pytest.approx(known.interval, rel=0.01)


def test_extra_customers_that_may_be_none_cost_infinitely_much() -> None:
    treated = PairSums(n=100, y=50.0, x=6, yy=25, xx=6, xy=3)
    control = PairSums(n=100, y=0, x=5, yy=0, xx=5, xy=0)
    found = incremental_cac_varying(treated, control)
    assert found.interval[0] < (found.value or 0) < found.interval[1] == math.inf


def test_rates_that_do_not_differ_get_the_fixed_prior() -> None:
    prior = common_prior([Counts(n=1000, successes=100)] * 4)
    assert [prior.mean, prior.a + prior.b] == pytest.approx([0.1, 50])
    with pytest.raises(TooLittleData):
        common_prior([Counts(n=10, successes=0)])


def test_events_that_everybody_did_are_no_indicator() -> None:
    everybody = [Group(did=(True,), activity=a, n=10, bought=3) for a in (1, 5)]
    with pytest.raises(TooLittleData):
        landmark_odds(everybody)
    with pytest.raises(TooLittleData):
        stratified_odds([((3, 7), (0, 0))])


def test_time_to_the_next_step_counts_newcomers_for_as_long_as_they_were_seen() -> None:
    curve = time_to_next(days=[1, 2, 3], took=[20, 20, 10], left=[20, 0, 30])
    # 20 of 100, then 20 of the 60 still seen, then 10 of 40.
    assert curve.days == (1, 2, 3)
    assert curve.shares == pytest.approx((0.2, 1 - 0.8 * 40 / 60, 1 - 0.8 * 40 / 60 * 0.75))
    assert curve.median == 3
    with pytest.raises(TooLittleData):
        time_to_next(days=[1], took=[0], left=[5])


def test_a_difference_without_scatter_is_certain_or_nothing() -> None:
    assert (always_valid_p(0, 0, n=5, n_target=5), always_valid_p(1, 0, n=5, n_target=5)) == (1.0, 0.0)
