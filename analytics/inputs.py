"""What a report was computed from: the sums of both arms and the settings, kept beside a finished one for ever."""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from datetime import datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from analytics.facts.contacts import Assignment
from analytics.facts.messages import Messages
from analytics.facts.outcomes import Arm
from analytics.kernel import Scores
from campaigns.models import Campaign

type Figures = dict[str, Any]

# What a report reads of its campaign, for its figures or for its words.
SETTINGS: Final = (
    *("slug", "name", "launched_at", "ended_at", "holdout_share", "macro_conversion", "before_after_days"),
    *("attribution_days", "unit_costs", "incentive_cost", "margin_share", "smallest_useful_effect"),
)
_LIBRARIES: Final = ("numpy", "pandas", "scipy", "statsmodels")


def inputs_of(assigned: Assignment, arms: Mapping[str, Arm], scores: Mapping[str, Scores], sent: Messages) -> Figures:
    """Return the sums from which the figures beside the control group follow, JSON-ready, money in minor units."""
    return {
        "assignment": _plain(assigned),
        "arms": {name: _plain(arm) for name, arm in arms.items()},
        "scores": {name: _plain(answers) for name, answers in scores.items()},
        "messages": _plain(sent),
    }


def settings_of(campaign: Campaign) -> Figures:
    """Return the campaign's settings as the report read them, JSON-ready."""
    told = {name: _plain(getattr(campaign, name)) for name in SETTINGS}
    return told | {"moment": campaign.moment.kind, "gesture": campaign.gesture.slug}


@cache
def code_version() -> str:
    """Return what computed the figures: the release, and a digest of the sources of analytics."""
    digest = hashlib.sha256()
    root = Path(__file__).parent
    for source in sorted(root.rglob("*.py")):
        digest.update(source.relative_to(root).as_posix().encode() + source.read_bytes())
    return f"{_release()}+{digest.hexdigest()[:12]}"


def libraries() -> dict[str, str]:
    """Return the versions of the libraries that the figures rest on."""
    return {name: version(name) for name in _LIBRARIES}


def _release() -> str:
    project = (Path(__file__).parents[1] / "pyproject.toml").read_text("utf-8")
    return next(line.split('"')[1] for line in project.splitlines() if line.startswith("version ="))


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {key: _plain(item) for key, item in asdict(value).items()}
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, datetime):
        return value.isoformat()
    return value if isinstance(value, int | float | str | None) else str(value)
