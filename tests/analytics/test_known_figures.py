"""Published data sets, posted as a shop would: the figures that their READMEs tell come out."""

import csv
import os
from datetime import UTC, datetime
from decimal import Decimal
from itertools import batched
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest

from analytics.facts.months import monthly_sales
from analytics.facts.windows import Period
from analytics.nps import nps_figures
from campaigns.ingest.batch import ingest_batch
from tests import cast
from tests.system.journey import online_retail

SHARED: Final = Path(__file__).resolve().parents[3] / "shared" / "data"
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.slow,
    pytest.mark.skipif(not SHARED.exists(), reason=f"the shared data is not at {SHARED}"),
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


def monthly(zone: str) -> dict[str, tuple[float, int, int]]:
    period = Period(since=datetime(1990, 1, 1, tzinfo=UTC), until=NOW)
    return {
        f"{row.month:%Y-%m}": (row.revenue / 100, row.orders, row.customers)
        for row in monthly_sales(period, ZoneInfo(zone))
    }


def short(items: list[dict[str, Any]], until: str) -> list[dict[str, Any]]:
    """The first weeks of a shop at each check, its whole time with `WHOLE_SHOPS=1`."""
    return items if os.environ.get("WHOLE_SHOPS") else [item for item in items if item["placed_at"] < until]


def test_months_of_the_gift_shop_are_those_published() -> None:
    cast.shop(currency="GBP", timezone="Europe/London")
    items = short([item | {"lines": []} for item in gift_shop_orders()], "2011-02-01")
    post(items)
    found = monthly("Europe/London")
    assert len(found) == len({item["placed_at"][:7] for item in items})
    for month, (revenue, orders, customers) in found.items():
        told_revenue, told_orders, told_customers = GIFT_SHOP[month]
        assert (orders, customers) == (told_orders, told_customers)
        # Orders are rounded to pence, the README's lines are not: half a penny an order at most.
        assert revenue == pytest.approx(told_revenue, abs=0.005 * orders)


def test_months_of_cdnow_are_those_published() -> None:
    cast.shop(currency="USD", timezone="UTC")
    items = short(cdnow_orders(), "1997-02-01")
    post(items)
    found = monthly("UTC")
    assert found == {month: CDNOW[month] for month in sorted({item["placed_at"][:7] for item in items})}


def gift_shop_orders() -> list[dict[str, Any]]:
    invoices, _cancelled = online_retail.read(SHARED / "online_retail")
    assert (len(invoices), sum(invoice.total for invoice in invoices)) == (18_532, Decimal("8911407.90"))
    return [invoice.item(updated=invoice.placed) for invoice in invoices]


def cdnow_orders() -> list[dict[str, Any]]:
    lines = (SHARED / "cdnow" / "CDNOW_master.txt").read_text("ascii").splitlines()[1:]
    orders = []
    for number, line in enumerate(filter(str.strip, lines)):
        customer, day, _items, value = line.split()
        placed = datetime.strptime(day, "%Y%m%d").replace(tzinfo=UTC, hour=12).isoformat()
        told = {"type": "order", "id": f"cd-{number}", "customer": f"cd-{customer}", "placed_at": placed}
        orders.append(told | {"currency": "USD", "total": value, "status": "paid", "updated_at": placed})
    return orders


# (revenue, orders, customers) by month, from the READMEs.
GIFT_SHOP: Final = {
    "2010-12": (572713.89, 1_400, 885),
    "2011-01": (569445.04, 987, 741),
    "2011-02": (447137.35, 997, 758),
    "2011-03": (595500.76, 1_321, 974),
    "2011-04": (469200.361, 1_149, 856),
    "2011-05": (678594.56, 1_555, 1_056),
    "2011-06": (661213.69, 1_393, 991),
    "2011-07": (600091.011, 1_331, 949),
    "2011-08": (645343.90, 1_280, 935),
    "2011-09": (952838.382, 1_755, 1_266),
    "2011-10": (1039318.79, 1_929, 1_364),
    "2011-11": (1161817.38, 2_657, 1_664),
    "2011-12": (518192.79, 778, 615),
}
CDNOW: Final = {
    "1997-01": (299060.17, 8_928, 7_846),
    "1997-02": (379590.03, 11_272, 9_633),
    "1997-03": (393155.27, 11_598, 9_524),
    "1997-04": (142824.49, 3_781, 2_822),
    "1997-05": (107933.30, 2_895, 2_214),
    "1997-06": (108395.87, 3_054, 2_339),
    "1997-07": (122078.88, 2_942, 2_180),
    "1997-08": (88367.69, 2_320, 1_772),
    "1997-09": (81948.80, 2_296, 1_739),
    "1997-10": (89780.77, 2_562, 1_839),
    "1997-11": (115448.64, 2_750, 2_028),
    "1997-12": (95577.35, 2_504, 1_864),
    "1998-01": (76756.78, 2_032, 1_537),
    "1998-02": (77096.96, 2_026, 1_551),
    "1998-03": (108970.15, 2_793, 2_060),
    "1998-04": (66231.52, 1_878, 1_437),
    "1998-05": (70989.66, 1_985, 1_488),
    "1998-06": (76109.30, 2_043, 1_506),
}
