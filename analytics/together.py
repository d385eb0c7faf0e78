"""What all finished campaigns found, pooled: one range for "do such gestures work here", and how much they differ."""

import math
from collections import defaultdict
from typing import Any

from analytics.kernel import TooLittleData, pool
from analytics.kernel.estimate import z_value
from analytics.models import Report
from campaigns.models import Campaign

type Figures = dict[str, Any]

# What was concluded only because a range excluded 0 early would pull the mean away from it: such are left out.
_NOT_FINISHED = ("too_early", "few_conversions", "no_draw", "no_contacts", "not_launched")


def pooled() -> list[Figures]:
    """Return, a goal (the macro-conversion), what the campaigns that are past their day found together.

    Each holds `goal`, the `campaigns` (slug, name, difference, interval: shares of 1 contact), and `pool` with the mean
    effect, its interval (Hartung, Knapp, Sidik and Jonkman) and `i2`, or None for a single campaign. Campaigns whose
    groups could not be compared are left out, whatever they found.
    """
    by_goal: dict[str, list[Figures]] = defaultdict(list)
    reports = Report.objects.select_related("campaign").order_by("campaign__launched_at")
    for report in reports:
        row = _row(report.campaign, report.content)
        if row is not None:
            by_goal[report.campaign.macro_conversion].append(row)
    return [{"goal": goal, "campaigns": rows, "pool": _pool(rows)} for goal, rows in sorted(by_goal.items())]


def _row(campaign: Campaign, content: Figures) -> Figures | None:
    holdout = content["metrics"].get("conversion", {}).get("holdout", {})
    if "diff_ci" not in holdout or content["course"]["early"] or content["verdict"]["code"] in _NOT_FINISHED:
        return None
    return {
        "campaign": campaign.slug,
        "name": campaign.name,
        "diff": holdout["diff"],
        "diff_ci": holdout["diff_ci"],
        "level": holdout["level"],
    }


def _pool(rows: list[Figures]) -> Figures | None:
    """Return the pooled effect; each campaign's variance is read off its interval."""
    errors = [(row["diff_ci"][1] - row["diff_ci"][0]) / 2 / z_value(row["level"]) for row in rows]
    try:
        found = pool([row["diff"] for row in rows], [error**2 for error in errors])
    except TooLittleData:
        return None
    return {
        "count": found.count,
        "effect": found.effect,
        "interval": list(found.interval),
        "i2": found.i2,
        "spread": math.sqrt(found.tau2),
        "level": found.level,
        "method": found.method,
    }
