"""A notebook that knows only the exported rows comes to the figures of the report page."""

from collections.abc import Iterator
from datetime import timedelta
from random import Random
from typing import Any

import pytest

from analytics.export import contacts_csv, shop_csv
from analytics.facts.windows import YEAR
from analytics.measure import measure
from campaigns.models import Answer, Campaign, Customer, Order, Spend
from tests.analytics.arms import LATER, LAUNCH, Contact, campaign, fill
from tests.analytics.recomputed import Rows, report
from triggers.models import Decision, Delivery, Occasion

pytestmark = pytest.mark.django_db


def close(value: Any) -> Any:
    """As near as 1e-9; None only to None."""
    return None if value is None else pytest.approx(value, rel=1e-9, abs=1e-9)


@pytest.fixture
def shop() -> Campaign:
    """A campaign of 900 contacts with orders, answers, messages and exclusions, in a shop with a last year."""
    random = Random(20260105)
    row = campaign(margin_share="0.45", incentive_cost=150, unit_costs={"email": "0.3"})
    fill(row, [_contact(random, number) for number in range(900)])
    _around(random)
    _new_and_left_out(random, row)
    _messages(random, row)
    return row


def _contact(random: Random, number: int) -> Contact:
    decision = "due" if number % 2 else "held_out"
    buys = random.random() < (0.32 if decision == "due" else 0.2)
    amounts = [round(random.lognormvariate(8.5, 0.7)) for _ in range(1 + (random.random() < 0.2))] if buys else []
    before = [round(random.lognormvariate(8.5, 0.7))] if random.random() < (0.5 if buys else 0.3) else []
    score = random.choice((2, 6, 7, 8, 9, 9, 10, 10)) if random.random() < 0.4 else None
    return Contact(decision, amounts, before, score)


def _around(random: Random) -> None:
    """Orders and answers four weeks around this launch and that of last year, and spend in all those weeks."""
    orders, answers = [], []
    for who in Customer.objects.all():
        for year in (0, 1):
            for day in (-random.randint(1, 27), random.randint(0, 27)):
                when = LAUNCH - timedelta(days=YEAR * year - day, hours=2)
                name = f"{who.external_id}-{year}-{day}"
                if random.random() < 0.25:
                    told: dict[str, Any] = {"placed_at": when, "updated_at": when, "created_at": when}
                    orders.append(Order(customer=who, external_id=name, total=random.randint(900, 9000), **told))
                if random.random() < 0.2:
                    score = random.randint(4, 10)
                    answers.append(
                        Answer(external_id=name, customer=who, score=score, answered_at=when, recorded_at=when)
                    )
    first = Customer.objects.order_by("pk")[0]
    when = LAUNCH - timedelta(days=700)
    orders.append(Order(customer=first, external_id="first", total=5, placed_at=when, updated_at=when, created_at=when))
    Order.objects.bulk_create(orders)
    Answer.objects.bulk_create(answers)
    monday = LAUNCH.date()
    Spend.objects.bulk_create(
        Spend(week=monday + timedelta(weeks=week), channel=channel, amount=random.randint(10_000, 40_000))
        for week in range(-60, 8)
        for channel in ("search", "social")
    )


def _new_and_left_out(random: Random, row: Campaign) -> None:
    """First orders in the windows of some contacts and in the weeks around, and customers whom a guard left out."""
    for number, occasion in enumerate(Occasion.objects.select_related("customer").order_by("pk")):
        who = occasion.customer
        if (occasion.decision == Decision.DUE and number % 8 == 1) or number % 14 == 0:
            who.first_order_at = occasion.slot_at + timedelta(days=random.randint(0, 16))
        else:
            who.first_order_at = LAUNCH - timedelta(days=random.randint(1, 420))
        who.save()
        if number % 30 == 0:
            Occasion.objects.create(
                campaign=row,
                customer=who,
                key="birthday:2025",
                due_at=occasion.slot_at,
                fresh_until=occasion.slot_at,
                slot_at=occasion.slot_at,
                decision=Decision.SKIPPED,
                reason=random.choice(("no_consent", "daily_cap")),
                decided_at=occasion.slot_at,
            )


