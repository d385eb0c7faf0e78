"""SMTP against a real server: what arrives, what each reply means, and that nothing is handed over twice."""

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from pytest_django import Settings

from tests.providers.process import Running, running
from tests.triggers.channels.conftest import words
from triggers.channels import SendResult, Verdict
from triggers.channels.message import Message
from triggers.channels.smtp import Smtp


def arrived(sink: Running) -> EmailMessage:
    """The last message that the sink took."""
    message = message_from_bytes(sink.log()[-1]["message"].encode("latin-1"), policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def test_message_arrives_as_it_was_written(smtp: Running) -> None:
    message = words(text=".\n..dots\nfin.", html="<p>.</p>\n.\n")
    result = Smtp().send(message)
    mail = arrived(smtp)
    assert result == SendResult(Verdict.ACCEPTED, provider_id=f"<{message.attempt_id.hex}@maison-the.test>", code="250")
    assert (mail["subject"], mail["to"], mail["from"]) == (
        "Merci, Zoé, et à très bientôt !",
        "claire@boutique.test",
        "Maison Thé <bonjour@maison-the.test>",
    )
    assert mail["list-unsubscribe-post"] == "List-Unsubscribe=One-Click"
    texts = [part.get_content().splitlines() for part in mail.iter_parts()]
    assert texts == [[".", "..dots", "fin."], ["<p>.</p>", "."]]


def test_one_connection_carries_many(smtp: Running) -> None:
    channel = Smtp()
    before = len(smtp.log())
    results = [channel.send(words(recipient=f"c{number}@boutique.test")).verdict for number in range(5)]
    assert results == [Verdict.ACCEPTED] * 5
    assert [line["to"] for line in smtp.log()[before:]] == [f"c{number}@boutique.test" for number in range(5)]


@pytest.mark.parametrize(
    ("recipient", "verdict"),
    [
        ("answer-450@sink.test", Verdict.LATER),
        ("answer-421@sink.test", Verdict.LATER),
        ("answer-550@sink.test", Verdict.BAD_ADDRESS),
        ("answer-553@sink.test", Verdict.BAD_ADDRESS),
        ("answer-552@sink.test", Verdict.BAD_MESSAGE),
        ("answer-530@sink.test", Verdict.SETTINGS),
        ("data-451@sink.test", Verdict.LATER),
        ("data-554@sink.test", Verdict.BAD_MESSAGE),
        ("drop@sink.test", Verdict.UNKNOWN),
        ("zoé@sink.test", Verdict.BAD_ADDRESS),
        ("a> RCPT TO:<b@sink.test", Verdict.BAD_ADDRESS),
    ],
)
def test_answer_is_classed(smtp: Running, recipient: str, verdict: Verdict) -> None:
    channel = Smtp()
    assert channel.send(words(recipient=recipient)).verdict is verdict
    assert channel.send(words()).verdict is Verdict.ACCEPTED


def handed_over(recipients: Sequence[str], not_after: Mapping[str, float] | None = None) -> list[tuple[str, str, str]]:
    """Hand one message over to each, and return recipient, verdict and code in the order in which they come."""
    limits = not_after or {}
    calls = [(words(recipient=recipient), limits.get(recipient, math.inf)) for recipient in recipients]
    answers = list(Smtp().send_each(calls))
    assert {message.attempt_id for message, _result in answers} == {message.attempt_id for message, _late in calls}
    return [(message.recipient, result.verdict.value, result.code) for message, result in answers]


def taken(sink: Running, before: int) -> list[str]:
    return [line["to"] for line in sink.log()[before:]]


def test_each_reply_belongs_to_its_own_message(smtp: Running) -> None:
    before = len(smtp.log())
    assert handed_over(
        [
            *("a@sink.test", "answer-550@sink.test", "b@sink.test", "data-451@sink.test", "zoé@sink.test"),
            *("c@sink.test", "data-554@sink.test", "answer-450@sink.test", "answer-553@sink.test", "d@sink.test"),
        ]
    ) == [
        ("a@sink.test", "accepted", "250"),
        ("answer-550@sink.test", "bad_address", "550"),
        ("b@sink.test", "accepted", "250"),
        ("zoé@sink.test", "bad_address", "not_ascii"),
        ("data-451@sink.test", "later", "451"),
        ("c@sink.test", "accepted", "250"),
        ("data-554@sink.test", "bad_message", "554"),
        ("answer-450@sink.test", "later", "450"),
        ("answer-553@sink.test", "bad_address", "553"),
        ("d@sink.test", "accepted", "250"),
    ]
    assert taken(smtp, before) == [f"{name}@sink.test" for name in "abcd"]


def test_connection_lost_between_leaves_one_unknown_and_the_next_surely_unsent(smtp: Running) -> None:
    before = len(smtp.log())
    assert handed_over(["a@sink.test", "drop@sink.test", "b@sink.test", "c@sink.test"]) == [
        ("a@sink.test", "accepted", "250"),
        ("drop@sink.test", "unknown", "no_answer"),
        ("b@sink.test", "later", "not_sent"),
        ("c@sink.test", "accepted", "250"),
    ]
    assert taken(smtp, before) == ["a@sink.test", "drop@sink.test", "c@sink.test"]


def test_server_that_closes_in_the_middle_has_taken_neither(smtp: Running) -> None:
    before = len(smtp.log())
    assert handed_over(["a@sink.test", "data-421@sink.test", "b@sink.test", "c@sink.test"]) == [
        ("a@sink.test", "accepted", "250"),
        ("data-421@sink.test", "later", "421"),
        ("b@sink.test", "later", "421"),
        ("c@sink.test", "accepted", "250"),
    ]
    assert taken(smtp, before) == ["a@sink.test", "c@sink.test"]


def test_slow_answer_lets_the_next_message_go_in_time(smtp: Running) -> None:
    before, soon = len(smtp.log()), time.monotonic() + 0.3
    assert handed_over(["slow-0.6@sink.test", "b@sink.test", "c@sink.test"], {"b@sink.test": soon}) == [
        ("b@sink.test", "not_begun", ""),
        ("slow-0.6@sink.test", "accepted", "250"),
        ("c@sink.test", "accepted", "250"),
    ]
    assert taken(smtp, before) == ["slow-0.6@sink.test", "c@sink.test"]


def test_message_that_waited_for_the_next_one_to_be_written_is_not_begun(smtp: Running) -> None:
    before = len(smtp.log())

    def written_slowly() -> Iterator[tuple[Message, float]]:
        yield words(recipient="a@sink.test"), math.inf
        yield words(recipient="b@sink.test"), time.monotonic() + 0.3
        time.sleep(0.6)
        yield words(recipient="c@sink.test"), math.inf
        yield words(recipient="d@sink.test"), math.inf

    answers = Smtp().send_each(written_slowly())
    assert [(message.recipient, result.verdict.value) for message, result in answers] == [
        ("a@sink.test", "accepted"),
        ("b@sink.test", "not_begun"),
        ("c@sink.test", "not_begun"),
        ("d@sink.test", "accepted"),
    ]
    assert taken(smtp, before) == ["a@sink.test", "d@sink.test"]


def test_server_that_asks_for_the_body_too_late_does_not_get_it(smtp: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("triggers.channels.smtp._ENVELOPE_SECONDS", -5)
    before, soon = len(smtp.log()), time.monotonic() + 4
    assert handed_over(["a@sink.test", "b@sink.test"], {"a@sink.test": soon}) == [
        ("a@sink.test", "later", "slow"),
        ("b@sink.test", "not_begun", ""),
    ]
    assert len(smtp.log()) == before


def test_server_without_pipelining_hears_one_command_at_a_time(tmp_path: Path, settings: Settings) -> None:
    with running("smtp", tmp_path / "sent.log", "--plain") as sink:
        settings.SMTP_URL = f"smtp://127.0.0.1:{sink.port}"
        assert handed_over(["a@sink.test", "answer-550@sink.test", "b@sink.test", "c@sink.test"]) == [
            ("a@sink.test", "accepted", "250"),
            ("answer-550@sink.test", "bad_address", "550"),
            ("b@sink.test", "accepted", "250"),
            ("c@sink.test", "accepted", "250"),
        ]
        assert taken(sink, 0) == ["a@sink.test", "b@sink.test", "c@sink.test"]


def test_domain_in_another_alphabet_travels_in_punycode(smtp: Running) -> None:
    Smtp().send(words(recipient="claire@thé.test"))
    assert smtp.log()[-1]["to"] == "claire@xn--th-cja.test"


def test_server_out_of_reach_is_surely_unsent(settings: Settings) -> None:
    settings.SMTP_URL = "smtp://127.0.0.1:9"
    assert Smtp().send(words()) == SendResult(Verdict.LATER, code="not_sent", detail="ConnectionRefusedError")


def test_server_without_the_tls_or_login_asked_for_is_a_matter_of_settings(smtp: Running, settings: Settings) -> None:
    settings.SMTP_URL = f"smtp://127.0.0.1:{smtp.port}?tls=starttls"
    assert Smtp().send(words()).verdict is Verdict.SETTINGS
    settings.SMTP_URL = f"smtp://me:secret@127.0.0.1:{smtp.port}"
    assert Smtp().send(words()).verdict is Verdict.SETTINGS


def test_too_late_is_not_begun(smtp: Running) -> None:
    before = len(smtp.log())
    assert Smtp().send(words(), not_after=time.monotonic() - 1).verdict is Verdict.NOT_BEGUN
    assert len(smtp.log()) == before


@pytest.mark.parametrize("field", ["recipient", "sender", "sender_name", "reply_to", "subject", "unsubscribe_url"])
@pytest.mark.parametrize("breaks", ["\r\nBcc: all@boutique.test", "\n", "\r", "\0"])
def test_line_break_in_a_header_is_refused(field: str, breaks: str) -> None:
    with pytest.raises(ValueError):
        words(**{field: f"a{breaks}"})


@pytest.mark.parametrize("text", ["\0", "\ud800"])
def test_text_that_cannot_be_stored_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        words(text=text)
