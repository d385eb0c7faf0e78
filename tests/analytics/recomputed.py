"""Every figure of a report computed a second time in pandas, from nothing but the exported rows and the settings.

Formulas are written out anew from the literature; only Koopman's score interval is statsmodels' in both.
"""

import io
import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.stats.proportion import confint_proportions_2indep

type Figures = dict[str, Any]

Z: Final = float(stats.norm.ppf(0.975))


@dataclass(frozen=True)
class Rows:
    """The two exported tables, money in whole units, and the campaign's settings."""

    contacts: pd.DataFrame
    shop: pd.DataFrame
    settings: Figures

    @classmethod
    def read(cls, contacts: str, shop: str, settings: Figures) -> "Rows":
        """Return the tables as read from CSV."""
        return cls(pd.read_csv(io.StringIO(contacts)), pd.read_csv(io.StringIO(shop)), settings)

    def arm(self, group: str) -> pd.DataFrame:
        """Return the contacts of one group whose days are over."""
        return self.contacts[(self.contacts.group == group) & (self.contacts.over == 1)]


def report(rows: Rows) -> Figures:
    """Return the figures by the names that the report gives them."""
    treated, control = rows.arm("treated"), rows.arm("control")
    told: Figures = {
        "counts": _counts(rows.contacts),
        "exclusions": rows.contacts[rows.contacts.group == "left_out"].reason.value_counts().to_dict(),
        "withheld": rows.contacts.withheld.dropna().str.split(";").explode().value_counts().to_dict(),
        "holdout": {
            "conversion": _shares(*_of(treated), *_of(control)),
            "revenue": _money(treated.revenue, control.revenue),
            "basket": _baskets(treated, control),
            "nps": _nps(treated.score.dropna(), control.score.dropna()),
        },
        "cuped": _cuped(treated, control),
        "winsorised": _winsorised(treated, control),
        "largest_share": {
            name: arm.revenue.max() / arm.revenue.sum() for name, arm in (("treated", treated), ("control", control))
        },
        "health": _health(rows.contacts, treated, control, rows.settings),
    }
    cost = _cost(rows, treated)
    told["extra_customer"] = _extra_customer(treated, control, cost)
    told["returns"] = _returns(told["holdout"]["revenue"], len(treated), cost, rows.settings)
    told["pays_back"] = _pays_back(treated, control, cost, rows.settings)
    told["plain"] = _before_after(rows.shop, "")
    told["season"] = _season(rows.shop, told["plain"], _before_after(rows.shop, "last_"))
    return told


def _counts(contacts: pd.DataFrame) -> Figures:
    counts: Figures = {"messages": int(contacts.messages.sum()), "message_cost": contacts.message_cost.sum()}
    for name in ("treated", "control"):
        arm = contacts[contacts.group == name]
        over = arm[arm.over == 1]
        counts |= {
            name: len(arm),
            f"mature_{name}": len(over),
            f"buyers_{name}": int(over.converted.sum()),
            f"orders_{name}": int(over.orders.sum()),
        }
    return counts


def _told(a: float, b: float, interval: tuple[float, float], rel: Any = None, rel_ci: Any = None) -> Figures:
    return {"value_t": a, "value_c": b, "diff": a - b, "diff_ci": list(interval), "rel": rel, "rel_ci": rel_ci}


def _of(arm: pd.DataFrame) -> tuple[int, int]:
    return int(arm.converted.sum()), len(arm)


def _shares(x_t: int, n_t: int, x_c: int, n_c: int) -> Figures:
    p, q = x_t / n_t, x_c / n_c
    low, high = (
        confint_proportions_2indep(x_t, n_t, x_c, n_c, compare="ratio", method="score") if min(x_t, x_c) else (0, 0)
    )
    return _told(p, q, _newcombe(x_t, n_t, x_c, n_c), p / q - 1, [float(np.real(low)) - 1, float(np.real(high)) - 1])


