"""The golden numbers of the measurement design, read where they lie beside the project."""

import json
from pathlib import Path
from typing import Any

import pytest

VECTORS = Path(__file__).resolve().parents[4] / "shared" / "design" / "vectors.json"


@pytest.fixture(scope="session")
def vectors() -> dict[str, dict[str, Any]]:
    """Return every golden vector by its id; skips the test where the design pages are not beside the project."""
    if not VECTORS.exists():
        pytest.skip(f"{VECTORS} is not here")
    return {vector["id"]: vector for vector in json.loads(VECTORS.read_text(encoding="utf-8"))["vectors"]}
