"""What must hold before a number may be believed, in order, and the verdict that follows."""

import math
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from analytics.comparisons import CONVERSIONS, CONVERSIONS_FOR_PERCENT, Refusal, Result
from analytics.facts.contacts import Assignment
from analytics.facts.outcomes import Arm
from analytics.kernel import ALARM, Estimate, Sums, alike_before, sample_ratio, weeks_left

# A customer can change arms only by a fault; this share of them makes the comparison worthless.
CONTAMINATED: Final = 0.01
# Beyond a year of waiting, the honest answer is that the shop is too small for this question.
MOST_WEEKS: Final = 52


class State(StrEnum):
    """How a gate stands."""

    PASSED = "passed"
    WAITING = "waiting"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """One condition, how it stands, and the figures that say so."""

    name: str
    state: State
    reason: str = ""
    figures: dict[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Return the gate with plain types."""
        return asdict(self) | {"state": self.state.value}


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """How far a campaign has come: `verdict_at` is the planned day of its verdict, `early` whether that lies ahead."""

    early: bool
    over: bool
    mature: bool
    verdict_at: datetime
    weekly: float
    window_weeks: int


def _known(mean: float) -> float | None:
    """Return the mean, None for that of nobody: JSON, and so the database, has no NaN."""
    return None if math.isnan(mean) else mean


def health_gate(assigned: Assignment, arms: dict[str, Arm], *, control_share: float) -> Gate:
    """Check the draw: sizes of the arms as planned, nobody in both, and arms that were alike before."""
    return draw_gate(
        treated=assigned.treated,
        control=assigned.control,
        in_both=assigned.in_both,
        before={name: arm.before for name, arm in arms.items()},
        control_share=control_share,
    )


def draw_gate(*, treated: int, control: int, in_both: int, before: dict[str, Sums], control_share: float) -> Gate:
    """Check a draw by the sizes of its groups, who is in both, and each group's orders a customer before it."""
    figures: dict[str, Any] = {"treated": treated, "control": control, "control_share": control_share}
    if not control_share or not treated + control:
        return Gate(name="health", state=State.WAITING, reason="no_draw", figures=figures)
    ratio = sample_ratio(treated=treated, control=control, control_share=control_share)
    alike = alike_before(before["treated"], before["control"])
    figures |= {
        "expected_control": round((treated + control) * control_share),
        "in_both": in_both,
        "orders_before_treated": _known(before["treated"].mean),
        "orders_before_control": _known(before["control"].mean),
        "p_sizes": ratio,
        "p_before": alike,
    }
    faults = {
        "unbalanced_draw": ratio < ALARM,
        "contaminated": in_both > CONTAMINATED * (treated + control),
        "unlike_before": alike < ALARM,
    }
    found = next((name for name, fault in faults.items() if fault), "")
    return Gate(name="health", state=State.FAILED if found else State.PASSED, reason=found, figures=figures)


def volume_gate(arms: dict[str, Arm]) -> Gate:
    """Check that both arms bought often enough to be counted at all."""
    figures = {
        "treated": arms["treated"].buyers.successes,
        "control": arms["control"].buyers.successes,
        "least": CONVERSIONS,
        "least_percent": CONVERSIONS_FOR_PERCENT,
    }
    enough = min(figures["treated"], figures["control"]) >= CONVERSIONS
    return Gate(name="volume", state=State.PASSED if enough else State.WAITING, figures=figures)


def maturity_gate(assigned: Assignment, course: Course) -> Gate:
    """Check that the planned day of the verdict has come, or every window is over."""
    figures = {
        "mature": assigned.mature_treated + assigned.mature_control,
        "assigned": assigned.treated + assigned.control,
        "verdict_at": course.verdict_at.isoformat(),
    }
    ripe = not course.early and (course.mature or not course.over)
    return Gate(name="maturity", state=State.PASSED if ripe else State.WAITING, figures=figures)


def evidence_gate(result: Result, *, control_share: float) -> Gate:
    """Check that there is a control group to compare with: the only evidence that may say "causes"."""
    if isinstance(result, Estimate):
        return Gate(name="evidence", state=State.PASSED)
    return Gate(name="evidence", state=State.WAITING, reason="no_draw" if not control_share else "no_interval")


def effect_gate(result: Result, *, useful: float, conclusive: bool) -> Gate:
    """Check the interval against the smallest useful effect (a share of 1)."""
    if not isinstance(result, Estimate):
        return Gate(name="effect", state=State.WAITING, reason="no_interval", figures={"useful": useful})
    low, high = result.diff_ci
    figures = {"low": low, "high": high, "useful": useful}
    decided = conclusive and (result.excludes_zero or (-useful < low and high < useful))
    return Gate(name="effect", state=State.PASSED if decided else State.WAITING, figures=figures)


def verdict(
    gates: list[Gate], result: Result, strict: Result, *, useful: float, course: Course, n: int
) -> dict[str, Any]:
    """Return the verdict: a code with its figures, in the campaign's goal for 1 contact.

    `strict` is the same comparison at 99 %: before the planned day only that one may conclude.
    """
    states = {gate.name: gate for gate in gates}
    if states["health"].state is State.FAILED:
        return {"code": states["health"].reason}
    if isinstance(result, Refusal) or not isinstance(result, Estimate):
        reason = states["health"].reason or "few_conversions"
        return {"code": reason, **_more_time(None, useful, course, n), "figures": states["volume"].figures}
    low, high = result.diff_ci
    figures = {"low": low, "high": high, "verdict_at": course.verdict_at.isoformat()}
    concluding = strict if course.early else result
    if isinstance(concluding, Estimate) and concluding.excludes_zero:
        return {"code": _direction(low, high, useful), **figures}
    if course.early or (course.over and not course.mature):
        return {"code": "too_early", **figures}
    if -useful < low and high < useful:
        return {"code": "no_useful_effect", **figures}
    half_width = (high - low) / 2
    if half_width <= useful:
        # As narrow as the shop asked for, and still on both sides: waiting would only tell smaller effects.
        return {"code": "undecided", **figures}
    return {"code": "not_enough", **figures, **_more_time(half_width, useful, course, n)}


def _direction(low: float, high: float, useful: float) -> str:
    if high < 0:
        return "harms"
    if low >= useful:
        return "works_well"
    return "works_little" if high < useful else "works"


def _more_time(half_width: float | None, useful: float, course: Course, n: int) -> dict[str, Any]:
    """Return how many more weeks are needed, or why none would do."""
    if half_width is None:
        return {"wait": "unknown", "weeks": None}
    weeks = weeks_left(
        n=n, half_width=half_width, target=useful, weekly=course.weekly, window_weeks=course.window_weeks
    )
    if weeks is None or weeks > MOST_WEEKS:
        return {"wait": "too_small", "weeks": weeks}
    if course.over:
        return {"wait": "over", "weeks": weeks, "contacts": math.ceil(n * ((half_width / useful) ** 2 - 1))}
    return {"wait": "weeks", "weeks": weeks}
