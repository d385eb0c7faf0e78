"""Every golden vector, enumerated from the file: each expected figure is computed by the public kernel, or is named
here as another tool's."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from tests.analytics.kernel.answers import ANSWERS

PATH: Final = Path(__file__).resolve().parents[4] / "shared" / "design" / "vectors.json"
VECTORS: Final[dict[str, dict[str, Any]]] = (
    {vector["id"]: vector for vector in json.loads(PATH.read_text(encoding="utf-8"))["vectors"]}
    if PATH.exists()
    else {}
)
OURS: Final = sorted(name for name, vector in VECTORS.items() if not vector.get("reference_only"))

# Figures that stand in the file to compare with: methods that the design rejects, or another tool's name for ours.
NOT_OURS: Final[dict[str, tuple[str, ...]]] = {
    "prop": ("diff_ci_agresti_caffo", "diff_ci_wald", "diff_ci_score_MN", "rel_lift_ci_logadj", "rel_lift_ci_log"),
    "mean_welch_fieller": ("rel_ci_logdelta_teatasting", "boot_percentile_seed1", "boot_bca_seed1"),
    "nps_diff": ("se_mle", "single_before_ci_wald"),
    "cuped": ("ols_lin_hc2", "ancova_hc2"),
    "asympcs_20k": ("gbstats", "gbstats_relative"),
    "holm_4": ("bonferroni",),
    "meta_12_shops": ("ci_re",),
    "event_or": ("posthog_or_plus1",),
    "its_reml_ar1": ("ols_ci", "newey_west_ci"),
    "landmark_logit": ("logit_beta",),
    "rpc_mover_log": ("welch_ci",),
}


def others(name: str) -> set[str]:
    return {key for prefix, keys in NOT_OURS.items() if name.startswith(prefix) for key in keys}


def test_every_vector_of_the_file_has_an_answer() -> None:
    if not VECTORS:
        pytest.skip(f"{PATH} is not beside the project")
    assert set(ANSWERS) == set(OURS)
    assert len(OURS) > 30


@pytest.mark.parametrize("name", OURS)
def test_vector(name: str) -> None:
    vector = VECTORS[name]
    answer: Callable[[Any], dict[str, Any]] = ANSWERS[name]
    given = answer(vector["inputs"])
    expected = {key: value for key, value in vector["expected"].items() if key not in others(name)}
    assert set(given) == set(expected)
    for key, value in expected.items():
        assert given[key] == near(value, vector["abs_tol"]), key


def near(value: Any, tolerance: float) -> Any:
    """Return `value` with its numbers approximate; text, truth and nothing stay exact."""
    if isinstance(value, dict):
        return {key: near(item, tolerance) for key, item in value.items()}
    if isinstance(value, list):
        return [near(item, tolerance) for item in value]
    if isinstance(value, float):
        return pytest.approx(value, abs=tolerance, rel=0)
    return value
