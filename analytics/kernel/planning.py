"""Plans a comparison before it begins: how many contacts an effect needs, and which effect so many contacts can show.

Two-sided tests at 5 % with a power of 80 % unless told otherwise: four in five campaigns with such an effect show it.
"""

import math
from typing import Final

from analytics.kernel.estimate import LEVEL, Interval, z_value

POWER: Final = 0.8
ALPHA: Final = 0.05


def contacts_for_conversion(
    rate: float, lift: float, *, control_share: float, power: float = POWER, alpha: float = ALPHA
) -> tuple[int, int]:
    """Return (treated, control) contacts that show a rise from `rate` to rate × (1 + lift).

    Fleiss, Tytun & Ury 1980, as statsmodels. Raises ValueError for shares outside (0, 1) or no lift.
    """
    from statsmodels.stats.proportion import samplesize_proportions_2indep_onetail

    _check(rate, control_share)
    if lift == 0 or not 0 < rate * (1 + lift) < 1:
        raise ValueError(f"a lift of {lift} from {rate} cannot be planned for")
    ratio = control_share / (1 - control_share)
    treated = float(samplesize_proportions_2indep_onetail(rate * lift, rate, power=power, ratio=ratio, alpha=alpha))
    treated_up = math.ceil(treated)
    return treated_up, math.ceil(treated_up * ratio - 1e-9)


def power_for_conversion(
    rate: float, lift: float, *, treated: int, control_share: float, alpha: float = ALPHA
) -> float:
    """Return the chance that so many contacts, with their control group, show a rise from `rate` by `lift`."""
    from statsmodels.stats.proportion import power_proportions_2indep

    _check(rate, control_share)
    ratio = control_share / (1 - control_share)
    return float(power_proportions_2indep(rate * lift, rate, treated, ratio=ratio, alpha=alpha, return_results=False))


def detectable_lift(
    rate: float, *, contacts: int, control_share: float, power: float = POWER, alpha: float = ALPHA
) -> float | None:
    """Return the smallest relative rise that `contacts` in all can show; None where not even certainty would do."""
    from scipy.optimize import brentq

    _check(rate, control_share)
    treated = contacts * (1 - control_share)
    highest = (1 - rate) / rate * (1 - 1e-9)

    def lacking(lift: float) -> float:
        return power_for_conversion(rate, lift, treated=treated, control_share=control_share, alpha=alpha) - power  # type: ignore[arg-type]

    if contacts < 2 or lacking(highest) < 0:
        return None
    return float(brentq(lacking, 1e-9, highest, xtol=1e-12))


def contacts_for_mean(variation: float, lift: float, *, power: float = POWER, alpha: float = ALPHA) -> int:
    """Return the contacts an arm, of two alike, that show a relative rise `lift` of a mean.

    `variation` is its standard deviation over its mean: about 0.8 for a basket, 6 for revenue a contact.
    """
    from statsmodels.stats.power import TTestIndPower

    if variation <= 0 or lift == 0:
        raise ValueError("a mean needs some variation and a lift")
    return math.ceil(float(TTestIndPower().solve_power(effect_size=abs(lift) / variation, alpha=alpha, power=power)))


def expected_after(*, usual: float, before: float, correlation: float) -> float:
    """Return what follows a `before` by itself: an unusual month goes back towards the usual (regression to the mean).

    μ + r(before − μ) for two periods of one normal distribution (Galton 1886).
    """
    if not -1 <= correlation <= 1:
        raise ValueError(f"{correlation} is not a correlation")
    return usual + correlation * (before - usual)


def _check(rate: float, control_share: float) -> None:
    if not 0 < rate < 1 or not 0 < control_share < 1:
        raise ValueError(f"a rate of {rate} with {control_share} held out cannot be planned for")


def expected_nps_interval(
    after: tuple[float, float, float], before: tuple[float, float, float], *, answers: int, level: float = LEVEL
) -> tuple[float, Interval]:
    """Return the difference of two scores and the interval that `answers` in each period would leave around it.

    `after` and `before` are the expected shares of promoters, passives and detractors.
    """
    if answers < 1 or any(not math.isclose(sum(shares), 1, abs_tol=1e-6) for shares in (after, before)):
        raise ValueError("shares must add up to 1, of at least one answer")
    diff = 100 * (after[0] - after[2] - before[0] + before[2])
    variances = [promote + detract - (promote - detract) ** 2 for promote, _passive, detract in (after, before)]
    half = 100 * z_value(level) * math.sqrt(sum(variances) / answers)
    return diff, (diff - half, diff + half)