def _newcombe(x_t: int, n_t: int, x_c: int, n_c: int) -> tuple[float, float]:
    (p, l_t, u_t), (q, l_c, u_c) = _wilson(x_t, n_t), _wilson(x_c, n_c)
    return p - q - math.hypot(p - l_t, u_c - q), p - q + math.hypot(u_t - p, q - l_c)


def _wilson(x: int, n: int) -> tuple[float, float, float]:
    p = x / n
    middle, half = (2 * x + Z**2), Z * math.sqrt(Z**2 + 4 * x * (1 - p))
    return p, (middle - half) / (2 * (n + Z**2)), (middle + half) / (2 * (n + Z**2))


def _money(treated: "pd.Series[float]", control: "pd.Series[float]") -> Figures:
    return _logged(treated.mean(), treated.var() / len(treated), control.mean(), control.var() / len(control))


def _logged(a: float, var_a: float, b: float, var_b: float) -> Figures:
    (al, au), (bl, bu) = (
        (mean * math.exp(-Z * math.sqrt(var) / mean), mean * math.exp(Z * math.sqrt(var) / mean))
        for mean, var in ((a, var_a), (b, var_b))
    )
    half = Z * math.sqrt(var_a / a**2 + var_b / b**2)
    return _told(
        a,
        b,
        (a - b - math.hypot(a - al, bu - b), a - b + math.hypot(au - a, b - bl)),
        a / b - 1,
        [a / b * math.exp(-half) - 1, a / b * math.exp(half) - 1],
    )


def _baskets(treated: pd.DataFrame, control: pd.DataFrame) -> Figures:
    return _ratios(*(_basket(arm.revenue, arm.orders, np.ones(len(arm))) for arm in (treated, control)))


def _basket(revenue: Any, orders: Any, count: Any) -> tuple[float, float]:
    """Return the mean basket and its variance by the delta method; a row is a unit that stands `count` times."""
    x, y, w = (np.asarray(values, dtype=float) for values in (revenue, orders, count))
    ratio, n = (w * x).sum() / (w * y).sum(), w.sum()
    residuals = (w * (x - ratio * y) ** 2).sum() / (n - 1)
    return ratio, residuals / n / ((w * y).sum() / n) ** 2


def _ratios(first: tuple[float, float], second: tuple[float, float]) -> Figures:
    (a, var_a), (b, var_b) = first, second
    half, log = Z * math.sqrt(var_a + var_b), Z * math.sqrt(var_a / a**2 + var_b / b**2)
    return _told(a, b, (a - b - half, a - b + half), a / b - 1, [a / b * math.exp(-log) - 1, a / b * math.exp(log) - 1])


def _nps(treated: "pd.Series[float]", control: "pd.Series[float]") -> Figures:
    a, b = (_points(scores) for scores in (treated, control))
    if min(len(a), len(b)) >= 100:
        low, high = stats.ttest_ind(a, b, equal_var=False).confidence_interval()
        return _told(a.mean(), b.mean(), (low, high))
    centre = variance = 0.0
    for sign, points in ((1, a), (-1, b)):
        n = len(points) + 3
        up, down = ((points > 0).sum() + 0.75) / n, ((points < 0).sum() + 0.75) / n
        centre += sign * 100 * (up - down)
        variance += 1e4 * (up + down - (up - down) ** 2) / n
    half, diff = Z * math.sqrt(variance), a.mean() - b.mean()
    return _told(a.mean(), b.mean(), (min(centre - half, diff), max(centre + half, diff)))


def _points(scores: "pd.Series[float]") -> Any:
    return np.where(scores >= 9, 100.0, np.where(scores <= 6, -100.0, 0.0))


