"""Fewer indicators, better chosen: only those that half of the customers would have shown again and again."""

from collections.abc import Sequence
from typing import Final

from analytics.kernel.estimate import TooLittleData
from analytics.kernel.indicators import Group, landmark_odds

# Pairs of halves; each half is fitted by itself.
PAIRS: Final = 25
MOST: Final = 5
# The share of the halves in which an event must be found; with at most five found a half, the expected number of false
# ones stays below one (Shah & Samworth 2013, J R Stat Soc B 75:55, complementary pairs).
OFTEN: Final = 0.8
_SEED: Final = 21
_P: Final = 0.05


def stability(groups: Sequence[Group], *, pairs: int = PAIRS, most: int = MOST) -> list[float]:
    """Return for each event the share of random halves of the customers in which it is among the `most` clearest
    adjusted signals (odds above 1, p < 0.05).

    The halves are drawn with a fixed seed: the same customers give the same answer. A half that cannot be fitted finds
    nothing. Raises ValueError without groups.
    """
    import numpy as np

    if not groups:
        raise ValueError("there are no groups")
    chance = np.random.default_rng(_SEED)
    n = np.array([group.n for group in groups])
    bought = np.array([group.bought for group in groups])
    found = np.zeros(len(groups[0].did))
    for _pair in range(pairs):
        half_bought = chance.binomial(bought, 0.5)
        half_rest = chance.binomial(n - bought, 0.5)
        for buyers, others in ((half_bought, half_rest), (bought - half_bought, n - bought - half_rest)):
            found[_clearest(groups, buyers, others, most)] += 1
    return [float(share) for share in found / (2 * pairs)]


def _clearest(groups: Sequence[Group], buyers: Sequence[int], others: Sequence[int], most: int) -> list[int]:
    """Return the places of the clearest signals of one half."""
    half = [
        Group(did=group.did, activity=group.activity, n=int(b + o), bought=int(b))
        for group, b, o in zip(groups, buyers, others, strict=True)
        if b + o
    ]
    try:
        ratios = landmark_odds(half)
    except (TooLittleData, ValueError):
        return []
    clear = [(ratio.p, place) for place, ratio in enumerate(ratios) if ratio.value > 1 and ratio.p < _P]
    return [place for _p, place in sorted(clear)[:most]]
