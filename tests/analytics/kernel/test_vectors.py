"""Every golden vector of the methods in use, at its own tolerance."""

import itertools
import math
from typing import Any

import pytest
from scipy.stats import norm

from analytics.kernel import (
    Counts,
    RatioSums,
    Scores,
    Sums,
    Weeks,
    adjusted_wald,
    always_valid_level,
    break_even,
    cac_interval,
    compare_basket,
    compare_cac,
    compare_conversion,
    compare_nps,
    compare_revenue,
    holm,
    incremental_cac,
    newcombe,
    returns,
    sample_ratio,
    sample_ratios,
    season_adjusted_ratio,
    weeks_left,
    wilson,
)

type Vectors = dict[str, dict[str, Any]]


def near(vector: dict[str, Any], value: Any) -> Any:
    return pytest.approx(value, abs=vector["abs_tol"], rel=0)


@pytest.mark.parametrize("name", ["srm_ok", "srm_alarm"])
def test_sample_ratio(vectors: Vectors, name: str) -> None:
    vector = vectors[name]
    treated, control = vector["inputs"]["observed"]
    expected = vector["expected"]
    assert sample_ratio(treated=treated, control=control, control_share=0.1) == near(vector, expected["p_exact_binom"])
    p = sample_ratios([treated, control], vector["inputs"]["weights"])
    assert p == near(vector, expected["p"])
    assert (p < 0.001) is expected["alarm(p<0.001)"]


@pytest.mark.parametrize("name", ["newcombe_pub_56_70_48_80", "newcombe_pub_9_10_3_10"])
def test_newcombe_published(vectors: Vectors, name: str) -> None:
    vector = vectors[name]
    x1, n1, x2, n2 = (vector["inputs"][key] for key in ("x1", "n1", "x2", "n2"))
    interval = newcombe(Counts(n=n1, successes=x1), Counts(n=n2, successes=x2))
    assert interval == near(vector, tuple(vector["expected"]["ci"]))
    assert interval == pytest.approx(tuple(vector["expected"]["published"]), abs=5e-5)


@pytest.mark.parametrize("name", ["prop_article_10k", "prop_article_2k", "prop_tiny"])
def test_conversion(vectors: Vectors, name: str) -> None:
    vector = vectors[name]
    given, expected = vector["inputs"], vector["expected"]
    treated = Counts(n=given["n_t"], successes=given["x_t"])
    control = Counts(n=given["n_c"], successes=given["x_c"])
    estimate = compare_conversion(treated, control)
    assert (estimate.value_t, estimate.value_c) == near(vector, (expected["p_t"], expected["p_c"]))
    assert estimate.diff == near(vector, expected["diff"])
    assert estimate.diff_ci == near(vector, tuple(expected["diff_ci_newcombe"]))
    assert estimate.p == near(vector, expected["p_score"])
    if expected["rel_lift"] is None:
        assert (estimate.rel, estimate.rel_ci) == (None, None)
    else:
        assert estimate.rel == near(vector, expected["rel_lift"])
        assert estimate.rel_ci == near(vector, tuple(expected["rel_lift_ci_score"]))
    assert wilson(treated) == near(vector, tuple(expected["wilson_t"]))
    assert wilson(control) == near(vector, tuple(expected["wilson_c"]))


def test_revenue_a_contact(vectors: Vectors) -> None:
    vector = vectors["rpc_mover_log"]
    given, expected = vector["inputs"], vector["expected"]
    estimate = compare_revenue(
        Sums.of(given["treated_orders"] + [0.0] * given["treated_zeros"]),
        Sums.of(given["control_orders"] + [0.0] * given["control_zeros"]),
    )
    assert estimate.diff == near(vector, expected["diff"])
    assert estimate.diff_ci == near(vector, tuple(expected["mover_log_ci"]))
    assert estimate.rel == near(vector, expected["rel"])
    assert estimate.rel_ci == near(vector, tuple(expected["rel_ci"]))