def _cuped(treated: pd.DataFrame, control: pd.DataFrame) -> Figures:
    both = pd.concat([treated, control])
    theta = np.cov(both.revenue, both.earlier_revenue)[0, 1] / both.earlier_revenue.var()
    a, b = (arm.revenue - theta * (arm.earlier_revenue - both.earlier_revenue.mean()) for arm in (treated, control))
    low, high = stats.ttest_ind(a, b, equal_var=False).confidence_interval()
    return {"value_t": a.mean(), "value_c": b.mean(), "diff": a.mean() - b.mean(), "diff_ci": [low, high]}


def _winsorised(treated: pd.DataFrame, control: pd.DataFrame) -> Figures:
    spent = pd.concat([treated, control]).revenue
    spent = spent[spent > 0].sort_values(ascending=False).reset_index(drop=True)
    most = spent[math.ceil(len(spent) / 100)]
    return _money(treated.revenue.clip(upper=most), control.revenue.clip(upper=most)) | {"most": most}


def _health(contacts: pd.DataFrame, treated: pd.DataFrame, control: pd.DataFrame, settings: Figures) -> Figures:
    held, all_of_them = (contacts.group == "control").sum(), contacts.group.isin(["treated", "control"]).sum()
    return {
        "in_both": int(contacts.in_both.sum()),
        "orders_before_treated": treated.orders_before.mean(),
        "orders_before_control": control.orders_before.mean(),
        "p_sizes": stats.binomtest(int(held), int(all_of_them), settings["control_share"]).pvalue,
        "p_before": stats.ttest_ind(treated.orders_before, control.orders_before, equal_var=False).pvalue,
    }


def _cost(rows: Rows, treated: pd.DataFrame) -> float:
    over = len(treated) / (rows.contacts.group == "treated").sum()
    return float(rows.contacts.message_cost.sum() * over + rows.settings["incentive_cost"] * treated.converted.sum())


def _extra_customer(treated: pd.DataFrame, control: pd.DataFrame, cost: float) -> Figures:
    new_t, new_c = int(treated.new_customer.sum()), int(control.new_customer.sum())
    low, high = _newcombe(new_t, len(treated), new_c, len(control))
    each, diff = cost / len(treated), new_t / len(treated) - new_c / len(control)
    return {
        "value": each / diff if diff > 0 else None,
        "interval": [each / high, each / low if low > 0 else None],
        "new_t": new_t,
        "new_c": new_c,
    }


def _returns(revenue: Figures, contacts: int, cost: float, settings: Figures) -> Figures:
    share = settings["margin_share"]
    margin, ends = contacts * revenue["diff"] * share, [contacts * end * share for end in revenue["diff_ci"]]
    return {
        "margin": margin,
        "margin_ci": ends,
        "cost": cost,
        "roi": margin / cost - 1,
        "roi_ci": [end / cost - 1 for end in ends],
    }


def _pays_back(treated: pd.DataFrame, control: pd.DataFrame, cost: float, settings: Figures) -> Figures:
    share, each = settings["margin_share"], cost / len(treated)
    days: Figures = {"day": None, "earliest": None, "latest": None}
    for name in [str(column) for column in treated.columns if str(column).startswith("week_")]:
        a, b = (arm[arm.over_long == 1][name] for arm in (treated, control))
        middle = share * (a.mean() - b.mean())
        half = Z * share * math.sqrt(a.var() / len(a) + b.var() / len(b))
        day = 7 * int(name.removeprefix("week_"))
        for key, value in (("day", middle), ("earliest", middle + half), ("latest", middle - half)):
            if days[key] is None and value >= each:
                days[key] = day
    return days


