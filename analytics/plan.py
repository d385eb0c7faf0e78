"""Before a launch: which effect can be shown, in how many weeks, with which control group, at which price."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from analytics.facts.expected import Expected, expected
from analytics.facts.roomy import roomy
from analytics.gates import MOST_WEEKS
from analytics.kernel import contacts_for_conversion, detectable_lift
from campaigns.models import Campaign, Shop
from triggers.holdout import share_of

type Figures = dict[str, Any]

SHARES: Final = (0.05, 0.1, 0.2, 0.3, 0.5)
HALF: Final = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumptions:
    """What a plan supposes: contacts a week, share who come to the goal anyway, extra share that would be useful."""

    weekly: float
    rate: float
    useful: float

    def __post_init__(self) -> None:
        """Raise ValueError where nothing can be planned with them."""
        if not (self.weekly > 0 and 0 < self.rate < 1 and 0 < self.useful < 1 - self.rate):
            raise ValueError("a plan needs contacts, a rate between 0 and 1 and an effect above 0 that fits above it")


def plan(campaign: Campaign, now: datetime, given: Mapping[str, float | None]) -> Figures:
    """Return the plan of `campaign`, JSON-ready, money in minor units, shares of 1.

    `given` may hold `weekly`, `rate` and `useful`; what it leaves out is read off the last 13 weeks and the campaign.
    `problem` names what is missing or impossible, and then there are no `choices`.
    """
    with roomy():
        seen = expected(campaign, now)
    supposed = {
        "weekly": given.get("weekly") or seen.weekly,
        "rate": given.get("rate") or seen.rate,
        "useful": given.get("useful") or float(campaign.smallest_useful_effect) / 1000,
    }
    figures: Figures = {
        "campaign": campaign.slug,
        "currency": Shop.get().currency,
        "control_share": float(share_of(campaign)),
        "seen": {"weekly": seen.weekly, "rate": seen.rate, "basket": seen.basket, "reached": seen.reached},
        "supposed": supposed,
        "planned_weeks": planned_weeks(campaign),
        "window_weeks": -(-campaign.attribution_days // 7),
    }
    problem = _problem(supposed)
    if problem:
        return figures | {"problem": problem, "choices": [], "advice": None}
    weekly, rate, useful = (float(supposed[name] or 0) for name in ("weekly", "rate", "useful"))
    assumed = Assumptions(weekly=weekly, rate=rate, useful=useful)
    choices = [choice(assumed, share, campaign, seen) for share in _shares(figures["control_share"])]
    return figures | {"problem": "", "choices": choices, "advice": advice(choices, assumed, campaign)}


def planned_weeks(campaign: Campaign) -> int:
    """Return the whole weeks of contacts that count on the day of the verdict."""
    return max(1, campaign.before_after_days // 7)


def choice(assumed: Assumptions, share: float, campaign: Campaign, seen: Expected) -> Figures:
    """Return what holding out `share` means: weeks to the useful effect, the effect seen on the planned day, the price.

    The price is what the held-out customers of those weeks would have brought in margin, were the effect just the
    useful one; None where no order is known.
    """
    treated, control = contacts_for_conversion(assumed.rate, assumed.useful / assumed.rate, control_share=share)
    contacts = treated + control
    weeks = math.ceil(contacts / assumed.weekly)
    detectable = detectable_lift(
        assumed.rate, contacts=round(assumed.weekly * planned_weeks(campaign)), control_share=share
    )
    value = seen.basket * float(campaign.margin_share) if seen.basket else None
    return {
        "share": share,
        "contacts": contacts,
        "control": control,
        "weeks": weeks + -(-campaign.attribution_days // 7),
        "weeks_of_contacts": weeks,
        "detectable": None if detectable is None else detectable * assumed.rate,
        "detectable_lift": detectable,
        "price": None if value is None else control * assumed.useful * value,
        "feasible": weeks <= MOST_WEEKS,
        "mine": math.isclose(share, float(share_of(campaign))),
    }


def advice(choices: list[Figures], assumed: Assumptions, campaign: Campaign) -> Figures:
    """Return the best share: the smallest whose verdict comes by the planned day, else half for a few weeks.

    Where even half would take more than a year, the effect that half can show within one is told instead.
    """
    in_time = [one for one in choices if one["weeks_of_contacts"] <= planned_weeks(campaign)]
    half = next(one for one in choices if one["share"] == HALF)
    if in_time:
        best = min(in_time, key=lambda one: float(one["share"]))
        return {"code": "in_time", "share": best["share"], "weeks": best["weeks"]}
    if half["feasible"]:
        return {"code": "half_for_weeks", "share": HALF, "weeks": half["weeks"]}
    lift = detectable_lift(assumed.rate, contacts=round(assumed.weekly * MOST_WEEKS), control_share=HALF)
    return {"code": "too_small", "share": HALF, "weeks": half["weeks"], "detectable": lift and lift * assumed.rate}


def _shares(mine: float) -> list[float]:
    return sorted({*SHARES, mine} - {0.0})


def _problem(supposed: Mapping[str, float | None]) -> str:
    if not supposed["weekly"]:
        return "nobody"
    if not supposed["rate"]:
        return "no_rate"
    useful, rate = supposed["useful"], supposed["rate"]
    if rate >= 1 or not useful or rate + useful >= 1:
        return "impossible"
    return ""
