"""What the public kernel answers to each golden vector, keyed as the file keys it."""

import hashlib
import itertools
import math
import re
from collections.abc import Callable
from typing import Any, Final

from analytics import kernel
from analytics.kernel import Counts, Group, PairSums, RatioSums, Scores, Sums, Weeks
from triggers.holdout import bucket

type Inputs = dict[str, Any]
type Answer = dict[str, Any]


def _hash_bucket(units: list[str]) -> Answer:
    pairs = {unit: tuple(unit.split("|", 1)) for unit in units}
    return {
        unit: {"hex16": hashlib.sha256(unit.encode()).hexdigest()[:16], "u": bucket(salt, who)}
        for unit, (salt, who) in pairs.items()
    }


def _hash_uniform(given: Inputs) -> Answer:
    first, second, whole = ([bucket(salt, f"c{k}") for k in range(given["n"])] for salt in given["salts"])
    bins = [0] * 100
    for value in first:
        bins[int(value * 100)] += 1
    return {
        "campaign:1<0.1": sum(value < 0.1 for value in first),
        "global:A<0.1": sum(value < 0.1 for value in whole),
        "both campaign:1 and campaign:2 <0.1": sum(a < 0.1 and b < 0.1 for a, b in zip(first, second, strict=True)),
        "chi2_100_bins_p": kernel.sample_ratios(bins, [1.0] * 100),
    }


def _srm(given: Inputs) -> Answer:
    (treated, control), weights = given["observed"], given["weights"]
    planned = [(treated + control) * weight for weight in weights]
    p = kernel.sample_ratios(given["observed"], weights)
    return {
        "chi2": sum((o - e) ** 2 / e for o, e in zip((treated, control), planned, strict=True)),
        "p": p,
        "alarm(p<0.001)": p < kernel.ALARM,
        "p_exact_binom": kernel.sample_ratio(treated=treated, control=control, control_share=weights[1]),
    }


def _newcombe(given: Inputs) -> Answer:
    low, high = kernel.newcombe(
        Counts(n=given["n1"], successes=given["x1"]), Counts(n=given["n2"], successes=given["x2"])
    )
    return {"ci": [low, high], "published": [round(low, 4), round(high, 4)]}


def _prop(given: Inputs) -> Answer:
    treated = Counts(n=given["n_t"], successes=given["x_t"])
    control = Counts(n=given["n_c"], successes=given["x_c"])
    found = kernel.compare_conversion(treated, control)
    ratio = kernel.score_ratio(treated, control)
    assert found.rel_ci == (None if found.rel is None else ratio)
    return {
        "p_t": found.value_t,
        "p_c": found.value_c,
        "diff": found.diff,
        "diff_ci_newcombe": list(found.diff_ci),
        "rel_lift": found.rel,
        "rel_lift_ci_score": [end if math.isfinite(end) else None for end in ratio or ()],
        "p_score": found.p,
        "p_pooled_z": found.p,
        "wilson_t": list(kernel.wilson(treated)),
        "wilson_c": list(kernel.wilson(control)),
    }


def _means(given: Inputs) -> Answer:
    t, c = Sums.of(given["t"]), Sums.of(given["c"])
    found = kernel.compare_means(t, c)
    assert found.rel_ci
    freedom = (t.variance_of_mean + c.variance_of_mean) ** 2 / sum(s.variance_of_mean**2 / (s.n - 1) for s in (t, c))
    return {
        "mean_t": found.value_t,
        "mean_c": found.value_c,
        "diff": found.diff,
        "welch_ci": list(found.diff_ci),
        "statsmodels_ci": list(found.diff_ci),
        "p": found.p,
        "df": freedom,
        "rel": found.rel,
        "fieller_rel_ci": list(found.rel_ci),
        "fieller_by_inversion": list(found.rel_ci),
    }


