"""The same question of money asked in two other ways: habits taken out, and the largest buyers cut down.

Neither ever decides. Where they tell another story than the plain range, a few customers or an unlucky draw made it.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from analytics.facts.outcomes import Arm
from analytics.kernel import Estimate, TooLittleData, compare_adjusted, compare_revenue

type Figures = dict[str, Any]

# One customer with a fifth of the revenue is worth a word; with half of it, the mean is that of one person.
NOTABLE_SHARE: Final = 0.2
OVERWHELMING_SHARE: Final = 0.5


def other_ways(raw: Estimate, arms: Mapping[str, Arm]) -> list[Figures]:
    """Return revenue a contact by CUPED and winsorised, at the level of `raw`; what cannot be computed is left out."""
    ways: list[Figures] = []
    try:
        adjusted = compare_adjusted(arms["treated"].earlier, arms["control"].earlier, level=raw.level)
    except TooLittleData:
        pass
    else:
        ways.append(
            replace(adjusted.estimate, mature=raw.mature).as_dict()
            | {"way": "cuped", "correlation": adjusted.correlation, "contacts_needed": adjusted.contacts_needed}
        )
    treated, control = arms["treated"], arms["control"]
    if treated.cut is not None and control.cut is not None:
        try:
            cut = replace(compare_revenue(treated.cut, control.cut, level=raw.level), method="winsorised")
        except TooLittleData:
            return ways
        ways.append(replace(cut, mature=raw.mature).as_dict() | {"way": "winsorised", "most": treated.cap})
    return ways


def largest_shares(arms: Mapping[str, Arm]) -> dict[str, float]:
    """Return, an arm, the share of its revenue that its largest customer alone brought; 0 where nothing was sold."""
    return {name: arm.largest / arm.revenue.total if arm.revenue.total else 0.0 for name, arm in arms.items()}
