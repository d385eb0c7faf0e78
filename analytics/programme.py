"""The whole programme beside its global control groups, an epoch at a time: sizes, checks, differences, refusals."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from analytics.bilan import bilan_figures, bilan_words
from analytics.comparisons import ORDERS
from analytics.facts.programme import epochs
from analytics.formats import day, money, number, percent, symbol
from analytics.gate_words import METHODS, TITLES, gate_words
from campaigns.models import Shop
from campaigns.models.fields import major_units

type Figures = dict[str, Any]


def programme_figures(now: datetime) -> Figures:
    """Return the Bilan's figures of every epoch of the global control group, the latest first, without words.

    `current` is the latest, or says `refused` where no group was ever drawn. Money is in minor units, shares are of 1.
    """
    known = [bilan_figures(group.epoch, now) for group, _period in epochs(now)]
    return {"currency": Shop.get().currency, "current": known[0] if known else bilan_figures("", now), "epochs": known}


def programme_words(figures: Figures) -> Figures:
    """Return the programme with its sentences in the active language: the verdict, each check, each epoch's rows."""
    current = bilan_words(figures["current"])
    rows = [_epoch(bilan_words(one)) for one in figures["epochs"]]
    return figures | {
        "current": current,
        "epochs": rows,
        "sentence": current["sentence"],
        "honest": current["honest"],
        "tone": current["tone"],
        "checks": _checks(current) if figures["epochs"] else [],
    }


def _epoch(told: Figures) -> Figures:
    """Return one epoch with its differences as shown, or without them and with the sentence that says why."""
    if not told["gained"]:
        return told | {"conversion": None, "revenue": None}
    currency = told["currency"]

    def shown(estimate: Figures, value: Any, diff: Any) -> Figures:
        low, high = estimate["diff_ci"]
        return {
            "with": value(estimate["value_t"]),
            "without": value(estimate["value_c"]),
            "diff": diff(estimate["diff"]),
            "range": _("%(low)s to %(high)s") % {"low": diff(low), "high": diff(high)},
            "method": str(METHODS[estimate["method"]]),
        }

    return told | {
        "conversion": shown(
            told["gained"]["conversion"],
            lambda share: percent(share, 2),
            lambda share: number(1000 * share, 1, signed=True),
        ),
        "revenue": shown(
            told["gained"]["revenue"],
            lambda minor: money(minor, currency),
            lambda minor: money(minor, currency, signed=True),
        ),
    }


def _checks(told: Figures) -> list[Figures]:
    """Return what must hold before the difference may be believed, each with how it stands and one sentence."""
    return [gate_words(told["health"]), _left_alone(told), _volume(told), _maturity(told)]


def _check(title: Any, state: str, sentence: str) -> Figures:
    return {"title": str(title), "state": state, "sentence": sentence}


def _left_alone(told: Figures) -> Figures:
    strays, earlier = told["health"]["figures"].get("in_both", 0), told["written_to_earlier"]
    if told["refused"] == "contaminated":
        sentence = _("%(count)s customers of the control group were written to against the draw.") % {
            "count": number(strays)
        }
        return _check(_("Left alone"), "failed", sentence)
    if earlier:
        sentence = _(
            "%(count)s of %(all)s are still written to by campaigns that knew them before the draw: that makes "
            "both sides more alike, so the effect looks smaller than it is."
        ) % {"count": number(earlier), "all": number(told["control_customers"])}
        return _check(_("Left alone"), "waiting", sentence)
    return _check(
        _("Left alone"), "passed", _("Only service messages and promised benefits went to the control group.")
    )


def _volume(told: Figures) -> Figures:
    values = {name: number(told[f"{name}_orders"]) for name in ("treated", "control")} | {"least": number(ORDERS)}
    enough = min(told["treated_orders"], told["control_orders"]) >= ORDERS
    sentence = _("%(treated)s orders beside %(control)s in the control group; each side needs %(least)s.") % values
    return _check(TITLES["volume"], "passed" if enough else "waiting", sentence)


def _maturity(told: Figures) -> Figures:
    if not told["running"]:
        return _check(TITLES["maturity"], "passed", _("The quarter is over."))
    ends = day(told["ends"], ZoneInfo(Shop.get().timezone))
    sentence = _("The quarter runs until %(date)s: until then the ranges are wider, and may be looked at every day.")
    return _check(TITLES["maturity"], "waiting", sentence % {"date": ends})


def programme_tables(told: Figures) -> list[Figures]:
    """Return the page's two tables, a row an epoch: the difference with its range, or why there is none."""
    meanings = {
        "conversion": _("Customers who bought during the quarter; the difference is for 1,000 customers."),
        "revenue": _("What one customer brought in during the quarter, those who bought nothing included."),
    }
    titles = {"conversion": _("Conversion"), "revenue": _("Revenue per customer")}
    return [
        {
            "name": name,
            "title": titles[name],
            "meaning": meaning,
            "method": next((one[name]["method"] for one in told["epochs"] if one[name]), ""),
            "rows": [
                {
                    "epoch": one["epoch"],
                    "period": one["period_text"],
                    "shown": one[name],
                    "treated": one["treated_customers"],
                    "control": one["control_customers"],
                    "sentence": one["sentence"],
                }
                for one in told["epochs"]
            ],
        }
        for name, meaning in meanings.items()
    ]


def programme_plots(told: Figures) -> Figures:
    """Return what the page draws: each epoch's two differences with their ranges, purchases for 1,000 and money."""
    unit = float(major_units(1, told["currency"]))
    return {
        "conversion": _plot(told, "conversion", 1000.0, _("%(goal)s per 1,000 customers") % {"goal": _("purchases")}),
        "revenue": _plot(told, "revenue", unit, _("%(currency)s a customer") % {"currency": symbol(told["currency"])}),
    }


def _plot(told: Figures, metric: str, factor: float, unit: str) -> Figures:
    rows = []
    for one in told["epochs"]:
        row: Figures = {"label": one["epoch"]}
        if one["gained"]:
            estimate = one["gained"][metric]
            low, high = estimate["diff_ci"]
            row |= {
                "value": factor * estimate["diff"],
                "low": factor * low,
                "high": factor * high,
                "tone": {"good": "good", "bad": "bad"}.get(one["tone"], "holdout")
                if metric == "revenue"
                else "holdout",
                "text": f"{one[metric]['diff']}  ({one[metric]['range']})",
            }
        rows.append(row)
    return {"kind": "dots", "zero": 0, "signed": True, "unit": unit, "rows": rows}