def test_basket(vectors: Vectors) -> None:
    vector = vectors["aov_delta"]
    rows, expected = vector["inputs"]["customers"], vector["expected"]

    def arm(flag: int) -> RatioSums:
        pairs = [
            (revenue, orders)
            for treat, orders, revenue in zip(rows["treat"], rows["orders"], rows["rev"], strict=True)
            if treat == flag
        ]
        return RatioSums(
            n=len(pairs),
            x=math.fsum(x for x, _ in pairs),
            y=math.fsum(y for _, y in pairs),
            xx=math.fsum(x * x for x, _ in pairs),
            yy=math.fsum(y * y for _, y in pairs),
            xy=math.fsum(x * y for x, y in pairs),
        )

    estimate = compare_basket(arm(1), arm(0))
    assert (estimate.value_t, estimate.value_c) == near(vector, (expected["aov_t"], expected["aov_c"]))
    assert estimate.diff_ci == near(vector, tuple(expected["diff_ci"]))
    assert estimate.rel_ci == near(vector, tuple(expected["teatasting_rel_ci"]))
    assert estimate.p == near(vector, expected["p"])


def test_nps(vectors: Vectors) -> None:
    vector = vectors["nps_diff"]
    before, after = (Scores(**vector["inputs"][period]) for period in ("before", "after"))
    expected = vector["expected"]
    estimate = compare_nps(after, before)
    assert (estimate.value_t, estimate.value_c) == near(vector, (expected["nps_after"], expected["nps_before"]))
    assert estimate.diff == near(vector, expected["diff"])
    assert estimate.diff_ci == near(vector, tuple(expected["welch_ci"]))
    assert estimate.p == near(vector, expected["p"])
    assert adjusted_wald(after, before) == near(vector, tuple(expected["adjusted_wald_diff_ci(+0.75,+1.5,+0.75)"]))


def test_cac_two_periods(vectors: Vectors) -> None:
    vector = vectors["cac_before_after_poisson"]
    expected = vector["expected"]
    after, before = (
        Weeks(new=(vector["inputs"][period]["new"],), cost=(vector["inputs"][period]["spend"],))
        for period in ("after", "before")
    )
    estimate = compare_cac(after, before)
    assert (estimate.value_t, estimate.value_c) == near(vector, (expected["cac_after"], expected["cac_before"]))
    assert cac_interval(after) == near(vector, tuple(expected["cac_after_ci"]))
    assert cac_interval(before) == near(vector, tuple(expected["cac_before_ci"]))
    assert estimate.rel == near(vector, expected["rel_change"])
    assert estimate.rel_ci == near(vector, tuple(expected["rel_change_ci"]))
    assert estimate.p == near(vector, expected["p"])
    assert estimate.diff_ci == near(vector, tuple(expected["diff_ci_mover"]))


def test_cac_weekly(vectors: Vectors) -> None:
    vector = vectors["cac_before_after_quasipoisson"]
    given, expected = vector["inputs"], vector["expected"]

    def weeks(flag: int) -> Weeks:
        rows = [row for row in zip(given["new"], given["spend"], given["after"], strict=True) if row[2] == flag]
        return Weeks(new=tuple(row[0] for row in rows), cost=tuple(row[1] for row in rows))

    estimate = compare_cac(weeks(1), weeks(0))
    assert estimate.rel is not None
    assert estimate.rel_ci is not None
    assert estimate.rel + 1 == near(vector, expected["cac_ratio"])
    assert tuple(end + 1 for end in estimate.rel_ci) == near(vector, tuple(expected["cac_ratio_ci"]))
    assert estimate.p == near(vector, expected["p"])


def test_incremental_cac(vectors: Vectors) -> None:
    vector = vectors["icac_holdout"]
    given, expected = vector["inputs"], vector["expected"]
    result = incremental_cac(
        Counts(n=given["n_t"], successes=given["new_t"]),
        Counts(n=given["n_c"], successes=given["new_c"]),
        cost=given["cost_per_assigned_t"],
    )
    assert result.value == near(vector, expected["icac"])
    assert result.diff_ci == near(vector, tuple(expected["diff_ci"]))
    assert result.interval[0] == pytest.approx(4.1482, abs=5e-5)
    assert result.interval[1] == math.inf


