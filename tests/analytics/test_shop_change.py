"""The table before and after: figures of the rows, each warning where its reason is, none elsewhere."""

import csv
import io
from datetime import date, datetime, timedelta
from typing import Any, Final

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.utils import translation
from rest_framework.test import APIClient

from analytics.shop_change import shop_change
from analytics.shop_views import shop_csv
from analytics.shop_words import described
from campaigns.api.authentication import make_key
from campaigns.models import Answer, Customer, Event, Order, Spend
from tests import cast

pytestmark = pytest.mark.django_db
DAY: Final = date(2026, 3, 2)  # a Monday
START: Final = cast.at("2026-03-02 00:00", "Europe/Paris")
NOW: Final = START + timedelta(weeks=4, days=31)


def people(count: int, prefix: str = "p", **fields: Any) -> list[Customer]:
    known = {"created_at": cast.LONG_AGO, "signed_up_at": cast.LONG_AGO} | fields
    return Customer.objects.bulk_create(Customer(external_id=f"{prefix}{number}", **known) for number in range(count))


def bought(buyers: list[Customer], weeks_after: float, total: int = 5000, **fields: Any) -> None:
    """One order of each buyer, in the middle of the week that begins so many weeks after the day."""
    placed = START + timedelta(weeks=weeks_after, days=3)
    Order.objects.bulk_create(
        Order(
            external_id=f"{buyer.external_id}@{weeks_after}",
            customer=buyer,
            placed_at=placed,
            total=total + 10 * (number % 7),
            updated_at=placed,
            created_at=placed,
            **fields,
        )
        for number, buyer in enumerate(buyers)
    )


def table(weeks: int = 4, now: datetime = NOW) -> dict[str, Any]:
    return described(shop_change(DAY, weeks, now))


def codes(figures: dict[str, Any], metric: str) -> set[str]:
    return {warning["code"] for warning in figures["metrics"][metric]["warnings"]}


def test_values_and_changes_are_those_of_the_rows() -> None:
    cast.shop()
    crowd = people(400)
    bought(crowd[:60], -2)
    bought(crowd[:90], 1, total=6000)
    figures = table()
    conversion, basket = figures["metrics"]["conversion"], figures["metrics"]["basket"]
    assert (conversion["before"]["value"], conversion["after"]["value"]) == (60 / 400, 90 / 400)
    assert (conversion["before"]["n"], figures["conversion_of"]) == (400, "customers")
    assert conversion["plain"]["rel"] == pytest.approx(0.5)
    assert conversion["plain"]["evidence"] == "plain"
    mean = sum(5000 + 10 * (number % 7) for number in range(60)) / 60
    assert basket["before"]["value"] == pytest.approx(mean)
    low, high = basket["before"]["interval"]
    assert low < mean < high
    assert figures["metrics"]["revenue"]["before"]["value"] == pytest.approx(mean * 60 / 400)
    assert conversion["season"]["refused"] == "no_last_year"
    assert "prove nothing" in figures["sentence"]


def test_where_events_come_conversion_is_of_visitors_and_an_anonymous_one_is_a_person() -> None:
    cast.shop()
    crowd = people(50)
    for weeks, buyers in ((-2, 20), (1, 30)):
        bought(crowd[:buyers], weeks)
        when = START + timedelta(weeks=weeks)
        Event.objects.bulk_create(
            Event(
                external_id=f"{number}-{weeks}-{twice}",
                customer=crowd[number] if number < 50 else None,
                anonymous_id="" if number < 50 else f"a-{number}",
                name="page_view",
                occurred_at=when,
                recorded_at=when,
            )
            for number in range(80)
            for twice in range(2)
        )
    conversion = table()["metrics"]["conversion"]
    assert (conversion["before"]["n"], conversion["before"]["value"]) == (80, 20 / 80)
    assert conversion["after"]["value"] == 30 / 80
    assert "no_visits" not in codes(table(), "conversion")