def _basket(given: Inputs) -> Answer:
    rows = given["customers"]
    sides = []
    for flag in (1, 0):
        pairs = [
            (x, y) for treat, y, x in zip(rows["treat"], rows["orders"], rows["rev"], strict=True) if treat == flag
        ]
        sums = {"x": math.fsum(x for x, _ in pairs), "y": math.fsum(y for _, y in pairs)}
        sums |= {"xx": math.fsum(x * x for x, _ in pairs), "yy": math.fsum(y * y for _, y in pairs)}
        sides.append(RatioSums(n=len(pairs), **sums, xy=math.fsum(x * y for x, y in pairs)))
    found = kernel.compare_basket(*sides)
    assert found.rel_ci
    return {
        "aov_t": found.value_t,
        "aov_c": found.value_c,
        "diff": found.diff,
        "diff_ci": list(found.diff_ci),
        "teatasting_ci": list(found.diff_ci),
        "teatasting_rel_ci": list(found.rel_ci),
        "p": found.p,
    }


def _nps(given: Inputs) -> Answer:
    after, before = Scores(**given["after"]), Scores(**given["before"])
    found = kernel.compare_nps(after, before)
    return {
        "nps_before": found.value_c,
        "nps_after": found.value_t,
        "diff": found.diff,
        "welch_ci": list(found.diff_ci),
        "p": found.p,
        "adjusted_wald_diff_ci(+0.75,+1.5,+0.75)": list(kernel.adjusted_wald(after, before)),
    }


def _nps_planned(given: Inputs) -> Answer:
    diff, interval = kernel.expected_nps_interval(
        tuple(given["after"]), tuple(given["before"]), answers=given["n_each"]
    )
    return {"diff": diff, "ci": list(interval)}


def _cac(given: Inputs) -> Answer:
    after, before = (
        Weeks(new=(given[period]["new"],), cost=(given[period]["spend"],)) for period in ("after", "before")
    )
    found = kernel.compare_cac(after, before)
    assert found.rel_ci
    return {
        "cac_after": found.value_t,
        "cac_before": found.value_c,
        "cac_after_ci": list(kernel.cac_interval(after)),
        "cac_before_ci": list(kernel.cac_interval(before)),
        "rel_change": found.rel,
        "rel_change_ci": list(found.rel_ci),
        "p": found.p,
        "diff": found.diff,
        "diff_ci_mover": list(found.diff_ci),
    }


def _cac_weekly(given: Inputs) -> Answer:
    sides = []
    for flag in (1, 0):
        rows = [row for row in zip(given["new"], given["spend"], given["after"], strict=True) if row[2] == flag]
        sides.append(Weeks(new=tuple(row[0] for row in rows), cost=tuple(row[1] for row in rows)))
    found = kernel.compare_cac(*sides)
    assert found.rel is not None
    assert found.rel_ci
    return {
        "beta": -math.log1p(found.rel),
        "scale": kernel.weekly_scatter(*sides),
        "cac_ratio": 1 + found.rel,
        "cac_ratio_ci": [1 + end for end in found.rel_ci],
        "p": found.p,
    }


def _icac(given: Inputs) -> Answer:
    found = kernel.incremental_cac(
        Counts(n=given["n_t"], successes=given["new_t"]),
        Counts(n=given["n_c"], successes=given["new_c"]),
        cost=given["cost_per_assigned_t"],
    )
    low, high = found.interval
    assert round(low, 4) == 4.1482  # the note's "at least"
    return {
        "icac": found.value,
        "diff_ci": list(found.diff_ci),
        "icac_ci": [low, high] if math.isfinite(high) else None,
    }