def _before_after(shop: pd.DataFrame, prefix: str) -> Figures:
    sides: Figures = {}
    for name in ("before", "after"):
        rows = shop[shop.period == f"{prefix}{name}"]
        people = rows[rows.what == "customers"]
        known, buyers = people[people.known == 1], people[people.orders > 0]
        sides[name] = {
            "n": int(known["count"].sum()),
            "buyers": int(known[known.orders > 0]["count"].sum()),
            "mean": _weighted(known.revenue, known["count"]),
            "basket": _basket(buyers.revenue, buyers.orders, buyers["count"]),
            "scores": _repeated(rows[rows.what == "answers"]),
            "weeks": rows[rows.what == "week"],
        }
    after, before = sides["after"], sides["before"]
    return {
        "conversion": _shares(after["buyers"], after["n"], before["buyers"], before["n"]),
        "revenue": _logged(*after["mean"], *before["mean"]),
        "basket": _ratios(after["basket"], before["basket"]),
        "nps": _nps(after["scores"], before["scores"]),
        "cac": _cac(after["weeks"], before["weeks"]),
        "sides": sides,
    }


def _repeated(answers: pd.DataFrame) -> "pd.Series[float]":
    return answers.score.repeat(answers["count"].astype(int).tolist())


def _weighted(values: Any, count: Any) -> tuple[float, float]:
    """Return the mean of rows that stand for `count` units each, and the variance of that mean."""
    n = count.sum()
    mean = (values * count).sum() / n
    return mean, (count * (values - mean) ** 2).sum() / (n - 1) / n


def _cac(after: pd.DataFrame, before: pd.DataFrame) -> Figures:
    """Quasi-Poisson on two sides has a closed form: each side's rate is its total over its cost."""
    pearson, costs, spreads = 0.0, [], []
    for side in (after, before):
        expected = side.cost * side.new_customers.sum() / side.cost.sum()
        pearson += ((side.new_customers - expected) ** 2 / expected).sum()
    freedom = len(after) + len(before) - 2
    scale = max(1.0, pearson / freedom)
    for side in (after, before):
        new, cost = side.new_customers.sum(), side.cost.sum()
        value = cost / new
        ends = [cost / (stats.chi2.ppf(0.975, 2 * new + 2) / 2), cost / (stats.chi2.ppf(0.025, 2 * new) / 2)]
        costs.append(value)
        spreads.append([value * (end / value) ** math.sqrt(scale) for end in ends])
    (a, b), ((al, au), (bl, bu)) = costs, spreads
    half = stats.t.ppf(0.975, freedom) * math.sqrt(
        scale * (1 / after.new_customers.sum() + 1 / before.new_customers.sum())
    )
    return _told(
        a,
        b,
        (a - b - math.hypot(a - al, bu - b), a - b + math.hypot(au - a, b - bl)),
        a / b - 1,
        [a / b * math.exp(-half) - 1, a / b * math.exp(half) - 1],
    )


def _season(_shop: pd.DataFrame, this: Figures, last: Figures) -> Figures:
    """Ratio of ratios: buyers by Poisson's interaction in closed form, the others by their log intervals."""
    told = {}
    for name in ("conversion", "revenue", "basket", "cac"):
        rel = (1 + this[name]["rel"]) / (1 + last[name]["rel"])
        if name == "conversion":
            cells = [figures["sides"][side]["buyers"] for figures in (this, last) for side in ("after", "before")]
            half = Z * math.sqrt(sum(1 / cell for cell in cells))
        else:
            half = math.hypot(*(_log_half(figures[name]["rel_ci"]) for figures in (this, last)))
        value = this[name]["value_t"]
        ends = [rel * math.exp(-half), rel * math.exp(half)]
        expected = value / rel
        told[name] = _told(
            value, expected, (value - value / ends[0], value - value / ends[1]), rel - 1, [e - 1 for e in ends]
        )
    diff = this["nps"]["diff"] - last["nps"]["diff"]
    half = math.hypot(*((figures["nps"]["diff_ci"][1] - figures["nps"]["diff_ci"][0]) / 2 for figures in (this, last)))
    value = this["nps"]["value_t"]
    told["nps"] = _told(value, value - diff, (diff - half, diff + half))
    return told


def _log_half(interval: list[float]) -> float:
    return (math.log1p(interval[1]) - math.log1p(interval[0])) / 2
