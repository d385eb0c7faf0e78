"""SendGrid's events: signed or refused, stored once, moving states forward in whatever order they come."""

import json
import random
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries, Settings

from campaigns import clock
from campaigns.models import Consent, Customer, Suppression
from tests import cast
from tests.triggers.callbacks.conftest import SIGNATURE, TIMESTAMP, SendGridPost
from tests.triggers.messages import sent
from triggers.callbacks.record import record
from triggers.callbacks.sendgrid import is_signed, read
from triggers.callbacks.words import OTHER
from triggers.models import Attempt, Delivery, DeliveryEvent

pytestmark = pytest.mark.django_db

PUBLISHED = Path(__file__).resolve().parents[4] / "shared" / "data" / "api_sendgrid"
needs_published = pytest.mark.skipif(not PUBLISHED.is_dir(), reason=f"SendGrid's examples are not at {PUBLISHED}")
NOW = cast.at("2026-03-14 12:00")


def event(name: str, attempt: Attempt | None = None, number: int = 1, **fields: Any) -> dict[str, Any]:
    """One event as SendGrid sends it, with our custom_args at its top level."""
    own = {} if attempt is None else {"attempt_id": attempt.pk.hex, "email": attempt.recipient}
    return (
        {
            "email": "someone@else.test",
            "timestamp": int(NOW.timestamp()) + number,
            "smtp-id": "<14c5d75ce93.dfd.64b469@ismtpd-555>",
            "event": name,
            "sg_event_id": f"{name}-{number}",
            "sg_message_id": "14c5d75ce93.dfd.64b469.filter0001.16648.5515E0B88.0",
        }
        | own
        | fields
    )


def state_of(attempt: Attempt) -> str:
    return Delivery.objects.values_list("state", flat=True).get(pk=attempt.delivery_id)


def stored() -> int:
    return DeliveryEvent.objects.count()