def _cuped(given: Inputs) -> Answer:
    sides, plain = [], []
    for flag in (1, 0):
        rows = [(y, x) for treat, x, y in zip(given["treat"], given["pre"], given["y"], strict=True) if treat == flag]
        sums = {"y": math.fsum(y for y, _ in rows), "x": math.fsum(x for _, x in rows)}
        sums |= {"yy": math.fsum(y * y for y, _ in rows), "xx": math.fsum(x * x for _, x in rows)}
        sides.append(PairSums(n=len(rows), **sums, xy=math.fsum(x * y for y, x in rows)))
        plain.append(Sums.of([y for y, _ in rows]))
    raw, found = kernel.compare_means(*plain), kernel.compare_adjusted(*sides)
    adjusted = found.estimate
    assert adjusted.rel_ci
    return {
        "unadjusted": [raw.diff, *raw.diff_ci],
        "cuped_teatasting": [adjusted.diff, *adjusted.diff_ci],
        "cuped_rel": [adjusted.rel, *adjusted.rel_ci],
        "corr_pre_y": found.correlation,
        "variance_ratio": found.contacts_needed,
    }


def _always_valid(given: Inputs) -> Answer:
    from statsmodels.stats.proportion import confint_proportions_2indep

    counts = given["x_t"], given["n_t"], given["x_c"], given["n_c"]
    p_t, p_c = given["x_t"] / given["n_t"], given["x_c"] / given["n_c"]
    error = math.sqrt(p_t * (1 - p_t) / given["n_t"] + p_c * (1 - p_c) / given["n_c"])
    told = {"n": given["n_t"] + given["n_c"], "n_target": given["tuning"], "level": 1 - given["alpha"]}
    low, high = kernel.always_valid_interval(p_t - p_c, error, **told)
    wald = confint_proportions_2indep(*counts, method="wald", compare="diff")
    return {
        "diff": p_t - p_c,
        "ci": [low, high],
        "p_always_valid": kernel.always_valid_p(p_t - p_c, error, **told),
        "width_vs_fixed": (high - low) / float(wald[1] - wald[0]),
    }


def _holm(given: Inputs) -> Answer:
    adjusted = kernel.holm(given["p"])
    return {
        "holm": adjusted,
        "bh": kernel.benjamini_hochberg(given["p"]),
        "reject_holm_05": [p < 0.05 for p in adjusted],
    }


# Written out, as the file's inputs name neither rates nor lifts: its keys do.
_PLANNED: Final = tuple(
    f"p0={rate},lift={lift},control_share={share}"
    for rate, lifts in (("0.023", ("0.26", "0.1", "0.05")), ("0.05", ("0.1",)))
    for lift in lifts
    for share in ("0.5", "0.1")
)


def _numbers(key: str) -> list[float]:
    return [float(text) for text in re.findall(r"=([\d.]+)", key)]


def _power(given: Inputs) -> Answer:
    answer: Answer = {}
    for key in _PLANNED:
        rate, lift, share = _numbers(key)
        treated, control = kernel.contacts_for_conversion(
            rate, lift, control_share=share, power=given["power"], alpha=given["alpha"]
        )
        power = kernel.power_for_conversion(rate, lift, treated=treated, control_share=share)
        assert 0.8 <= power < 0.8001
        answer[key] = {"n_treated": treated, "n_control": control, "total": treated + control, "power_check": power}
    return answer


def _power_mean(_given: Inputs) -> Answer:
    keys = ("cv=0.8,lift=0.11", "cv=0.8,lift=0.05", "cv=6.0,lift=0.1")
    return {key: kernel.contacts_for_mean(*_numbers(key)) for key in keys}


def _detectable(given: Inputs) -> Answer:
    cases = ((2000, 0.1), (10000, 0.1), (10000, 0.2), (50000, 0.1), (50000, 0.5))
    return {
        f"N={n},holdout={share}": kernel.detectable_lift(given["p0"], contacts=n, control_share=share)
        for n, share in cases
    }


def _pool(given: Inputs) -> Answer:
    found = kernel.pool(given["log_rr"], given["var"])
    return {"tau2": found.tau2, "i2": found.i2, "pooled": found.effect, "ci_hksj": list(found.interval)}


