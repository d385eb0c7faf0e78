"""Departure: consent withdrawn, an order cancelled, a subscription ended."""

from datetime import timedelta

import pytest

from campaigns.models import Consent, Customer, Event, Suppression
from tests import cast
from tests.triggers.occasions.reached import ROW, reached, sentence
from triggers.occasions import Window, occasions

pytestmark = pytest.mark.django_db

LEFT = cast.at("2026-05-04 10:00")
WEEK = ("2026-05-01 00:00", "2026-05-08 00:00")


def word(who: Customer, hours: int, *, granted: bool = False, channel: str = "email") -> Consent:
    at = LEFT + timedelta(hours=hours)
    return Consent.objects.create(customer=who, channel=channel, granted=granted, given_at=at, recorded_at=at)


def test_withdrawal_is_due_at_once_and_fresh_for_7_days() -> None:
    said = word(cast.claire(), 0)
    rows = occasions(cast.live_campaign("departure"), Window(cast.at(WEEK[0]), cast.at(WEEK[1]))).values_list(*ROW)
    assert list(rows) == [(f"departure:unsubscribed:{said.pk}", LEFT, LEFT + timedelta(days=7), None)]


def test_no_said_every_night_is_one_departure() -> None:
    claire = cast.claire()
    first = word(claire, 0)
    word(claire, 24)
    word(claire, 48)
    keys = [key for _name, key, _due in reached(cast.live_campaign("departure"), *WEEK)]
    assert keys == [f"departure:unsubscribed:{first.pk}"]


def test_who_never_agreed_does_not_leave() -> None:
    word(cast.claire(email_marketing=False), 0)
    assert reached(cast.live_campaign("departure"), *WEEK) == []


def test_who_agreed_again_stays_and_may_leave_again() -> None:
    claire = cast.claire()
    word(claire, 0)
    word(claire, 24, granted=True)
    campaign = cast.live_campaign("departure")
    assert reached(campaign, *WEEK) == []
    assert len(reached(campaign, WEEK[0], "2026-05-04 20:00")) == 1
    again = word(claire, 48)
    assert [key for _name, key, _due in reached(campaign, *WEEK)] == [f"departure:unsubscribed:{again.pk}"]


def test_nobody_is_told_goodbye_after_a_spam_report() -> None:
    claire = cast.claire()
    word(claire, 0)
    cast.order(claire, "A-1", LEFT, status="cancelled")
    campaigns = [cast.live_campaign("departure", {"leaves": leaves}) for leaves in ("unsubscribed", "order_cancelled")]
    assert [len(reached(campaign, *WEEK)) for campaign in campaigns] == [1, 1]
    Suppression.objects.create(
        channel="email", address_key=claire.email_key, reason="complained", created_at=cast.LONG_AGO
    )
    assert [len(reached(campaign, *WEEK)) for campaign in campaigns] == [0, 0]


def test_cancelled_order_and_named_event() -> None:
    claire = cast.claire()
    cast.order(claire, "A-1", LEFT - timedelta(days=9), status="cancelled", updated_at=LEFT)
    cast.order(claire, "A-2", LEFT)
    Event.objects.create(external_id="e-1", customer=claire, name="club_left", occurred_at=LEFT, recorded_at=LEFT)
    rules = ({"leaves": "order_cancelled"}, {"leaves": "event", "event": "club_left"})
    rows = [reached(cast.live_campaign("departure", rule), *WEEK) for rule in rules]
    assert rows == [[("claire", "departure:order:A-1", LEFT)], [("claire", "departure:event:e-1", LEFT)]]


def test_sentences() -> None:
    assert [
        sentence("departure"),
        sentence("departure", leaves="order_cancelled"),
        sentence("departure", leaves="event", event="club_left"),
    ] == [
        "As soon as a customer unsubscribes",
        "As soon as an order is cancelled",
        "As soon as a customer leaves (“club_left”)",
    ]
