"""The kernel against simulated campaigns: coverage of every metric's range, and verdicts where nothing was planted."""

from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Final

import numpy as np

from analytics.kernel import (
    LEVEL,
    Estimate,
    Interval,
    PairSums,
    always_valid_level,
    compare_adjusted,
    compare_basket,
    compare_cac,
    compare_conversion,
    compare_nps,
    compare_revenue,
    interrupted_series,
    newcombe,
)
from analytics.kernel.health import STRICT_LEVEL
from analytics.kernel.statistics import Counts
from tests.analytics.calibration.draws import Setting, arms, weeks
from tests.analytics.calibration.rows import Row

COVERS: Final = {"least": 0.935, "most": 0.965}
FALSE: Final = {"most": 0.055}
LOOKS: Final = 12

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
        name="small shop: half of 1,000 held out, 12 % buy",
        treated=500,
        control=500,
        rate=0.12,
        lift=0.2,
        answers=40,
        new_a_week=8,
        scatter=1.3,
    ),
    Setting(name="long tail: σ of log amounts 1.1", treated=5000, control=5000, rate=0.06, sigma=1.1, scatter=4.0),
)


def coverage(random: np.random.Generator, setting: Setting, runs: int) -> Iterator[Row]:
    """Yield how often each metric's ranges hold what was planted."""
    held, asked = Counter[str](), Counter[str]()
    truth = _truth(setting)

    def look(name: str, compare: Callable[[], Estimate]) -> None:
        estimate, (diff, rel) = compare(), truth[name]
        ranges = {"": (estimate.diff_ci, diff), ", in percent": (estimate.rel_ci, rel)}
        for what, (interval, true) in ranges.items():
            if interval is not None and true is not None:
                asked[name + what] += 1
                held[name + what] += interval[0] <= true <= interval[1]

    for treated, control in arms(random, setting, runs):
        look("conversion", partial(compare_conversion, treated.buyers, control.buyers))
        look("revenue per contact", partial(compare_revenue, treated.revenue, control.revenue))
        look("basket", partial(compare_basket, treated.baskets, control.baskets))
        look("NPS", partial(compare_nps, treated.scores, control.scores))
        look("revenue, CUPED", partial(_adjusted, treated.earlier, control.earlier))
    for after, before in weeks(random, setting, runs):
        look("acquisition cost", partial(compare_cac, after, before))
    for name in sorted(asked):
        yield Row(
            setting=setting.name, figure=f"{name}: range holds the truth", times=held[name], runs=asked[name], **COVERS
        )


def _adjusted(treated: PairSums, control: PairSums) -> Estimate:
    return compare_adjusted(treated, control).estimate


def _truth(setting: Setting) -> dict[str, tuple[float | None, float | None]]:
    """Return (difference, relative) as planted; None where it has no one value to be held."""
    mean, orders = setting.order_mean, 1.15
    money = setting.rate * orders * mean
    money_t = money * (1 + setting.lift) * (1 + setting.amount_lift)
    return {
        "conversion": (setting.rate * setting.lift, setting.lift),
        "revenue per contact": (money_t - money, money_t / money - 1),
        "basket": (mean * setting.amount_lift, setting.amount_lift),
        "NPS": (100 * setting.nps_shift, None),
        "revenue, CUPED": (0.0, None),
        "acquisition cost": (None, setting.cac_ratio - 1),
    }


def false_verdicts(random: np.random.Generator, setting: Setting, runs: int) -> Iterator[Row]:
    """Yield how often a campaign without effect is called one within twelve weekly looks, ours and a naive reader's.

    Ours: eleven looks at the 99 % sequence, then the fixed 95 % range on the planned day. Naive: twelve looks at the
    ordinary 95 % range, which a report must never offer.
    """
    wrong = naive = 0
    parts = [setting.treated // LOOKS, setting.control // LOOKS]
    weekly = [np.cumsum(random.binomial(n, setting.rate, (runs, LOOKS)), axis=1) for n in parts]
    total = sum(parts) * LOOKS
    levels = [always_valid_level(n=sum(parts) * k, n_target=total, level=STRICT_LEVEL) for k in range(1, LOOKS)]
    levels.append(LEVEL)
    for run in range(runs):
        looks = [
            [Counts(n=n * k, successes=int(column[run, k - 1])) for n, column in zip(parts, weekly, strict=True)]
            for k in range(1, LOOKS + 1)
        ]
        wrong += any(_excludes(newcombe(*pair, level=level)) for pair, level in zip(looks, levels, strict=True))
        naive += any(_excludes(newcombe(*pair)) for pair in looks)
    yield Row(setting=setting.name, figure="false verdict within 12 weekly looks", times=wrong, runs=runs, **FALSE)
    yield Row(setting=setting.name, figure="(a naive reader of 95 % ranges)", times=naive, runs=runs, most=1.0)


def interrupted(random: np.random.Generator, runs: int) -> Iterator[Row]:
    """Yield how often the interrupted series' range holds 0 where there is no step, over 52 weeks and 12 after."""
    held = 0
    week = np.arange(64)
    season = 100 + 0.2 * week + 15 * np.sin(2 * np.pi * week / 52)
    for _run in range(runs):
        noise, rho = np.empty(64), 0.4
        noise[0] = random.normal(0, 5)
        for k in range(1, 64):
            noise[k] = rho * noise[k - 1] + random.normal(0, 5 * np.sqrt(1 - rho**2))
        low, high = interrupted_series(list(season + noise), 52).interval
        held += low <= 0 <= high
    name = "64 weeks with season, trend and likeness of neighbours 0.4"
    yield Row(
        setting=name, figure="interrupted series: range holds the truth", times=held, runs=runs, least=0.90, most=0.98
    )


def _excludes(interval: Interval) -> bool:
    return interval[0] > 0 or interval[1] < 0


def rows(runs: int, seed: int) -> Iterator[Row]:
    """Yield every row, `runs` campaigns a setting; the slow series a fortieth of them."""
    random: Any = np.random.default_rng(seed)
    for setting in SETTINGS:
        yield from coverage(random, setting, runs)
    for setting in SETTINGS:
        if not setting.lift:
            yield from false_verdicts(random, setting, runs)
    yield from interrupted(random, max(50, runs // 40))
