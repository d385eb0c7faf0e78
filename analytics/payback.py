"""What a campaign cost and brought back: extra margin, return and the day it pays back, always as ranges."""

import math
from collections.abc import Mapping
from typing import Any

from analytics.comparisons import Result
from analytics.facts.contacts import Assignment
from analytics.facts.messages import Messages
from analytics.facts.outcomes import Arm
from analytics.kernel import LEVEL, Estimate, break_even, returns
from analytics.kernel.estimate import z_value
from campaigns.models import Campaign

type Figures = dict[str, Any]


def cost_of(campaign: Campaign, treated: Arm, assigned: Assignment, sent: Messages) -> float:
    """Return what the contacts of `treated` cost, in minor units: their messages, and a gift to every buyer of them.

    Every buyer, for want of knowing who redeemed it. The messages of contacts whose days are not over yet are left
    out, as what those contacts buy is: they are taken to cost as much each.
    """
    over = treated.contacts / assigned.treated if assigned.treated else 1.0
    return sent.cost * over + campaign.incentive_cost * treated.buyers.successes


def money_back(campaign: Campaign, treated: Arm, cost: float, revenue: Result) -> Figures | None:
    """Return margin, cost and return on it with their ranges (minor units); None where the money has no range."""
    if not isinstance(revenue, Estimate):
        return None
    share = float(campaign.margin_share)
    low, high = revenue.diff_ci
    result = returns(
        treated=treated.contacts,
        margin_diff=revenue.diff * share,
        margin_diff_ci=(low * share, high * share),
        cost=cost,
    )
    return {
        "margin": result.margin,
        "margin_ci": list(result.margin_ci),
        "cost": result.cost,
        "roi": result.roi,
        "roi_ci": list(result.roi_ci) if result.roi_ci else None,
        "margin_share": share,
    }


def pays_back(campaign: Campaign, arms: Mapping[str, Arm], cost: float) -> Figures | None:
    """Return the day after the gesture by which its extra margin covers its cost, the earliest and the latest of it.

    Told at whole weeks, of the contacts whose before/after days are over; a day is None where the band does not reach
    the cost within them. None where nobody's days are over, or the campaign's cost is unknown.
    """
    treated, control = arms["treated"], arms["control"]
    share = float(campaign.margin_share)
    if not cost or min(treated.long_after.n, control.long_after.n) < 2 or not treated.weekly:
        return None
    pairs = list(zip(treated.weekly, control.weekly, strict=True))
    days = [7 * number for number in range(1, len(pairs) + 1)]
    found = break_even(
        days=days,
        margin=[share * (with_it.mean - without.mean) for with_it, without in pairs],
        errors=[share * math.sqrt(a.variance_of_mean + b.variance_of_mean) for a, b in pairs],
        cost=cost / treated.contacts,
        z=z_value(LEVEL),
    )
    return {"day": found.day, "earliest": found.earliest, "latest": found.latest, "within": days[-1]}
