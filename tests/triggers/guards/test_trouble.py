"""A customer in trouble is left alone, and what the trouble is is kept."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from campaigns.models import Answer, Customer, Event
from tests import cast
from tests.triggers.world import fates, send
from triggers.models import GuardFinding, Occasion
from triggers.planner import plan

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
MORNING = cast.at("2026-03-14 09:00", "Europe/Paris")


def event(who: Customer, name: str, days_ago: int, ticket: int = 1) -> None:
    """Something that happened with a request."""
    at = MORNING - days_ago * DAY
    Event.objects.create(
        external_id=f"{name}-{days_ago}",
        customer=who,
        name=name,
        occurred_at=at,
        properties={"ticket": ticket},
        recorded_at=at,
    )


def answer(who: Customer, score: int, days_ago: int) -> None:
    """A score."""
    at = MORNING - days_ago * DAY
    Answer.objects.create(external_id=f"a-{days_ago}", customer=who, score=score, answered_at=at, recorded_at=at)


def _asked(who: Customer) -> None:
    event(who, "ticket_opened", 3)


def _answered(who: Customer) -> None:
    event(who, "ticket_opened", 3)
    event(who, "ticket_answered", 1)


def _answered_about_another(who: Customer) -> None:
    event(who, "ticket_opened", 3)
    event(who, "ticket_answered", 1, ticket=2)


def _asked_again(who: Customer) -> None:
    event(who, "ticket_closed", 5)
    event(who, "ticket_opened", 3)


def _forgotten(who: Customer) -> None:
    event(who, "ticket_opened", 31)


def _late(who: Customer) -> None:
    cast.order(who, "late", MORNING - 9 * DAY, promised_at=MORNING - 2 * DAY)


def _arrived(who: Customer) -> None:
    late, there = MORNING - 2 * DAY, MORNING - DAY
    cast.order(who, "late", MORNING - 9 * DAY, promised_at=late, delivered_at=there, status="delivered")


def _returning(who: Customer) -> None:
    cast.order(who, "back", MORNING - 9 * DAY, status="returning", updated_at=MORNING - 2 * DAY)


def _unhappy(who: Customer) -> None:
    answer(who, 9, 5)
    answer(who, 6, 4)


def _happy_again(who: Customer) -> None:
    answer(who, 2, 4)
    answer(who, 7, 1)


@pytest.mark.parametrize(
    ("fact", "trouble"),
    [
        (_asked, "ticket"),
        (_answered, ""),
        (_answered_about_another, "ticket"),
        (_asked_again, "ticket"),
        (_forgotten, ""),
        (_late, "late"),
        (_arrived, ""),
        (_returning, "return"),
        (_unhappy, "score"),
        (_happy_again, ""),
    ],
)
def test_trouble_defers_and_is_named(fact: Callable[[Customer], None], trouble: str) -> None:
    fact(cast.claire())
    cast.live_campaign(slug="fete")
    plan(MORNING)
    occasion = Occasion.objects.get()
    assert (occasion.reason, occasion.value) == ("in_trouble" if trouble else "", trouble)
    assert occasion.slot_at == (cast.at("2026-03-15 00:00", "Europe/Paris") if trouble else occasion.due_at)


@pytest.mark.parametrize(
    "fields", [{"even_in_trouble": True}, {"gesture_fields": {"purpose": "service"}}], ids=["switched off", "service"]
)
def test_some_speak_to_a_customer_in_trouble(fields: dict[str, Any]) -> None:
    _late(cast.claire())
    cast.live_campaign(**fields)
    plan(MORNING)
    assert Occasion.objects.get().reason == ""


def test_word_about_the_wait_does_not_wait() -> None:
    _late(cast.claire())
    cast.live_campaign("waiting", {"delay_days": 2})
    plan(MORNING)
    assert Occasion.objects.get().reason == ""


def test_trouble_since_the_plan_is_found_at_the_permit() -> None:
    claire = cast.claire()
    cast.live_campaign(slug="fete")
    plan(MORNING)
    _asked(claire)
    send(MORNING)
    send(MORNING + DAY)
    send(MORNING + 2 * DAY)
    assert [(fate.state, fate.reason) for fate in fates().values()] == [("skipped", "in_trouble")]
    assert list(GuardFinding.objects.values_list("guard", "value")) == [("in_trouble", "ticket")] * 2
