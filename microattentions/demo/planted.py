"""The truth behind the demo: what each finished campaign really did, for reports to find again.

Reports are right where their intervals contain these figures, and useful where they exclude zero. Each planted
effect is at least 1.5 times what its arms can detect (80 % power, 5 % level); tests hold both.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

# What an order that a gesture brought is worth on average, without tax, in minor units.
PLANTED_BASKET: Final = 4500


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """One finished campaign: it ran from `launched` to `ended` ago, and moved its treated contacts by this much.

    `conversion` is the extra share of contacts who order within the days a gesture may act; `nps` is in points.
    """

    launched: timedelta
    ended: timedelta
    conversion: float = 0.0
    nps: float = 0.0

    @property
    def revenue(self) -> float:
        """Extra revenue a contact, in minor units: each extra buyer places one order."""
        return self.conversion * PLANTED_BASKET


def _weeks(count: int) -> timedelta:
    return timedelta(weeks=count)


# By campaign. In this order, in which their effects are planted: an extra order may well lead to a new tier later.
PLANTED: Final[dict[str, Planted]] = {
    "birthday-gift": Planted(launched=_weeks(70), ended=_weeks(16), conversion=0.080),
    "tier-badge": Planted(launched=_weeks(66), ended=_weeks(14), conversion=0.180),
    "how-was-it": Planted(launched=_weeks(33), ended=_weeks(15), nps=24.0),
    # An A/A comparison: both arms were treated alike, so whatever a report finds here is luck.
    "brewing-tip": Planted(launched=_weeks(24), ended=_weeks(12)),
}
