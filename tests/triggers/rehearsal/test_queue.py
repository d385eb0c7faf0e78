"""A rehearsal asked for, run, cancelled; what it counts, and that nothing but its result is stored."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from campaigns import clock
from campaigns.models import Campaign, Customer, CustomerChange, Event, Link, Suppression, Variant
from tests import cast
from triggers.models import Attempt, Delivery, GuardFinding, Heartbeat, Occasion, Rehearsal
from triggers.rehearsal import play, queue
from triggers.rehearsal.play import staged
from triggers.rehearsal.shadow import only_shadows

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def few_ticks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten days by the hour take two seconds a test."""
    monkeypatch.setattr(play, "TICK", timedelta(hours=6))


def _thanks(**fields: Any) -> Campaign:
    return cast.live_campaign(
        "post_purchase",
        {"anchor": "placed", "delay_hours": 2},
        slug="thanks",
        **{"status": Campaign.Status.DRAFT, "launched_at": None, "unit_costs": {"email": 3}} | fields,
    )


def _run(campaign: Campaign, days: int = 10) -> Rehearsal:
    rehearsal = queue.ask(campaign, days=days, by="marie", now=NOW)
    queue.run_waiting()
    rehearsal.refresh_from_db()
    return rehearsal


def _shop_of_three() -> Campaign:
    campaign = _thanks()
    claire, malik, paul = cast.claire(), cast.malik(), cast.customer("paul", email="")
    for number, day in enumerate((11, 13, 13)):
        cast.order(claire, f"claire-{number}", datetime(2026, 3, day, 9, tzinfo=UTC), tax=990)
    cast.order(malik, "malik-1", datetime(2026, 3, 14, 9, tzinfo=UTC))
    cast.order(paul, "paul-1", datetime(2026, 3, 14, 9, tzinfo=UTC))
    # Behind the window, and so not seen.
    cast.order(malik, "malik-2", NOW + timedelta(hours=3))
    return campaign


def test_result_counts_gestures_customers_costs_and_reasons() -> None:
    rehearsal = _run(_shop_of_three())
    assert rehearsal.status == Rehearsal.Status.DONE
    result = rehearsal.result
    assert result["days"] == [["2026-03-11", "email", 1], ["2026-03-13", "email", 1], ["2026-03-14", "email", 2]]
    assert (result["gestures"], result["customers"], result["more_than"]) == (4, 2, [1, 1])
    assert (result["cost"], result["costs"]) == (12, {"email": 12})
    assert result["skipped"] == {"no_address": 1}
    assert sum(result["moved"].values()) <= 1
    assert result["occasions"] == 5


def test_orders_that_happened_anyway_are_those_a_naive_report_would_claim() -> None:
    result = _run(_shop_of_three()).result
    # Both of Claire's orders of the 13th follow her message of the 11th; Malik's second one is not known yet.
    assert result["orders"] == {"count": 2, "customers": 1, "revenue": 2 * (5990 - 990)}


def test_messages_are_shown_as_the_customer_would_have_seen_them() -> None:
    rehearsal = _run(_shop_of_three())
    shown = rehearsal.messages.order_by("sent_at").values_list("customer__external_id", "language", "subject")
    assert list(shown) == [("claire", "fr", "Merci, et à bientôt !")] * 3 + [("malik", "fr", "Merci, et à bientôt !")]


def test_nothing_but_the_result_is_stored() -> None:
    campaign = _shop_of_three()
    variant = Variant.objects.filter(gesture=campaign.gesture, language="fr", channel="email").get()
    variant.body = '<p><a href="https://maison-the.test/tea">Thé</a></p>'
    variant.save()
    before = _everything()
    assert _run(campaign).result["gestures"] == 4
    assert _everything() == before
    assert Campaign.objects.get().status == Campaign.Status.DRAFT


def _everything() -> list[Any]:
    models = (Occasion, Delivery, Attempt, GuardFinding, Heartbeat, Link, Campaign, Customer)
    return [list(model.objects.order_by("pk").values()) for model in models]


def test_database_refuses_a_write_to_a_real_table() -> None:
    claire = cast.claire()
    campaign = _thanks()
    with staged(campaign, NOW) as staging:
        list(staging.gather())
        with pytest.raises(DatabaseError), transaction.atomic(), only_shadows():
            Link.objects.create(url="https://maison-the.test/")
        with only_shadows():
            Heartbeat.objects.create(name="shadow", business_at=NOW, finished_at=NOW)
            Customer.objects.filter(pk=claire.pk).update(first_name="Shadow")
        assert Customer.objects.get().first_name == "Shadow"
    assert Customer.objects.get().first_name == "Claire"
    assert not Heartbeat.objects.filter(name="shadow").exists()
    Link.objects.create(url="https://maison-the.test/")