def test_too_little_is_refused_side_by_side() -> None:
    cast.shop()
    bought(people(9), -2)
    rows = table()["metrics"]
    assert rows["conversion"]["plain"]["refused"] == "few_conversions"
    assert rows["nps"]["plain"]["refused"] == "few_answers"
    assert rows["cac"]["plain"]["refused"] == "missing_spend"
    assert (rows["nps"]["before"]["value"], rows["cac"]["before"]["value"]) == (None, None)
    assert {warning for row in rows.values() for warning in row["warnings"]} == set()


def test_weeks_that_are_not_over_have_no_table() -> None:
    cast.shop()
    figures = table(now=START + timedelta(weeks=3))
    assert (figures["running"], figures["metrics"]) == (True, {})


def test_a_flat_shop_warns_of_its_season_alone() -> None:
    cast.shop()
    crowd = people(400)
    for week in (-2, -6, -10, -14, -18, 1):
        bought(crowd[:60] if week % 4 else crowd[:61], week)
    Order.objects.filter(external_id__endswith="@-10").update(total=5100)
    Event.objects.bulk_create(
        Event(
            external_id=f"{n}-{w}", customer=crowd[n], name="x", occurred_at=START + timedelta(weeks=w), recorded_at=NOW
        )
        for n in range(100)
        for w in (-2, 1)
    )
    assert codes(table(), "basket") <= {"season", "lowest"}
    assert codes(table(), "conversion") <= {"season", "lowest", "highest"}


@pytest.mark.parametrize(("level", "code", "trend"), [(20, "lowest", "falling"), (180, "highest", "rising")])
def test_an_unusual_period_before_is_told(level: int, code: str, trend: str) -> None:
    cast.shop()
    crowd = people(400)
    for week, buyers in ((-18, 90), (-14, 95), (-10, 92), (-6, 94), (-2, level), (1, 93)):
        bought((crowd * 2)[:buyers], week, total=5000)
    # Fifty orders are the least that a period is judged by: the low one gets them from others.
    if level < 50:
        bought(people(40, "other", signed_up_at=START), -1.5)
    assert {code, trend} <= codes(table(), "conversion")


def test_one_customer_with_half_of_the_revenue_is_told() -> None:
    cast.shop()
    crowd = people(200)
    for week in (-2, 1):
        bought(crowd[:100], week)
    cast.order(crowd[0], "whale", START + timedelta(days=1), total=600_000)
    assert "one_customer" in codes(table(), "revenue")
    assert "one_customer" not in codes(table(), "conversion")


def test_discounts_new_customers_and_campaigns_are_told() -> None:
    cast.shop()
    crowd, strangers = people(200), people(100, "new", signed_up_at=START + timedelta(days=1))
    bought(crowd[:100], -2)
    bought(crowd[:60], 1, discount=500)
    bought(strangers, 1, discount=500)
    cast.live_campaign(name="Printemps", launched_at=START)
    figures = table()
    assert {"discounts", "mix", "campaigns"} <= codes(figures, "conversion")
    said = [warning["sentence"] for warning in figures["metrics"]["conversion"]["warnings"]]
    assert "Campaigns began in these weeks: “Printemps”." in said
    assert "Discounts changed: 0% of the orders had one before, 100% after." in said


def test_refunds_may_still_come_for_a_month() -> None:
    cast.shop()
    crowd = people(200)
    bought(crowd[:60], -2)
    bought(crowd[:60], 1)
    early = table(now=START + timedelta(weeks=4, days=2))
    assert ("refunds" in codes(early, "revenue"), "refunds" in codes(table(), "revenue")) == (True, False)


def test_acquisition_cost_with_spend_of_every_week() -> None:
    cast.shop()
    for week in range(-4, 4):
        Spend.objects.create(week=DAY + timedelta(weeks=week), channel="search", amount=10_000)
        first = START + timedelta(weeks=week, days=1)
        people(10 if week < 0 else 20, f"w{week}-", first_order_at=first)
    row = table()["metrics"]["cac"]
    assert (row["before"]["value"], row["after"]["value"]) == (1000.0, 500.0)
    assert row["plain"]["rel"] == pytest.approx(-0.5)
    assert row["before"]["text"] == "€10.00"


