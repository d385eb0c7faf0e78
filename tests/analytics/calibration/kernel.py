"""The kernel against simulated campaigns: coverage of every metric's range, and verdicts where nothing was planted."""

from collections.abc import Callable, Iterator
from typing import Any, Final

import numpy as np
from scipy.stats import norm

from analytics.kernel import LEVEL, Counts, always_valid_level, interrupted_series, newcombe, score_ratio
from analytics.kernel.health import STRICT_LEVEL
from tests.analytics.calibration import vectorised
from tests.analytics.calibration.draws import Arms, Array, Generator, Setting, arms, new_customers
from tests.analytics.calibration.rows import Row

COVERS: Final = {"least": 0.935, "most": 0.965}
FALSE: Final = {"most": 0.055}
LOOKS: Final = 12
# So many campaigns are drawn together, so that memory stays small.
CHUNK: Final = 1000
# A hundredfold slower than a formula: computed by the kernel itself, for so many campaigns a setting at most.
FEW: Final = 2000

SETTINGS: Final = (
    Setting(name="half held out, 2.3 % buy, no effect", treated=5000, control=5000, rate=0.023),
    Setting(
        name="half held out, 2.3 % buy, +26 % buyers, +11 % basket, +13 NPS, −18 % CAC",
        treated=11_112,
        control=11_112,
        rate=0.023,
        lift=0.26,
        amount_lift=0.11,
        nps_shift=0.13,
        cac_ratio=0.82,
    ),
    Setting(name="a tenth held out, 12 % buy, no effect", treated=9000, control=1000, rate=0.12, answers=150),
    Setting(
        name="small shop: half of 1,000 held out, 12 % buy, +20 %",
        treated=500,
        control=500,
        rate=0.12,
        lift=0.2,
        answers=40,
        new_a_week=10,
        scatter=1.5,
    ),
    Setting(name="long tail: σ of log amounts 1.1, no effect", treated=5000, control=5000, rate=0.06, sigma=1.1),
)
_METRICS: Final[dict[str, Callable[[Arms, Arms], vectorised.Range]]] = {
    "conversion": vectorised.conversion,
    "revenue per contact": vectorised.revenue,
    "revenue per contact, in percent": vectorised.revenue_ratio,
    "basket": vectorised.basket,
    "NPS": vectorised.nps,
    "revenue with habits taken out (CUPED)": vectorised.cuped,
}