def test_attributes_are_as_they_were() -> None:
    campaign = _thanks(audience={"field": "language", "is": "is", "value": "en"}, channels=("sms",))
    claire = cast.claire(language="fr", phone="+33639980002", points=5, tags=["new"])
    changed = datetime(2026, 3, 14, tzinfo=UTC)
    for field, old, new in (
        ("language", "en", "fr"),
        ("phone", "+33639980001", "+33639980002"),
        ("points", 3, 5),
        ("tags", ["old"], ["new"]),
        ("birth_date", "--03-15", "1988-03-14"),
        ("signed_up_at", "2020-02-01T10:00:00+01:00", "2020-01-01T00:00:00+00:00"),
    ):
        CustomerChange.objects.create(customer=claire, field=field, old=old, new=new, changed_at=changed)
    cast.order(claire, "before", datetime(2026, 3, 12, tzinfo=UTC))
    cast.order(claire, "after", datetime(2026, 3, 15, tzinfo=UTC))
    with staged(campaign, NOW - timedelta(days=10)) as staging:
        list(staging.gather())
        was = Customer.objects.get()
        assert (was.language, was.points, was.tags, was.birth_day, was.birth_year) == ("en", 3, ["old"], 315, None)
        assert (was.signed_up_at, was.birth_date_changed_on) == (datetime(2020, 2, 1, 9, tzinfo=UTC), None)
        assert was.phone_key != claire.phone_key
    rehearsal = _run(campaign)
    assert rehearsal.result["gestures"] == 1
    assert rehearsal.result["ledger_since"] == changed.isoformat()


def test_facts_that_came_later_are_not_seen() -> None:
    history = {"history": "events", "of": "visit", "is": "at_most", "value": 0}
    campaign = _thanks(audience=history)
    claire = cast.claire()
    cast.order(claire, "o-1", datetime(2026, 3, 12, tzinfo=UTC))
    later = datetime(2026, 3, 13, tzinfo=UTC)
    Event.objects.create(external_id="e", customer=claire, name="visit", occurred_at=later, recorded_at=later)
    Suppression.objects.create(channel="email", address_key=claire.email_key, reason="bounced", created_at=later)
    assert _run(campaign).result["gestures"] == 1


def test_other_campaigns_take_their_part_of_the_dose() -> None:
    campaign = _thanks(priority=0)
    cast.live_campaign("post_purchase", {"anchor": "placed"}, slug="receipt", priority=9)
    cast.order(cast.claire(), "o-1", datetime(2026, 3, 12, 9, tzinfo=UTC))
    result = _run(campaign).result
    assert result["moved"] == {"daily_cap": 1}
    assert result["days"] == [["2026-03-13", "email", 1]]


def test_asking_twice_waits_for_one_rehearsal() -> None:
    campaign = _thanks()
    first = queue.ask(campaign, days=10, by="marie", now=NOW)
    assert queue.ask(campaign, days=90, by="paul", now=NOW) == first
    assert queue.waiting()
    assert queue.run_waiting() == 1
    assert queue.ask(campaign, days=90, by="paul", now=NOW) != first


def test_cancelled_rehearsal_stops_and_keeps_no_result(monkeypatch: pytest.MonkeyPatch) -> None:
    campaign = _shop_of_three()
    rehearsal = queue.ask(campaign, days=10, by="marie", now=NOW)
    # The person presses while the worker is somewhere in the middle.
    monkeypatch.setattr(queue, "_SPEAKS_EVERY", 0.0)
    pressed = iter([False] * 12 + [True])
    usual = clock.now

    def pressing() -> datetime:
        if next(pressed, False):
            queue.cancel(Rehearsal.objects.get())
        return usual()

    monkeypatch.setattr(timezone, "now", pressing)
    queue.run_waiting()
    rehearsal.refresh_from_db()
    assert (rehearsal.status, rehearsal.result) == (Rehearsal.Status.CANCELLED, {})
    assert 0 < rehearsal.share < 1
    assert Occasion.objects.count() == 0


def test_rehearsal_of_a_dead_worker_is_begun_anew() -> None:
    rehearsal = queue.ask(_shop_of_three(), days=10, by="marie", now=NOW)
    long_ago = datetime(2026, 1, 1, tzinfo=UTC)
    Rehearsal.objects.update(status=Rehearsal.Status.RUNNING, touched_at=long_ago, share=0.7)
    assert queue.run_waiting() == 1
    rehearsal.refresh_from_db()
    assert rehearsal.status == Rehearsal.Status.DONE


def test_broken_rule_fails_and_says_so() -> None:
    campaign = _thanks()
    campaign.moment.kind = "unheard_of"
    campaign.moment.save()
    rehearsal = _run(campaign)
    assert rehearsal.status == Rehearsal.Status.DONE
    assert rehearsal.result["gestures"] == 0
    assert connection.vendor