def test_nps_is_told_in_points_and_never_as_a_percentage() -> None:
    cast.shop()
    for weeks, happy in ((-2, 20), (1, 30)):
        when = START + timedelta(weeks=weeks)
        Answer.objects.bulk_create(
            Answer(
                external_id=f"{weeks}-{n}",
                customer=who,
                score=9 if n < happy else 5,
                answered_at=when,
                recorded_at=when,
            )
            for n, who in enumerate(people(40, f"n{weeks}-"))
        )
    row = table()["metrics"]["nps"]
    assert (row["before"]["value"], row["after"]["value"], row["plain"]["rel"]) == (0.0, 50.0, None)
    assert row["plain"]["text"] == "+50.0 points"


def test_every_warning_has_its_sentence_in_both_languages() -> None:
    from analytics.shop_words import warning_sentence

    told = {"periods": 5, "before": 0.1, "after": 0.4, "names": ["A"], "share": 0.5}
    known = ("season", "rising", "falling", "lowest", "highest", "mix", "discounts", "campaigns", "one_customer")
    for code in (*known, "refunds", "no_visits"):
        english = warning_sentence(told | {"code": code})
        with translation.override("fr"):
            assert warning_sentence(told | {"code": code}) != english


@pytest.fixture
def filled() -> None:
    cast.shop()
    crowd = people(200)
    bought(crowd[:60], -2)
    bought(crowd[:80], 1)


@pytest.mark.usefixtures("filled")
def test_page_json_csv_and_api_say_the_same(client: Client) -> None:
    client.force_login(get_user_model().objects.create_superuser("marie", "marie@maison-the.test", "x"))
    page = client.get("/studio/reports/shop?day=2026-03-02&weeks=4").content.decode()
    assert "30.00%" in page
    assert "40.00%" in page
    told = client.get("/studio/reports/shop/data.json?day=2026-03-02&weeks=4").json()
    rows = list(
        csv.DictReader(io.StringIO(client.get("/studio/reports/shop/data.csv?day=2026-03-02&weeks=4").content.decode()))
    )
    assert [row["metric"] for row in rows] == ["conversion", "nps", "basket", "cac", "revenue"]
    assert float(rows[0]["relative"]) == told["metrics"]["conversion"]["plain"]["rel"]
    assert float(rows[2]["before"]) == told["metrics"]["basket"]["before"]["value"] == pytest.approx(50.3, abs=0.1)
    _row, key = make_key("shop", ["read"])
    api = APIClient()
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {key}")
    assert api.get("/api/v1/before-after?day=2026-03-02&weeks=4").json() == told
    assert api.get("/api/v1/before-after?day=2026-03-02&weeks=4&format=csv").content.decode().startswith("metric,unit")
    assert api.get("/api/v1/nps").json()["n"] == 0
    assert api.get("/api/v1/nps?format=csv").content.decode().startswith("survey,month")


@pytest.mark.parametrize(
    "query", ["", "?day=2026-02-31&weeks=4", "?day=0001-01-01&weeks=26", "?day=9999-12-31", "?weeks=²"]
)
def test_page_opens_whatever_is_asked(client: Client, query: str) -> None:
    cast.shop()
    client.force_login(get_user_model().objects.create_superuser("marie", "marie@maison-the.test", "x"))
    assert client.get(f"/studio/reports/shop{query}").status_code == 200


@pytest.mark.usefixtures("filled")
def test_csv_holds_no_formula() -> None:
    cast.live_campaign(name="=1+1", launched_at=START)
    cells = [cell for line in csv.reader(io.StringIO(shop_csv(table()))) for cell in line]
    assert not [cell for cell in cells if cell[:1] in ("=", "+", "@")]


@pytest.mark.usefixtures("filled")
def test_page_is_for_people_who_may_see_campaigns(client: Client) -> None:
    client.force_login(get_user_model().objects.create_user("paul", "p@maison-the.test", "x", is_staff=True))
    assert client.get("/studio/reports/shop").status_code == 403