def _messages(random: Random, row: Campaign) -> None:
    Delivery.objects.bulk_create(
        Delivery(
            occasion=occasion,
            campaign=row,
            customer_id=occasion.customer_id,
            channel="email",
            state="skipped" if skipped else "delivered",
            reason="no_consent" if skipped else "",
            not_before=occasion.slot_at,
            permitted_at=None if skipped else occasion.slot_at,
            created_at=occasion.slot_at,
        )
        for occasion in Occasion.objects.filter(decision=Decision.DUE)
        for skipped in (random.random() < 0.1,)
    )


def in_whole_units(row: dict[str, Any]) -> dict[str, Any]:
    """The report computes in cents, the notebook in euros."""
    if row["unit"] != "money":
        return row
    scaled = {key: row[key] / 100 for key in ("value_t", "value_c", "diff")}
    return row | scaled | {"diff_ci": [end / 100 for end in row["diff_ci"]]}


def pairs(told: dict[str, Any], again: dict[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    for metric, figures in again.items():
        for key in ("value_t", "value_c", "diff", "diff_ci", "rel", "rel_ci"):
            yield f"{metric}.{key}", in_whole_units(told[metric])[key], figures[key]


def test_every_figure_follows_from_the_exported_rows(shop: Campaign) -> None:
    told = measure(shop, LATER)
    settings = {"margin_share": 0.45, "incentive_cost": 1.5, "control_share": 0.5}
    rows = Rows.read("".join(contacts_csv(shop, LATER)), "".join(shop_csv(shop, LATER)), settings)
    again = report(rows)
    counts = told["counts"] | {"message_cost": told["counts"]["message_cost"] / 100}
    assert again["counts"] == counts | {"message_cost": close(counts["message_cost"])}
    assert (again["exclusions"], again["withheld"]) == (told["exclusions"], told["withheld"])
    for evidence in ("holdout", "plain", "season"):
        figures = {metric: rows_of[evidence] for metric, rows_of in told["metrics"].items()}
        for name, ours, theirs in pairs(figures, {k: v for k, v in again[evidence].items() if k != "sides"}):
            assert ours == close(theirs), (evidence, name)
    for way in told["robust"]:
        found = again[way["way"]]
        for key in ("value_t", "value_c", "diff", "diff_ci"):
            assert in_whole_units(way)[key] == close(found[key]), (way["way"], key)
    assert told["robust"][1]["most"] / 100 == again["winsorised"]["most"]


def test_money_back_health_and_new_customers_follow_from_the_exported_rows(shop: Campaign) -> None:
    told = measure(shop, LATER)
    settings = {"margin_share": 0.45, "incentive_cost": 1.5, "control_share": 0.5}
    rows = Rows.read("".join(contacts_csv(shop, LATER)), "".join(shop_csv(shop, LATER)), settings)
    again = report(rows)
    assert told["largest_share"] == close(again["largest_share"])
    health = told["gates"][0]["figures"]
    for key, value in again["health"].items():
        assert health[key] == close(value), key
    extra = told["metrics"]["cac"]["holdout"]
    assert (extra["new_t"], extra["new_c"]) == (again["extra_customer"]["new_t"], again["extra_customer"]["new_c"])
    assert [end and end / 100 for end in extra["interval"]] == close(again["extra_customer"]["interval"])
    assert extra["value"] / 100 == close(again["extra_customer"]["value"])
    returns = again["returns"]
    assert told["returns"]["cost"] / 100 == close(returns["cost"])
    assert told["returns"]["roi_ci"] == close(returns["roi_ci"])
    assert told["returns"]["roi"] == close(returns["roi"])
    assert [end / 100 for end in told["returns"]["margin_ci"]] == close(returns["margin_ci"])
    assert {key: told["pays_back"][key] for key in ("day", "earliest", "latest")} == again["pays_back"]


def test_the_exported_rows_hold_nothing_personal(shop: Campaign) -> None:
    Customer.objects.update(email="amelie@maison-the.test", first_name="Amélie", phone="+33600000000")
    text = "".join(contacts_csv(shop, LATER)) + "".join(shop_csv(shop, LATER))
    assert not [word for word in ("amelie", "Amélie", "+336", "c17,", "maison-the") if word in text]
