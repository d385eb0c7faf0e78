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
            "sentence": _pooled(group["pool"], goal_name(group["goal"])) if group["pool"] else "",
            "campaigns": [
                row
                | {
                    "diff_text": number(row["diff"] * 1000, 1, signed=True),
                    "interval_text": _("%(low)s to %(high)s")
                    % {
                        "low": number(row["diff_ci"][0] * 1000, 1, signed=True),
                        "high": number(row["diff_ci"][1] * 1000, 1, signed=True),
                    },
                }
                for row in group["campaigns"]
            ],
        }
        for group in groups
    ]


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