def rows(runs: int, seed: int) -> Iterator[Row]:
    """Yield every row, `runs` campaigns a setting; percentages of conversion and the series fewer, as the rows tell."""
    random = np.random.default_rng(seed)
    for setting in SETTINGS:
        yield from coverage(random, setting, runs)
    for setting in SETTINGS:
        if not setting.lift:
            yield from false_verdicts(random, setting, runs)
    yield from interrupted(random, min(FEW, max(10, runs // 20)))


def coverage(random: Generator, setting: Setting, runs: int) -> Iterator[Row]:
    """Yield how often each metric's range holds what was planted."""
    truth = _truth(setting)
    held = dict.fromkeys(truth, 0)
    percent = asked = 0
    for done in range(0, runs, CHUNK):
        some = min(CHUNK, runs - done)
        treated, control = (arms(random, setting, some, treated=which) for which in (True, False))
        after, before = (new_customers(random, setting, some, after=which) for which in (True, False))
        if not done:
            vectorised.agree(treated, control, after, before)
        for name, ranges in _METRICS.items():
            held[name] += _holds(ranges(treated, control), truth[name])
        held["acquisition cost, in percent"] += _holds(vectorised.cac_ratio(after, before), setting.cac_ratio - 1)
        for run in range(min(some, min(FEW, runs) - asked)):
            interval = score_ratio(treated.counts(run), control.counts(run))
            asked += 1
            percent += interval is not None and interval[0] <= setting.lift <= interval[1]
    for name, times in held.items():
        yield Row(setting=setting.name, figure=f"{name}: range holds the truth", times=times, runs=runs, **COVERS)
    figure = "conversion, in percent: range holds the truth"
    yield Row(setting=setting.name, figure=figure, times=percent, runs=asked, **COVERS)


def _holds(ranges: vectorised.Range, truth: float) -> int:
    low, high = ranges
    return int(((low <= truth) & (truth <= high)).sum())


def _truth(setting: Setting) -> dict[str, float]:
    """Return what was planted, a metric."""
    mean = setting.order_mean
    money = setting.rate * 1.15 * mean
    risen = (1 + setting.lift) * (1 + setting.amount_lift)
    return {
        "conversion": setting.rate * setting.lift,
        "revenue per contact": money * (risen - 1),
        "revenue per contact, in percent": risen - 1,
        "basket": mean * setting.amount_lift,
        "NPS": 100 * setting.nps_shift,
        "revenue with habits taken out (CUPED)": 0.0,
        "acquisition cost, in percent": setting.cac_ratio - 1,
    }


def false_verdicts(random: Generator, setting: Setting, runs: int) -> Iterator[Row]:
    """Yield how often a campaign without effect is called one within twelve weekly looks, ours and a naive reader's.

    Ours: eleven looks at the 99 % sequence, then the fixed 95 % range on the planned day. Naive: twelve looks at the
    ordinary 95 % range, which a report must never offer.
    """
    weekly_t, weekly_c = setting.treated // LOOKS, setting.control // LOOKS
    bought_t, bought_c = (
        np.cumsum(random.binomial(n, setting.rate, (runs, LOOKS)), axis=1) for n in (weekly_t, weekly_c)
    )
    weeks = np.arange(1, LOOKS + 1)
    both = weekly_t + weekly_c
    levels = [always_valid_level(n=both * k, n_target=both * LOOKS, level=STRICT_LEVEL) for k in range(1, LOOKS)]
    z = norm.ppf((1 + np.array([*levels, LEVEL])) / 2)
    n_t, n_c = weekly_t * weeks, weekly_c * weeks
    ours = vectorised.newcombe(bought_t, n_t, bought_c, n_c, z)
    _as_the_kernel(ours, bought_t, n_t, bought_c, n_c, [*levels, LEVEL])
    naive = vectorised.newcombe(bought_t, n_t, bought_c, n_c)
    wrong, misled = (int(_excludes(ranges).any(axis=1).sum()) for ranges in (ours, naive))
    yield Row(setting=setting.name, figure="false verdict within 12 weekly looks", times=wrong, runs=runs, **FALSE)
    yield Row(setting=setting.name, figure="(a naive reader of weekly 95 % ranges)", times=misled, runs=runs)


def _as_the_kernel(
    found: vectorised.Range, x_t: Array, n_t: Array, x_c: Array, n_c: Array, levels: list[float]
) -> None:
    for run in range(min(20, len(x_t))):
        for look, level in enumerate(levels):
            pair = (Counts(n=int(n[look]), successes=int(x[run, look])) for n, x in ((n_t, x_t), (n_c, x_c)))
            ours = (found[0][run, look], found[1][run, look])
            np.testing.assert_allclose(ours, newcombe(*pair, level=level), rtol=1e-6, atol=1e-9)


def _excludes(ranges: vectorised.Range) -> Any:
    return (ranges[0] > 0) | (ranges[1] < 0)


def interrupted(random: Generator, runs: int) -> Iterator[Row]:
    """Yield how often the interrupted series' range holds 0 where there is no step, over 52 weeks and 12 after."""
    held = 0
    week = np.arange(64)
    season = 100 + 0.2 * week + 15 * np.sin(2 * np.pi * week / 52)
    rho = 0.4
    for _run in range(runs):
        noise = np.empty(64)
        noise[0] = random.normal(0, 5)
        for k in range(1, 64):
            noise[k] = rho * noise[k - 1] + random.normal(0, 5 * np.sqrt(1 - rho**2))
        low, high = interrupted_series(list(season + noise), 52).interval
        held += low <= 0 <= high
    name = "64 weeks with season, trend and neighbours alike by 0.4"
    yield Row(setting=name, figure="interrupted series: range holds 0", times=held, runs=runs, **COVERS)
