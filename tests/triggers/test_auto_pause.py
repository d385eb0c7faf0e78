"""What pauses a campaign by itself: at which figures, how soon, and that a person's word begins a new count."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from campaigns.models import AuditEntry, Campaign, Customer, Variant
from campaigns.pauses import PauseReason
from tests import cast
from tests.triggers.dispatch.scene import NOON, buyers, due, states, thanks
from tests.triggers.dispatch.test_result import answer, permitted
from tests.triggers.messages import SENT, sent
from triggers.auto_pause import watch
from triggers.callbacks.record import Report, record
from triggers.callbacks.words import BOUNCED, COMPLAINED, Word
from triggers.channels import SendResult, Verdict
from triggers.dispatch import dispatch
from triggers.models import Attempt, Delivery, State, Volume
from triggers.planner import plan

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
LATER = SENT + timedelta(hours=3)


def paused() -> tuple[str, str, dict[str, Any]]:
    campaign = Campaign.objects.get()
    return campaign.status, campaign.paused_for, campaign.paused_facts


def told(word: Word, attempts: list[Attempt], now: Any = LATER) -> None:
    """The provider says `word` of each attempt, in one callback."""
    record(
        [
            Report("sendgrid", "email", f"{word.kind}-{attempt.pk}", word, now, attempt.pk.hex)  # type: ignore[arg-type]
            for attempt in attempts
        ],
        now,
    )


def messages(count: int, of: int) -> list[Attempt]:
    """`count` messages that were sent, in a campaign that sent `of`."""
    made = [sent(cast.customer(f"c-{uuid4().hex}")) for _number in range(count)]
    Volume.objects.create(campaign=Campaign.objects.get(), at=SENT, messages=of)
    return made


@pytest.mark.parametrize(
    ("word", "count", "of", "reason"),
    [
        (COMPLAINED, 2, 2, ""),  # two may be chance, whatever their share
        (COMPLAINED, 3, 1501, ""),
        (COMPLAINED, 3, 1500, PauseReason.COMPLAINTS),
        (BOUNCED, 4, 4, ""),
        (BOUNCED, 5, 101, ""),
        (BOUNCED, 5, 100, PauseReason.BOUNCES),
    ],
)
def test_complaints_and_bounces_pause_at_their_limit_and_not_below(
    word: Word, count: int, of: int, reason: str
) -> None:
    told(word, messages(count, of))
    watch(LATER)
    assert paused() == (("paused", reason, {"count": count, "of": of}) if reason else ("live", "", {}))


def test_pause_after_a_callback_holds_what_is_already_claimed() -> None:
    due(5)
    drafts = permitted()
    answer(drafts[:0], SendResult(Verdict.ACCEPTED))
    attempts = list(Attempt.objects.all())
    told(COMPLAINED, attempts, NOON + timedelta(minutes=1))
    assert paused()[:2] == ("paused", "complaints")
    cast.order(cast.customer("late"), "late", NOON)
    plan(NOON + timedelta(minutes=2))
    assert dispatch(NOON + timedelta(minutes=2)) == 0


def test_addresses_that_the_provider_refuses_at_once_count_as_bounces() -> None:
    due(5)
    answer(permitted(), SendResult(Verdict.BAD_ADDRESS, code="400"))
    assert paused() == ("paused", "bounces", {"count": 5, "of": 5})


def test_three_equal_refusals_from_different_people_pause_before_the_next_permit() -> None:
    due(6)
    drafts = permitted()
    answer(drafts[:2], SendResult(Verdict.BAD_MESSAGE, code="400"))
    answer(drafts[2:4], SendResult(Verdict.BAD_MESSAGE, code="413"))
    assert paused()[0] == "live"
    answer(drafts[4:5], SendResult(Verdict.BAD_MESSAGE, code="400"))
    assert paused() == ("paused", "refusals", {"count": 3, "code": "outbox 400"})


def test_refusals_of_one_person_or_of_an_hour_ago_pause_nothing() -> None:
    due(3)
    drafts = permitted()
    Delivery.objects.update(permitted_at=NOON - timedelta(minutes=11))
    answer(drafts, SendResult(Verdict.BAD_MESSAGE, code="400"))
    assert paused()[0] == "live"
    Delivery.objects.update(permitted_at=NOON, customer=Customer.objects.first())
    assert watch(NOON + timedelta(minutes=1)) == []


def test_texts_that_cannot_be_filled_in_stop_the_others_of_their_own_batch() -> None:
    thanks()
    buyers(7, first_name="Zoé")
    Variant.objects.filter(channel="email", language="fr").update(subject="Merci {{ customer.first_name }}")
    Customer.objects.filter(external_id__in=("buyer-1", "buyer-2", "buyer-3")).update(first_name="")
    plan(NOON)
    assert dispatch(NOON) == 0
    assert states() == {"skipped": 3, "planned": 4}
    assert paused() == ("paused", "render_failures", {"count": 3, "of": 3})


@pytest.mark.parametrize(
    ("failures", "written", "pauses"), [(3, 298, False), (3, 297, True), (19, 9000, False), (20, 9000, True)]
)
def test_render_failures_pause_at_one_in_a_hundred_or_at_twenty(failures: int, written: int, pauses: bool) -> None:
    campaign = thanks()
    Volume.objects.create(campaign=campaign, at=NOON - DAY, messages=written, unwritten=failures)
    assert bool(watch(NOON)) is pauses


def usual(campaign: Campaign, days: int, messages: int) -> None:
    Volume.objects.bulk_create(
        Volume(campaign=campaign, at=NOON - day * DAY, messages=messages) for day in range(1, days + 1)
    )


def wait(campaign: Campaign, count: int) -> None:
    first = cast.customer("first")
    Delivery.objects.bulk_create(
        Delivery(
            occasion_id=number,
            campaign=campaign,
            customer=first,
            channel="email",
            state=State.PLANNED,
            not_before=NOON,
            created_at=NOON,
        )
        for number in range(count)
    )


@pytest.mark.parametrize(
    ("days", "a_day", "waiting", "pauses"),
    [(7, 100, 200, False), (7, 100, 201, True), (6, 100, 900, False), (7, 1, 199, False), (7, 1, 200, True)],
)
def test_backlog_over_twice_the_median_day_is_held(days: int, a_day: int, waiting: int, pauses: bool) -> None:
    campaign = thanks()
    usual(campaign, days, a_day)
    wait(campaign, waiting)
    watch(NOON)
    expected = ("paused", "backlog", {"count": waiting, "usual": a_day}) if pauses else ("live", "", {})
    assert paused() == expected


def test_backlog_pauses_as_soon_as_it_is_planned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("triggers.planner.SMALLEST_BACKLOG", 5)
    monkeypatch.setattr("triggers.auto_pause.SMALLEST_BACKLOG", 5)
    usual(thanks(), 7, 2)
    buyers(5)
    plan(NOON)
    assert paused() == ("paused", "backlog", {"count": 5, "usual": 2})
    assert dispatch(NOON) == 0


def restarts(reason: PauseReason, harm: Callable[[], None]) -> None:
    harm()
    assert paused()[:2] == ("paused", reason)
    Campaign.objects.update(status="live", paused_for="", paused_facts={}, watched_since=LATER)
    assert watch(LATER + timedelta(minutes=1)) == []


def test_person_who_resumes_begins_a_new_count() -> None:
    restarts(PauseReason.COMPLAINTS, lambda: told(COMPLAINED, messages(3, 100)))


def test_pause_is_noted_as_the_systems_own() -> None:
    told(COMPLAINED, messages(3, 100))
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.action, entry.detail) == ("", "paused", {"reason": "complaints", "count": 3, "of": 100})


def test_paused_and_ended_campaigns_are_left_alone() -> None:
    attempts = messages(3, 100)
    Campaign.objects.update(status="paused")
    told(COMPLAINED, attempts)
    assert paused() == ("paused", "", {})