def test_always_valid(vectors: Vectors) -> None:
    vector = vectors["asympcs_20k"]
    given, expected = vector["inputs"], vector["expected"]
    p_t, p_c = given["x_t"] / given["n_t"], given["x_c"] / given["n_c"]
    n = given["n_t"] + given["n_c"]
    error = math.sqrt(p_t * (1 - p_t) / given["n_t"] + p_c * (1 - p_c) / given["n_c"])
    level = always_valid_level(n=n, n_target=given["tuning"], level=1 - given["alpha"])
    half = norm.ppf((1 + level) / 2) * error
    assert (p_t - p_c - half, p_t - p_c + half) == pytest.approx(tuple(expected["ci"]), abs=1e-9)
    assert half / (norm.ppf(0.975) * error) == pytest.approx(expected["width_vs_fixed"], abs=1e-9)


def test_season_adjusted(vectors: Vectors) -> None:
    vector = vectors["yoy_did"]
    given, expected = vector["inputs"], vector["expected"]
    cells = {
        (year, after): Counts(n=n, successes=x)
        for x, n, after, year in zip(given["conv"], given["n"], given["after"], given["year"], strict=True)
    }
    rel, rel_ci, _p = season_adjusted_ratio(
        after=cells[1, 1], before=cells[1, 0], last_after=cells[0, 1], last_before=cells[0, 0]
    )
    assert rel == near(vector, expected["did_rel"])
    assert rel_ci == near(vector, tuple(expected["did_rel_ci"]))
    naive = compare_conversion(cells[1, 1], cells[1, 0])
    assert naive.rel == near(vector, expected["naive_rel"])


def test_holm(vectors: Vectors) -> None:
    vector = vectors["holm_4"]
    assert holm(vector["inputs"]["p"]) == near(vector, vector["expected"]["holm"])


def test_funnel_steps(vectors: Vectors) -> None:
    vector = vectors["funnel"]
    counts, expected = vector["inputs"]["counts"], vector["expected"]
    steps = [Counts(n=n, successes=x) for n, x in itertools.pairwise(counts)]
    assert [step.share for step in steps] == near(vector, expected["step"])
    assert [wilson(step) for step in steps] == [near(vector, tuple(interval)) for interval in expected["wilson"]]
    overall = Counts(n=counts[0], successes=counts[-1])
    assert wilson(overall) == near(vector, tuple(expected["overall_wilson"]))


def test_returns(vectors: Vectors) -> None:
    vector = vectors["roi"]
    given, expected = vector["inputs"], vector["expected"]
    result = returns(
        treated=given["n_t"],
        margin_diff=given["margin_diff"],
        margin_diff_ci=tuple(given["margin_diff_ci"]),
        cost=given["cost"],
    )
    assert result.margin == near(vector, expected["incremental_margin"])
    assert result.roi == near(vector, expected["roi"])
    assert result.roi_ci == near(vector, tuple(expected["roi_ci"]))
    assert result.breakeven_margin == near(vector, expected["breakeven_margin_per_person"])


def test_break_even(vectors: Vectors) -> None:
    given, expected = vectors["breakeven"]["inputs"], vectors["breakeven"]["expected"]
    result = break_even(
        days=given["day"],
        margin=given["cum_margin_per_person"],
        errors=given["se"],
        cost=given["cost_per_person"],
    )
    assert (result.day, result.earliest, result.latest) == (
        expected["day"],
        expected["earliest"],
        expected["latest"],
    )


def test_weeks_left(vectors: Vectors) -> None:
    given, expected = vectors["weeks_left"]["inputs"], vectors["weeks_left"]["expected"]
    weeks = weeks_left(
        n=given["n_now"],
        half_width=given["halfwidth_now_pts"],
        target=given["halfwidth_target_pts"],
        weekly=given["weekly"],
        window_weeks=given["window_weeks"],
    )
    assert weeks == expected["weeks"]
