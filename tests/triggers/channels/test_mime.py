"""Our own MIME beside the standard library's: both must parse to the same message, whatever the words."""

import uuid
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import parseaddr
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from triggers.channels import Message
from triggers.channels.mime import message_id, mime_bytes

AT = datetime(2026, 3, 10, 12, tzinfo=UTC)
HEADER = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=120).map(
    lambda text: " ".join(text.split())
)
BODY = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=400)


def reference(message: Message) -> EmailMessage:
    """The same message by the standard library, parsed from its own bytes."""
    mail = EmailMessage(policy=policy.SMTP)
    local, _at, domain = message.sender.partition("@")
    mail["From"] = Address(message.sender_name, local, domain)
    mail["Reply-To"] = message.reply_to
    mail["To"] = message.recipient
    mail["Subject"] = message.subject
    mail["Date"] = AT
    mail["Message-ID"] = message_id(message)
    mail["List-Unsubscribe"] = f"<{message.unsubscribe_url}>"
    mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    mail.set_content(message.text)
    if message.html:
        mail.add_alternative(message.html, subtype="html")
    return parsed(mail.as_bytes())


def sender_of(mail: EmailMessage) -> tuple[str, str]:
    """The name and address behind From. The standard library's newer parser keeps the folding between two encoded
    words of a name, so its older one reads them."""
    raw = next(value for name, value in mail.raw_items() if name == "From")
    name, address = parseaddr(raw.replace("\r\n", "\n"))
    return str(make_header(decode_header(name))), address


def parsed(raw: bytes) -> EmailMessage:
    mail = message_from_bytes(raw, policy=policy.default)
    assert isinstance(mail, EmailMessage)
    return mail


def headers(mail: EmailMessage) -> dict[str, str]:
    names = ("To", "Reply-To", "Date", "Message-ID", "List-Unsubscribe", "List-Unsubscribe-Post")
    return {name: str(mail[name]) for name in names}


def together(*words: str) -> list[str]:
    return ["".join(word.split()) for word in words]


def bodies(mail: EmailMessage) -> list[tuple[str, list[str]]]:
    """Each part's kind and lines; how a text's last line ends is no part of its words."""
    parts = list(mail.iter_parts()) or [mail]
    return [(part.get_content_type(), lines(part.get_content())) for part in parts]


def lines(text: str) -> list[str]:
    return text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n").split("\n")


def message(**fields: Any) -> Message:
    return Message(
        attempt_id=uuid.UUID(int=7),
        recipient="claire@boutique.test",
        sender="bonjour@maison-the.test",
        reply_to="aide@maison-the.test",
        unsubscribe_url="https://maison-the.test/u/abc",
        **fields,
    )


@given(subject=HEADER, sender_name=HEADER)
def test_headers_parse_as_the_standard_librarys_do(subject: str, sender_name: str) -> None:
    written = message(subject=subject, sender_name=sender_name, text="x")
    ours, theirs = parsed(mime_bytes(written, AT)), reference(written)
    assert headers(ours) == headers(theirs)
    assert (ours["Subject"], sender_of(ours)) == (subject, (sender_name, "bonjour@maison-the.test"))
    # Between two encoded words the standard library may lose a space.
    assert together(theirs["Subject"], *sender_of(theirs)) == together(ours["Subject"], *sender_of(ours))


@given(text=BODY, html=BODY)
def test_bodies_parse_to_the_words_that_were_written(text: str, html: str) -> None:
    written = message(text=text, html=html)
    mail = parsed(mime_bytes(written, AT))
    expected = [("text/plain", lines(text))] + ([("text/html", lines(html))] if html else [])
    assert bodies(mail) == expected
    assert mail.defects == []


@given(subject=HEADER, sender_name=HEADER, text=BODY, html=BODY)
def test_bytes_are_lines_that_every_server_takes(subject: str, sender_name: str, text: str, html: str) -> None:
    raw = mime_bytes(message(subject=subject, sender_name=sender_name, text=text, html=html), AT)
    assert raw.isascii()
    assert raw.endswith(b"\r\n")
    assert raw.count(b"\n") == raw.count(b"\r") == raw.count(b"\r\n")
    assert max(map(len, raw.split(b"\r\n"))) <= 998
