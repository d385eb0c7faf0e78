"""What the campaign earned against what it cost: always a range."""

from dataclasses import dataclass

from analytics.kernel.estimate import Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Returns:
    """Incremental margin and return on investment, in the units of `cost`; `roi` is None for a free campaign."""

    margin: float
    margin_ci: Interval
    cost: float
    roi: float | None
    roi_ci: Interval | None
    breakeven_margin: float


def returns(*, treated: int, margin_diff: float, margin_diff_ci: Interval, cost: float) -> Returns:
    """Return margin = treated × difference a contact and ROI = (margin − cost) / cost; linear, so bounds map to bounds.

    Raises ValueError for a negative cost or nobody treated.
    """
    if cost < 0 or treated < 1:
        raise ValueError("returns need someone treated and a cost of at least 0")
    margin_ci = (treated * margin_diff_ci[0], treated * margin_diff_ci[1])
    margin = treated * margin_diff
    return Returns(
        margin=margin,
        margin_ci=margin_ci,
        cost=cost,
        roi=(margin - cost) / cost if cost else None,
        roi_ci=((margin_ci[0] - cost) / cost, (margin_ci[1] - cost) / cost) if cost else None,
        breakeven_margin=cost / treated,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakEven:
    """The day on which the cumulated margin covers the cost; None where it does not within the data."""

    day: int | None
    earliest: int | None
    latest: int | None


def break_even(*, days: list[int], margin: list[float], errors: list[float], cost: float, z: float = 1.96) -> BreakEven:
    """Return when the cumulated margin a person first covers `cost`: by its value, its upper and its lower band."""

    def first(band: list[float]) -> int | None:
        return next((day for day, value in zip(days, band, strict=True) if value >= cost), None)

    return BreakEven(
        day=first(margin),
        earliest=first([value + z * error for value, error in zip(margin, errors, strict=True)]),
        latest=first([value - z * error for value, error in zip(margin, errors, strict=True)]),
    )
