"""Published data sets, posted as a shop would: the figures that their READMEs tell come out."""

import csv
from datetime import UTC, datetime
from itertools import batched
from pathlib import Path
from typing import Any, Final

import pytest

from analytics.nps import nps_figures
from campaigns.ingest.batch import ingest_batch
from tests import cast

DATA: Final = Path(__file__).resolve().parents[3] / "shared" / "data"
SHARED: Final = next((path for path in (DATA, Path("/work/shared/data")) if path.exists()), DATA)
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.slow,
    pytest.mark.skipif(not SHARED.exists(), reason=f"the shared data is not at {DATA}"),
]
NOW: Final = datetime(2026, 1, 15, tzinfo=UTC)
# Wave 0 is put into this month; the file tells no dates.
FIRST_WAVE: Final = datetime(2024, 1, 15, 12, tzinfo=UTC)


def post(items: list[dict[str, Any]]) -> None:
    for batch in batched(items, 1000):
        assert {result["result"] for result in ingest_batch(batch, NOW)} == {"created"}


def garden_answers() -> list[dict[str, Any]]:
    with (SHARED / "nps_retail_fr" / "nps_garden_retail_fr.csv").open(encoding="utf-8", newline="") as rows:
        return [
            {
                "type": "answer",
                "id": f"garden-{number}",
                "customer": f"g-{number}",
                "score": int(row["nps"]),
                "comment": "" if row["explication"] == "NA" else row["explication"],
                "answered_at": wave(18 if row["t"] == "NA" else int(row["t"])).isoformat(),
            }
            for number, row in enumerate(csv.DictReader(rows))
            if row["nps"] != "NA"
        ]


def wave(number: int) -> datetime:
    return FIRST_WAVE.replace(year=2024 + number // 12, month=number % 12 + 1)


def test_nps_of_the_garden_chain_and_of_its_waves() -> None:
    cast.shop()
    items = garden_answers()
    post(items)
    told = nps_figures("nps", 60, NOW)
    assert (told["n"], told["promoters"], told["passives"], told["detractors"]) == (13_612, 8_465, 3_953, 1_194)
    assert told["nps"] == pytest.approx(53.416, abs=0.0005)
    waves = {month["month"]: month["nps"] and round(month["nps"], 2) for month in told["trend"]}
    assert [waves[f"2024-{month:02}-01"] for month in range(1, 7)] == [53.09, 50.70, 51.93, 53.96, 53.14, 54.20]
    assert sum(month["n"] for month in told["trend"]) == 13_612
