"""One figure of a measure as `make bench` prints and keeps it: beside its bare baseline, and held against an aim."""

import resource
from typing import Any

# name, value, unit, baseline, ratio, aim, met
Figure = dict[str, Any]


def figure(name: str, value: float, unit: str, *, aim: str, met: bool, baseline: float | None = None) -> Figure:
    """Return a figure; `baseline` is in the same unit, None where there is nothing bare to compare with."""
    return {
        "name": name,
        "value": _rounded(value),
        "unit": unit,
        "baseline": None if baseline is None else _rounded(baseline),
        "ratio": None if baseline is None else round(value / baseline, 3),
        "aim": aim,
        "met": met,
    }


def rate(name: str, value: float, unit: str, baseline: float, least: float, of: str) -> Figure:
    """Return a rate that shall be at least `least` times its baseline, which is called `of`."""
    met = value >= least * baseline
    return figure(name, value, unit, baseline=baseline, aim=f"≥ {least:g} × {of}", met=met)


def peak_memory(name: str, most: int, megabytes: float | None = None) -> Figure:
    """Return the peak memory in MB, of this process where no other is given."""
    if megabytes is None:
        megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return figure(f"{name}, peak memory", megabytes, "MB", aim=f"≤ {most} MB", met=megabytes <= most)


def _rounded(value: float) -> float:
    return round(value) if value >= 100 else round(value, 3)