def _last_year(given: Inputs) -> Answer:
    cells = {
        (year, after): Counts(n=n, successes=x)
        for x, n, after, year in zip(given["conv"], given["n"], given["after"], given["year"], strict=True)
    }
    rel, rel_ci, _p = kernel.season_adjusted_ratio(
        after=cells[1, 1], before=cells[1, 0], last_after=cells[0, 1], last_before=cells[0, 0]
    )
    naive = kernel.compare_conversion(cells[1, 1], cells[1, 0])
    return {"naive_rel": naive.rel, "did_rel": rel, "did_rel_ci": list(rel_ci)}


def _regression(given: Inputs) -> Answer:
    after = kernel.expected_after(usual=given["mu"], before=given["before_selected"], correlation=given["r"])
    return {"expected_after": after, "spurious_rise": after - given["before_selected"]}


def _returns(given: Inputs) -> Answer:
    low, high = given["margin_diff_ci"]
    found = kernel.returns(
        treated=given["n_t"], margin_diff=given["margin_diff"], margin_diff_ci=(low, high), cost=given["cost"]
    )
    return {
        "incremental_margin": found.margin,
        "roi": found.roi,
        "roi_ci": list(found.roi_ci or ()),
        "breakeven_margin_per_person": found.breakeven_margin,
    }


def _funnel(given: Inputs) -> Answer:
    counts = given["counts"]
    steps = [Counts(n=n, successes=x) for n, x in itertools.pairwise(counts)]
    overall = Counts(n=counts[0], successes=counts[-1])
    return {
        "step": [step.share for step in steps],
        "wilson": [list(kernel.wilson(step)) for step in steps],
        "overall": overall.share,
        "overall_wilson": list(kernel.wilson(overall)),
    }


def _odds(given: Inputs) -> Answer:
    a, b, c, d = (given[key] for key in "abcd")
    found = kernel.odds_ratio(((a, b), (c, d)))
    haldane = kernel.odds_ratio(((a, b), (c, d)), always_shift=True)
    return {"or": found.value, "ci": list(found.interval), "haldane_ci": list(haldane.interval)}


def _stratified(given: Inputs) -> Answer:
    tables = [((t[0][0], t[0][1]), (t[1][0], t[1][1])) for t in given["tables"]]
    crude = kernel.odds_ratio(
        (
            (sum(t[0][0] for t in tables), sum(t[0][1] for t in tables)),
            (sum(t[1][0] for t in tables), sum(t[1][1] for t in tables)),
        )
    )
    found = kernel.stratified_odds(tables)
    return {
        "crude_or": crude.value,
        "crude_ci": list(crude.interval),
        "mh_or": found.value,
        "mh_ci": list(found.interval),
        "p_mh": found.p,
    }


def _shrunk(given: Inputs) -> Answer:
    rates = [Counts(n=n, successes=x) for x, n in zip(given["x"], given["n"], strict=True)]
    prior, fixed = kernel.common_prior(rates), kernel.Prior(a=2, b=48)
    return {
        "mle_a": prior.a,
        "mle_b": prior.b,
        "prior_mean": prior.mean,
        "raw": [rate.share for rate in rates],
        "shrunk_mle": [prior.shrunk(rate) for rate in rates],
        "shrunk_with_fixed_prior_a=2_b=48": [fixed.shrunk(rate) for rate in rates],
        "ci_fixed_prior": [list(fixed.interval(rate)) for rate in rates],
    }


def _weeks_left(given: Inputs) -> Answer:
    weeks = kernel.weeks_left(
        n=given["n_now"],
        half_width=given["halfwidth_now_pts"],
        target=given["halfwidth_target_pts"],
        weekly=given["weekly"],
        window_weeks=given["window_weeks"],
    )
    return {"weeks": weeks}


def _revenue(given: Inputs) -> Answer:
    found = kernel.compare_revenue(
        Sums.of(given["treated_orders"] + [0.0] * given["treated_zeros"]),
        Sums.of(given["control_orders"] + [0.0] * given["control_zeros"]),
    )
    assert found.rel_ci
    return {
        "diff": found.diff,
        "mover_log_ci": list(found.diff_ci),
        "rel": found.rel,
        "rel_ci": list(found.rel_ci),
        "teatasting_rel_ci": list(found.rel_ci),
    }


