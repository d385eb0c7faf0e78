"""Freezes a finished report, and tells what a new measurement would say otherwise."""

import math
from typing import Any, Final

from django.db import IntegrityError, transaction

from analytics.inputs import code_version, libraries, settings_of
from analytics.models import FrozenReport, Report
from campaigns.models import Campaign

type Figures = dict[str, Any]

# Sums of floats in another order differ by less; what a reader could see differs by far more.
SAME: Final = 1e-9
_COMPARED: Final = ("value_t", "value_c", "diff", "value", "n_t", "n_c", "refused")


def freeze(campaign: Campaign, kept: Report) -> FrozenReport:
    """Return the frozen copy of `kept`, a final report, made now unless somebody was quicker."""
    content = {key: value for key, value in kept.content.items() if key != "inputs"}
    try:
        with transaction.atomic():
            return FrozenReport.objects.create(
                campaign=campaign,
                frozen_at=kept.computed_at,
                version=code_version(),
                libraries=libraries(),
                settings=settings_of(campaign),
                inputs=kept.content.get("inputs", {}),
                content=content,
            )
    except IntegrityError:
        return FrozenReport.objects.get(campaign=campaign)


def differences(frozen: Figures, again: Figures) -> list[Figures]:
    """Return the figures that a new measurement tells otherwise: metric, evidence, key, and both values."""
    found = [
        {"metric": metric, "evidence": evidence, "figure": key, "frozen": row.get(key), "again": other.get(key)}
        for metric, rows in frozen["metrics"].items()
        for evidence, row in rows.items()
        for other in (again["metrics"].get(metric, {}).get(evidence, {}),)
        for key in _COMPARED
        if not _same(row.get(key), other.get(key))
    ]
    if frozen["verdict"]["code"] != again["verdict"]["code"]:
        codes = {"frozen": frozen["verdict"]["code"], "again": again["verdict"]["code"]}
        found.insert(0, {"metric": "verdict", "evidence": "holdout", "figure": "code"} | codes)
    return found


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, int | float) and isinstance(other, int | float):
        return math.isclose(one, other, rel_tol=SAME, abs_tol=SAME)
    return bool(one == other)
