"""All campaigns taken together, in words."""

from typing import Any

from django.utils.translation import gettext as _

from analytics.formats import number, pair
from analytics.words import goal_name

type Figures = dict[str, Any]


def pooled_words(groups: list[Figures]) -> list[Figures]:
    """Return the pooled campaigns in words, a goal; a goal of one campaign alone has no sentence."""
    return [
        group
        | {
            "goal_text": goal_name(group["goal"]),
            "pool_text": _per_thousand(group["pool"]["effect"]) if group["pool"] else "",
            "pool_interval_text": _ends(group["pool"]["interval"]) if group["pool"] else "",
            "sentence": _pooled(group["pool"], goal_name(group["goal"])) if group["pool"] else "",
            "campaigns": [
                row | {"diff_text": _per_thousand(row["diff"]), "interval_text": _ends(row["diff_ci"])}
                for row in group["campaigns"]
            ],
        }
        for group in groups
    ]


def pooled_plots(groups: list[Figures]) -> Figures:
    """Return what the page draws, a goal: each campaign's difference for 1,000 contacts, and their mean below."""
    return {f"goal-{place}": _plot(group) for place, group in enumerate(groups)}


def _plot(group: Figures) -> Figures:
    rows = [(row["name"], row["diff"], row["diff_ci"], "grey") for row in group["campaigns"]]
    if group["pool"]:
        rows.append((_("On average"), group["pool"]["effect"], group["pool"]["interval"], "holdout"))
    return {
        "kind": "dots",
        "zero": 0,
        "signed": True,
        "unit": _("%(goal)s per 1,000 contacts") % {"goal": group["goal_text"]},
        "rows": [
            {
                "label": label,
                "tone": tone,
                "value": 1000 * value,
                "low": 1000 * interval[0],
                "high": 1000 * interval[1],
                "text": _ends(interval),
            }
            for label, value, interval, tone in rows
        ],
    }


def _per_thousand(share: float) -> str:
    return number(share * 1000, 1, signed=True)


def _ends(interval: list[float]) -> str:
    low, high = (_per_thousand(end) for end in interval)
    return _("%(low)s to %(high)s") % {"low": low, "high": high}


def _pooled(pool: Figures, goal: str) -> str:
    low, high = pool["interval"]
    clear = low > 0 or high < 0
    ends = pair(low * 1000, high * 1000, signed=True)
    values = {"count": number(pool["count"]), "low": ends[0], "high": ends[1], "goal": goal}
    sentence = (
        _("%(count)s campaigns together: %(low)s to %(high)s %(goal)s per 1,000 contacts on average.")
        if clear
        else _(
            "%(count)s campaigns together: not proven, on average anything from %(low)s to %(high)s %(goal)s per 1,000 "
            "contacts."
        )
    ) % values
    if pool["i2"] >= 0.5:
        sentence += " " + _("They differ truly from one another, so look at each of them.")
    return sentence