def _series(given: Inputs) -> Answer:
    found = kernel.interrupted_series(given["y"], given["start_index"])
    return {
        "rho": found.rho,
        "level": found.level,
        "gls_level": found.level,
        "se_reml": found.error,
        "gls_se": found.error,
        "df_eff": found.freedom,
        "ci": list(found.interval),
    }


def _break_even(given: Inputs) -> Answer:
    found = kernel.break_even(
        days=given["day"], margin=given["cum_margin_per_person"], errors=given["se"], cost=given["cost_per_person"]
    )
    return {"day": found.day, "earliest": found.earliest, "latest": found.latest}


def _landmark(given: Inputs) -> Answer:
    rows = list(zip(given["converted"], given["ev_pricing"], given["ev_blog"], given["total"], strict=True))
    counted: dict[tuple[bool, bool, int], list[int]] = {}
    for bought, pricing, blog, total in rows:
        cell = counted.setdefault((bool(pricing), bool(blog), total), [0, 0])
        cell[0] += 1
        cell[1] += bought
    groups = [Group(did=(p, b), activity=a, n=n, bought=x) for (p, b, a), (n, x) in counted.items()]
    pricing, blog = kernel.landmark_odds(groups)

    def crude(event: int) -> kernel.Ratio:
        cells = {(did, bought): 0 for did in (0, 1) for bought in (0, 1)}
        for row in rows:
            cells[row[event], row[0]] += 1
        return kernel.odds_ratio(((cells[1, 1], cells[1, 0]), (cells[0, 1], cells[0, 0])))

    return {
        "or_pricing": pricing.value,
        "or_pricing_ci": list(pricing.interval),
        "or_blog": blog.value,
        "or_blog_ci": list(blog.interval),
        "crude_or_pricing": crude(1).value,
        "crude_or_blog": crude(2).value,
        "crude_or_blog_ci": list(crude(2).interval),
        "glm_beta": math.log(pricing.value),
    }


def _hazard(given: Inputs) -> Answer:
    found = kernel.hazard_ratio(
        customers=given["id"], days=given["day"], did_before=given["ev_before"], bought=given["y"]
    )
    return {"hr": found.value, "hr_ci": list(found.interval)}


def _faster(given: Inputs) -> Answer:
    return {"times_faster": kernel.times_faster(purchase=given["p_purchase"], signal=given["p_add_to_cart"])}


ANSWERS: Final[dict[str, Callable[[Any], Answer]]] = {
    "hash_bucket": _hash_bucket,
    "hash_uniform": _hash_uniform,
    "srm_ok": _srm,
    "srm_alarm": _srm,
    "newcombe_pub_56_70_48_80": _newcombe,
    "newcombe_pub_9_10_3_10": _newcombe,
    "prop_article_10k": _prop,
    "prop_article_2k": _prop,
    "prop_tiny": _prop,
    "mean_welch_fieller": _means,
    "aov_delta": _basket,
    "nps_diff": _nps,
    "nps_article_n50": _nps_planned,
    "nps_article_n200": _nps_planned,
    "cac_before_after_poisson": _cac,
    "cac_before_after_quasipoisson": _cac_weekly,
    "icac_holdout": _icac,
    "cuped": _cuped,
    "asympcs_20k": _always_valid,
    "holm_4": _holm,
    "power_conversion": _power,
    "power_mean": _power_mean,
    "mde_conversion_2.3pct": _detectable,
    "meta_12_shops": _pool,
    "yoy_did": _last_year,
    "rtm": _regression,
    "roi": _returns,
    "funnel": _funnel,
    "event_or": _odds,
    "event_mh": _stratified,
    "eb_betabinom": _shrunk,
    "weeks_left": _weeks_left,
    "rpc_mover_log": _revenue,
    "its_reml_ar1": _series,
    "breakeven": _break_even,
    "landmark_logit": _landmark,
    "hazard_cloglog": _hazard,
    "indicator_speed": _faster,
}
