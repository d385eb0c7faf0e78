"""Simulated shops, thousands of campaigns at a time: the sums of an arm, without making its customers one by one."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from analytics.kernel import Counts, PairSums, RatioSums, Scores, Sums, Weeks

type Generator = np.random.Generator
type Array = Any

# Buyers order once, and again this often on average within the window.
MORE_ORDERS: Final = 0.15
# Shares of promoters, passives and detractors, near those of a garden chain's 13,612 answers.
ANSWERS: Final = (0.60, 0.28, 0.12)
WEEKS: Final = 12
WEEKLY_COST: Final = 50_000.0
# Habits before and after are drawn for so many contacts an arm: the method does not care for more.
HABITS: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """A kind of shop: contacts an arm, share of the control group's buyers, what the campaign adds, answers an arm.

    `sigma` is the spread of the logarithms of order amounts. `scatter` is the variance of a week's new customers over
    their mean: 1 is Poisson's, real shops scatter more.
    """

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
    scatter: float = 2.0
    cac_ratio: float = 1.0

    @property
    def order_mean(self) -> float:
        """Return the mean amount of a control order, in minor units."""
        return float(5000 * np.exp(self.sigma**2 / 2))


@dataclass(frozen=True, slots=True, kw_only=True)
class Arms:
    """What one arm did in each of many campaigns, one element a campaign."""

    n: int
    buyers: Array
    money: Array
    orders: Array
    squares: Array
    orders_squares: Array
    cross: Array
    promoters: Array
    passives: Array
    detractors: Array
    habits: dict[str, Array]

    def counts(self, run: int) -> Counts:
        """Return who bought in one campaign."""
        return Counts(n=self.n, successes=int(self.buyers[run]))

    def revenue(self, run: int) -> Sums:
        """Return the money a contact of one campaign."""
        return Sums(n=self.n, total=float(self.money[run]), squares=float(self.squares[run]))

    def baskets(self, run: int) -> RatioSums:
        """Return money over orders of one campaign's buyers."""
        x, y, xx, yy, xy = (
            float(column[run]) for column in (self.money, self.orders, self.squares, self.orders_squares, self.cross)
        )
        return RatioSums(n=int(self.buyers[run]), x=x, y=y, xx=xx, yy=yy, xy=xy)

    def scores(self, run: int) -> Scores:
        """Return the answers of one campaign."""
        promoters, passives, detractors = (int(c[run]) for c in (self.promoters, self.passives, self.detractors))
        return Scores(promoters=promoters, passives=passives, detractors=detractors)

    def earlier(self, run: int) -> PairSums:
        """Return outcome and habit of one campaign."""
        return PairSums(n=HABITS, **{key: float(values[run]) for key, values in self.habits.items()})


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCustomers:
    """New customers of twelve weeks, one row a campaign; every week cost the same."""

    new: Array

    def weeks(self, run: int) -> Weeks:
        """Return the weeks of one campaign."""
        return Weeks(new=tuple(map(int, self.new[run])), cost=(WEEKLY_COST,) * WEEKS)


def arms(random: Generator, setting: Setting, runs: int, *, treated: bool) -> Arms:
    """Return one arm of `runs` campaigns."""
    n = setting.treated if treated else setting.control
    lift, amount_lift, shift = (setting.lift, setting.amount_lift, setting.nps_shift) if treated else (0.0, 0.0, 0.0)
    buyers = random.binomial(n, setting.rate * (1 + lift), runs)
    orders = 1 + random.poisson(MORE_ORDERS, int(buyers.sum()))
    amounts = np.round(5000 * (1 + amount_lift) * random.lognormal(0.0, setting.sigma, int(orders.sum())))
    money, many = _by(amounts, orders), orders.astype(float)
    promote, passive, detract = ANSWERS
    answers = random.multinomial(setting.answers, (promote + shift / 2, passive, detract - shift / 2), runs)
    return Arms(
        n=n,
        buyers=buyers,
        money=_by(money, buyers),
        orders=_by(many, buyers),
        squares=_by(money * money, buyers),
        orders_squares=_by(many * many, buyers),
        cross=_by(money * many, buyers),
        promoters=answers[:, 0],
        passives=answers[:, 1],
        detractors=answers[:, 2],
        habits=_habits(random, runs),
    )


def new_customers(random: Generator, setting: Setting, runs: int, *, after: bool) -> NewCustomers:
    """Return twelve weeks of `runs` shops, negative binomial."""
    mean = setting.new_a_week / (setting.cac_ratio if after else 1.0)
    size = mean / (setting.scatter - 1)
    return NewCustomers(new=random.negative_binomial(size, size / (size + mean), (runs, WEEKS)))


def _habits(random: Generator, runs: int) -> dict[str, Array]:
    """Return, a campaign, the sums of an outcome of which a contact's habits explain a good part, seen before too."""
    habit = random.gamma(0.5, 2.0, (runs, HABITS))
    after, before = (random.poisson(habit) * random.lognormal(8.0, 0.3, (runs, HABITS)) for _ in range(2))
    sums = {"y": after, "x": before, "yy": after**2, "xx": before**2, "xy": after * before}
    return {key: values.sum(axis=1) for key, values in sums.items()}


def _by(values: Array, sizes: Array) -> Array:
    """Return the sums of consecutive stretches of `values`, each of the length in `sizes`; empty ones are 0."""
    total = np.concatenate(([0.0], np.cumsum(values, dtype=np.longdouble)))
    ends = np.cumsum(sizes)
    return (total[ends] - total[ends - sizes]).astype(float)