@needs_published
def test_published_vector_verifies_and_no_flipped_bit_does(settings: Settings) -> None:
    vector = json.loads((PUBLISHED / "signed_event_vector.json").read_text())
    settings.SENDGRID_WEBHOOK_PUBLIC_KEY = vector["public_key"]
    body, headers = vector["raw_body"].encode(), vector["headers"]
    signed_at = float(headers[TIMESTAMP])
    assert is_signed(body, headers, real_now=signed_at + 10)
    assert not is_signed(body, headers, real_now=signed_at + 26 * 3600)
    assert not is_signed(body.rstrip(), headers, real_now=signed_at)
    for bit in range(0, len(body) * 8, 29):
        forged = bytearray(body)
        forged[bit // 8] ^= 1 << bit % 8
        assert not is_signed(bytes(forged), headers, real_now=signed_at)
    for position in range(len(headers[SIGNATURE])):
        signature = headers[SIGNATURE]
        other = "A" if signature[position] != "A" else "B"
        forged_headers = headers | {SIGNATURE: signature[:position] + other + signature[position + 1 :]}
        # The last letters before the padding carry spare bits that base64 ignores; the signature is then the same.
        if position < len(signature) - 3:
            assert not is_signed(body, forged_headers, real_now=signed_at)
    assert not is_signed(body, headers | {TIMESTAMP: str(int(signed_at) + 1)}, real_now=signed_at)


@pytest.mark.parametrize(
    "forged",
    [
        {"body": b"[]"},
        {"signature": ""},
        {"signature": "AAAA"},
        {"signature": "no base64!"},
        {"timestamp": "1"},
        {"timestamp": "soon"},
        {"timestamp": ""},
        {"body": b"\xff\xfe"},
    ],
)
def test_forged_batch_is_refused_and_nothing_stored(sendgrid: SendGridPost, forged: dict[str, Any]) -> None:
    attempt = sent(cast.claire())
    assert sendgrid([event("bounce", attempt)], **forged).status_code == 403
    assert (stored(), state_of(attempt)) == (0, "accepted")


def test_old_batch_is_refused(sendgrid: SendGridPost) -> None:
    attempt = sent(cast.claire())
    assert sendgrid([event("bounce", attempt)], signed_at=time.time() - 26 * 3600).status_code == 403
    assert stored() == 0


def test_without_a_configured_key_everything_is_refused(sendgrid: SendGridPost, settings: Settings) -> None:
    settings.SENDGRID_WEBHOOK_PUBLIC_KEY = ""
    assert sendgrid([event("delivered", sent(cast.claire()))]).status_code == 403
    assert stored() == 0


@pytest.mark.parametrize("body", [b"{}", b"not json", b'"x"'])
def test_signed_nonsense_is_a_bad_request(sendgrid: SendGridPost, body: bytes) -> None:
    assert sendgrid(body).status_code == 400


def test_only_posts_are_heard(client: Any) -> None:
    assert client.get("/webhooks/sendgrid").status_code == 405


@needs_published
def test_every_published_example_is_understood_and_stored(sendgrid: SendGridPost) -> None:
    examples = [
        found
        for example in json.loads((PUBLISHED / "event_webhook_examples.json").read_text())
        for found in _events(example)
    ]
    assert len(examples) == 36
    read_ones = [read(one, NOW) for one in examples]
    assert all(one.word is not OTHER for one in read_ones if one is not None)
    assert [one["event"] for one, report in zip(examples, read_ones, strict=True) if report is None] == ["open"] * 7
    assert sendgrid(examples).status_code == 204


def _events(value: Any) -> list[dict[str, Any]]:
    if isinstance(value, list):
        return [found for element in value for found in _events(element)]
    if not isinstance(value, dict):
        return []
    return [value] if "event" in value else [found for element in value.values() for found in _events(element)]


@pytest.mark.parametrize(
    ("said", "state", "reason", "accepts"),
    [
        (event("processed"), "accepted", None, True),
        (event("delivered"), "delivered", None, True),
        (event("deferred"), "accepted", None, True),
        (event("click"), "delivered", None, True),
        (event("bounce", type="bounce"), "bounced", "bounced", True),
        (event("bounce", type="blocked"), "bounced", None, True),
        (event("dropped", reason="Bounced Address"), "bounced", "bounced", True),
        (event("dropped", reason="Invalid"), "bounced", "bounced", True),
        (event("dropped", reason="Spam Content"), "failed", None, True),
        (event("dropped", reason="Spam Reporting Address"), "failed", "complained", False),
        (event("dropped", reason="Unsubscribed Address"), "failed", "unsubscribed", False),
        (event("spamreport"), "delivered", "complained", False),
        (event("unsubscribe"), "delivered", "unsubscribed", False),
        (event("group_unsubscribe", asm_group_id=10), "delivered", "unsubscribed", False),
        (event("group_resubscribe", asm_group_id=10), "accepted", None, True),
        (event("something new"), "accepted", None, True),
    ],
    ids=lambda value: value.get("reason") or value["event"] if isinstance(value, dict) else "",
)
def test_word_has_its_consequence(
    sendgrid: SendGridPost, said: dict[str, Any], state: str, reason: str | None, accepts: bool
) -> None:
    attempt = sent(cast.claire())
    response = sendgrid([said | {"attempt_id": attempt.pk.hex}])
    assert (response.status_code, response.content) == (204, b"")
    assert state_of(attempt) == state
    assert list(Suppression.objects.values_list("reason", flat=True)) == ([reason] if reason else [])
    assert Customer.objects.get().email_marketing is accepts
    kept = DeliveryEvent.objects.get()
    assert (kept.attempt_id, kept.event_id, kept.payload["event"]) == (attempt.pk, said["sg_event_id"], said["event"])
    assert kept.occurred_at == datetime.fromtimestamp(said["timestamp"], UTC)


def test_opens_are_not_kept(sendgrid: SendGridPost) -> None:
    attempt = sent(cast.claire())
    assert sendgrid([event("open", attempt)]).status_code == 204
    assert (stored(), state_of(attempt)) == (0, "accepted")


@pytest.mark.parametrize(
    ("before", "said", "after"),
    [
        ("sending", "processed", "accepted"),
        ("sending", "delivered", "delivered"),
        ("unknown", "processed", "accepted"),
        ("unknown", "bounce", "bounced"),
        ("unconfirmed", "delivered", "delivered"),
        ("delivered", "processed", "delivered"),
        ("delivered", "bounce", "bounced"),
        ("bounced", "delivered", "bounced"),
        ("failed", "delivered", "failed"),
        ("planned", "delivered", "planned"),
        ("skipped", "bounce", "skipped"),
    ],
)
def test_state_only_moves_forward(sendgrid: SendGridPost, before: str, said: str, after: str) -> None:
    attempt = sent(cast.claire(), state=before)
    sendgrid([event(said, attempt)])
    assert state_of(attempt) == after


def test_evidence_settles_an_unknown_call(sendgrid: SendGridPost) -> None:
    attempt = sent(cast.claire(), state="unknown", outcome="unknown", lease_until=NOW)
    sendgrid([event("delivered", attempt)])
    attempt.refresh_from_db()
    assert (attempt.outcome, attempt.provider_id) == ("accepted", "14c5d75ce93")
    assert Delivery.objects.get().lease_until is None


def test_message_is_found_by_sendgrids_own_id_where_ours_is_missing(sendgrid: SendGridPost) -> None:
    attempt = sent(cast.claire(), provider_id="14c5d75ce93")
    sendgrid([event("delivered")])
    assert state_of(attempt) == "delivered"


def test_doubles_and_disorder_end_the_same(sendgrid: SendGridPost) -> None:
    attempt = sent(cast.claire())
    words = ["processed", "deferred", "delivered", "click", "bounce"]
    said = [event(word, attempt, number) for number, word in enumerate(words)]
    draw = random.Random(7)
    for _round in range(6):
        draw.shuffle(said)
        sendgrid(said + said[:2])
    assert (stored(), state_of(attempt)) == (5, "bounced")
    assert Suppression.objects.count() == 1


def test_replay_after_a_person_opened_the_address_again_changes_nothing(sendgrid: SendGridPost) -> None:
    attempt = sent(cast.claire())
    for _post in range(2):
        assert sendgrid([event("unsubscribe", attempt)]).status_code == 204
        Suppression.objects.all().delete()
    sendgrid([event("unsubscribe", attempt)])
    assert not Suppression.objects.exists()
    assert Consent.objects.filter(granted=False).count() == 1


def test_others_messages_count_only_where_a_person_says_no(sendgrid: SendGridPost) -> None:
    claire = cast.claire()
    sendgrid([event(word, email=claire.email.upper()) for word in ("delivered", "bounce", "spamreport")])
    kept = DeliveryEvent.objects.get()
    assert (kept.kind, kept.attempt_id) == ("complained", None)
    assert Suppression.objects.get().address_key == claire.email_key
    assert Customer.objects.get().email_marketing is False


def test_withdrawal_holds_though_the_customer_changed_the_address_since(sendgrid: SendGridPost) -> None:
    attempt = sent(cast.claire())
    Customer.objects.update(email="new@maison-the.test", email_key="n" * 32)
    sendgrid([event("spamreport", attempt)])
    assert Customer.objects.get().email_marketing is False


def test_three_messages_that_never_came_in_a_month_close_the_address(sendgrid: SendGridPost) -> None:
    claire = cast.claire()
    attempts = [sent(claire, key=f"birthday:{year}") for year in range(4)]
    late = [event("deferred", attempts[0], 9), event("delivered", attempts[0], 10)]
    blocked = [event("bounce", one, number, type="blocked") for number, one in enumerate(attempts[1:])]
    record([report for one in late + blocked[:2] if (report := read(one, NOW))], NOW)
    assert not Suppression.objects.exists()
    record([report for report in [read(blocked[2], NOW)] if report], NOW)
    assert Suppression.objects.get().reason == "bounced"


def test_malformed_events_harm_nobody(sendgrid: SendGridPost) -> None:
    attempt = sent(cast.claire())
    strange: list[Any] = [
        7,
        None,
        [],
        {},
        {"event": None},
        event("delivered", attempt, 1, timestamp="never", sg_event_id=""),
        event("delivered", attempt, 2, timestamp=1e300, sg_event_id=5),
        event("delivered", attempt, 3, attempt_id="no uuid", sg_message_id=None),
        event("delivered", attempt, 4, timestamp=1591726752372, sg_event_id="x" * 300),
    ]
    assert sendgrid(strange).status_code == 204
    assert (state_of(attempt), stored()) == ("delivered", 3)


def test_large_batch_is_set_based(
    sendgrid: SendGridPost, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    claire = cast.claire()
    attempts = [sent(claire, key=f"birthday:{year}") for year in range(300)]
    said = [event(word, one, number) for number, one in enumerate(attempts) for word in ("processed", "delivered")]
    with django_assert_max_num_queries(14):
        assert sendgrid(said).status_code == 204
    assert Delivery.objects.filter(state="delivered").count() == 300
    assert stored() == 600


def test_recorded_at_is_business_time(sendgrid: SendGridPost, settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "clock").write_text("1998-01-01T00:00:00+00:00")
    settings.CLOCK_FILE = str(tmp_path / "clock")
    sendgrid([event("delivered", sent(cast.claire()))])
    assert DeliveryEvent.objects.get().recorded_at == clock.now()


def test_old_key_counts_while_it_is_being_changed(sendgrid: SendGridPost, settings: Settings) -> None:
    attempt = sent(cast.claire())
    old, settings.SENDGRID_WEBHOOK_PUBLIC_KEY = settings.SENDGRID_WEBHOOK_PUBLIC_KEY, "no key at all"
    assert sendgrid([event("delivered", attempt)]).status_code == 403
    settings.SENDGRID_WEBHOOK_PUBLIC_KEY_FALLBACKS = ["", old]
    assert sendgrid([event("delivered", attempt)]).status_code == 204
    assert state_of(attempt) == "delivered"


def test_word_that_comes_three_days_late_still_counts(sendgrid: SendGridPost) -> None:
    attempt = sent(cast.claire(), state="unconfirmed", outcome="unknown")
    late = event("delivered", attempt, timestamp=int(NOW.timestamp()) - 3 * 86400)
    assert sendgrid([late]).status_code == 204
    assert state_of(attempt) == "delivered"
