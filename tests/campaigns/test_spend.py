"""Spend by channel and week, from a file, in the studio and by API: all or nothing, each fault with its line."""

from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from campaigns.api.authentication import make_key
from campaigns.ingest.faults import Refused
from campaigns.models import ReferralCode, Spend
from campaigns.spend import read_spend
from tests import cast

pytestmark = pytest.mark.django_db


def stored() -> list[tuple[str, str, int]]:
    rows = Spend.objects.order_by("week", "channel")
    return [(row.week.isoformat(), row.channel, row.amount) for row in rows]


def faults(text: str) -> list[str]:
    with pytest.raises(Refused) as caught:
        read_spend(text)
    return [fault["path"] for fault in caught.value.faults]


def test_a_file_is_read_with_commas_or_semicolons() -> None:
    for text in (
        "week,channel,amount\n2026-01-05,search,320.50\n",
        "\ufeffWeek;Channel;Amount\r\n2026-01-05;search;320,50\r\n",
    ):
        (row,) = read_spend(text)
        assert (row.week.isoformat(), row.channel, row.amount) == ("2026-01-05", "search", 32050)


def test_every_fault_is_told_with_its_line() -> None:
    assert faults("week,channel\n") == ["line 1"]
    assert faults("week,channel,amount\n") == ["line 2"]
    lines = "week,channel,amount\n2026-01-06,,1.234\n2026-01-05,search,1\n2026-02-30,a,-1\n2026-01-05,a,1e400\n"
    assert faults(lines) == [
        *("line 2.week", "line 2.channel", "line 2.amount"),
        *("line 4.week", "line 4.amount", "line 5.amount"),
    ]


def test_studio_imports_a_file_whole_or_not_at_all(marie: Client, paul: Client) -> None:
    Spend.objects.create(week="2026-01-05", channel="search", amount=1)
    address = "/studio/campaigns/spend/import/"
    good = "week,channel,amount\n2026-01-05,search,320\n2026-01-12,search,10"
    assert paul.get(address).status_code == 403
    assert "line 3.week" in marie.post(address, {"lines": good.replace("2026-01-12", "x")}).content.decode()
    assert stored() == [("2026-01-05", "search", 1)]
    assert marie.post(address, {"lines": good}).status_code == 302
    assert stored() == [("2026-01-05", "search", 32000), ("2026-01-12", "search", 1000)]
    assert address in marie.get("/studio/campaigns/spend/").content.decode()


@pytest.fixture
def api() -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {make_key('shop', ['ingest', 'read'])[1]}")
    return client


def test_api_stores_all_or_nothing_and_reads_back(api: APIClient) -> None:
    item: dict[str, Any] = {"week": "2026-01-05", "channel": "search", "amount": "320.00"}
    refused = api.post("/api/v1/spend", {"spend": [item, item | {"week": "2026-01-06"}]}, format="json")
    assert (refused.status_code, refused.json()["errors"][0]["path"]) == (400, "spend.1.week")
    assert stored() == []
    assert api.post("/api/v1/spend", {"spend": [item]}, format="json").json() == {"created": 1, "updated": 0}
    changed = {"spend": [item | {"amount": "1.00"}]}
    assert api.post("/api/v1/spend", changed, format="json").json() == {"created": 0, "updated": 1}
    assert api.get("/api/v1/spend?channel=search").json() == {"currency": "EUR", "spend": [item | {"amount": "1.00"}]}
    assert api.get("/api/v1/spend?channel=other").json()["spend"] == []


def test_api_gives_a_customer_a_referral_code(api: APIClient) -> None:
    cast.claire()
    assert api.get("/api/v1/referral-codes/claire10").status_code == 404
    assert api.put("/api/v1/referral-codes/claire10", {"customer": "nobody"}, format="json").status_code == 400
    told = api.put("/api/v1/referral-codes/claire10", {"customer": "claire"}, format="json")
    assert (
        told.json() == {"code": "CLAIRE10", "customer": "claire"} == api.get("/api/v1/referral-codes/Claire10").json()
    )
    assert ReferralCode.objects.get().code == "CLAIRE10"
