"""Simulated shops, thousands of campaigns at a time: the sums of an arm, without making its customers one by one."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from analytics.kernel import Counts, PairSums, RatioSums, Scores, Sums, Weeks

type Generator = np.random.Generator

# Buyers order once, and again this often on average within the window.
MORE_ORDERS: Final = 0.15
# Shares of promoters, passives and detractors, near those of a garden chain's 13,612 answers.
ANSWERS: Final = (0.60, 0.28, 0.12)
WEEKS: Final = 12
WEEKLY_COST: Final = 50_000.0
# So many campaigns are drawn together.
CHUNK: Final = 500
# Habits before and after are drawn for so many contacts an arm: the method does not care for more.
HABITS: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """A kind of shop: contacts an arm, share of the control group's buyers, lift of it and of the amount of an order
    by the campaign, spread of the amounts (σ of their logarithms), answers an arm, new customers a week."""

    name: str
    treated: int
    control: int
    rate: float
    lift: float = 0.0
    amount_lift: float = 0.0
    sigma: float = 0.7
    answers: int = 400
    nps_shift: float = 0.0
    new_a_week: float = 30.0
    # Variance of a week's new customers over their mean: 1 is Poisson's, real shops scatter more.
    scatter: float = 2.0
    cac_ratio: float = 1.0

    @property
    def order_mean(self) -> float:
        """Return the mean amount of a control order, in minor units."""
        return float(5000 * np.exp(self.sigma**2 / 2))


@dataclass(frozen=True, slots=True)
class Arm:
    """What one simulated arm did."""

    buyers: Counts
    revenue: Sums
    baskets: RatioSums
    scores: Scores
    earlier: PairSums


def arms(random: Generator, setting: Setting, runs: int) -> Iterator[tuple[Arm, Arm]]:
    """Yield treated and control of `runs` campaigns."""
    for done in range(0, runs, CHUNK):
        some = min(CHUNK, runs - done)
        treated = _arms(random, setting, some, setting.treated, setting.lift, setting.amount_lift, setting.nps_shift)
        control = _arms(random, setting, some, setting.control, 0.0, 0.0, 0.0)
        yield from zip(treated, control, strict=True)


def weeks(random: Generator, setting: Setting, runs: int) -> Iterator[tuple[Weeks, Weeks]]:
    """Yield twelve weeks after and twelve before, their scatter negative binomial."""
    sides = []
    for ratio in (1 / setting.cac_ratio, 1.0):
        mean = setting.new_a_week * ratio
        size = mean / (setting.scatter - 1)
        sides.append(random.negative_binomial(size, size / (size + mean), (runs, WEEKS)))
    cost = (WEEKLY_COST,) * WEEKS
    for after, before in zip(*sides, strict=True):
        yield Weeks(new=tuple(map(int, after)), cost=cost), Weeks(new=tuple(map(int, before)), cost=cost)


def _arms(
    random: Generator, setting: Setting, runs: int, n: int, lift: float, amount_lift: float, shift: float
) -> Iterator[Arm]:
    buyers = random.binomial(n, setting.rate * (1 + lift), runs)
    sums, pairs = _money(random, setting, buyers, amount_lift), _earlier(random, runs)
    promote, passive, detract = ANSWERS
    answers = random.multinomial(setting.answers, (promote + shift / 2, passive, detract - shift / 2), runs)
    for run in range(runs):
        money, orders, squares, orders_squares, cross = (float(column[run]) for column in sums)
        good, middling, bad = map(int, answers[run])
        yield Arm(
            buyers=Counts(n=n, successes=int(buyers[run])),
            revenue=Sums(n=n, total=money, squares=squares),
            baskets=RatioSums(n=int(buyers[run]), x=money, y=orders, xx=squares, yy=orders_squares, xy=cross),
            scores=Scores(promoters=good, passives=middling, detractors=bad),
            earlier=PairSums(n=HABITS, **{key: float(column[run]) for key, column in pairs.items()}),
        )


def _money(random: Generator, setting: Setting, buyers: Any, amount_lift: float) -> tuple[Any, ...]:
    """Return, a campaign: money, orders, and the sums of their squares and products over customers."""
    orders = 1 + random.poisson(MORE_ORDERS, int(buyers.sum()))
    amounts = np.round(5000 * (1 + amount_lift) * random.lognormal(0.0, setting.sigma, int(orders.sum())))
    money = _by(amounts, orders)
    many = orders.astype(float)
    return tuple(_by(column, buyers) for column in (money, many, money * money, many * many, money * many))


def _earlier(random: Generator, runs: int) -> dict[str, Any]:
    """Return, a campaign, the sums of an outcome of which a contact's habits explain a good part, seen before too."""
    habit = random.gamma(0.5, 2.0, (runs, HABITS))
    after, before = (random.poisson(habit) * random.lognormal(8.0, 0.3, (runs, HABITS)) for _ in range(2))
    sums = {"y": after, "x": before, "yy": after**2, "xx": before**2, "xy": after * before}
    return {key: values.sum(axis=1) for key, values in sums.items()}


def _by(values: Any, sizes: Any) -> Any:
    """Return the sums of consecutive stretches of `values`; those of size 0 are 0."""
    total = np.concatenate(([0.0], np.cumsum(values, dtype=float)))
    ends = np.cumsum(sizes)
    return total[ends] - total[ends - sizes]
