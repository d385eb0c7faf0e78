"""A short profile of the calibration (`make calibrate` is the whole): no share lies implausibly far from its bounds."""

import pytest

from tests.analytics.calibration import kernel, pipeline
from tests.analytics.calibration.rows import Row


def implausible(rows: list[Row]) -> list[str]:
    return [row.line() for row in rows if not row.plausible]


def test_kernel_covers_and_rarely_errs() -> None:
    rows = list(kernel.rows(200, seed=7))
    assert len(rows) > 40
    assert implausible(rows) == []


@pytest.mark.django_db
@pytest.mark.parametrize("part", pipeline.PARTS)
def test_pipeline_covers_and_rarely_errs(part: str) -> None:
    rows = list(pipeline.rows(part, 1, seed=7, every=6))
    assert implausible(rows) == []


def test_a_share_far_outside_its_bounds_is_noticed() -> None:
    row = Row(setting="s", figure="f", times=800, runs=1000, least=0.935, most=0.965)
    assert (row.met, row.plausible) == (False, False)
    assert Row(setting="s", figure="f", times=94, runs=100, least=0.95, most=0.965).plausible
