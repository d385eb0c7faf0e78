"""An e-mail as bytes, from a prepared frame: the standard library's EmailMessage takes a hundred times as long.

EmailMessage stays the reference: a property test holds that both parse to the same message.
"""

import binascii
import re
from base64 import b64encode
from datetime import datetime
from email.utils import format_datetime
from functools import lru_cache
from typing import Final

from triggers.channels.message import Message
from triggers.links import unsubscribe_headers

# A longer header line must be folded (RFC 5322), which encoded words do without changing the words.
_LONGEST_PLAIN: Final = 60
# 45 bytes are 60 characters of base64; with =?utf-8?B??= an encoded word has at most 72 of the permitted 75.
_WORD_BYTES: Final = 45
_NO_ADDRESS: Final = re.compile(r"[<> \t]")
_PLAIN: Final = re.compile(r"[ -~]*")
_ATOMS: Final = re.compile(r"[A-Za-z0-9 !#$%&'*+/=?^_`{|}~-]*")


def message_id(message: Message) -> str:
    """Return the Message-ID: the attempt's id at the sender's domain."""
    return f"<{message.attempt_id.hex}@{_domain(message.sender)}>"


@lru_cache(maxsize=64)
def _domain(sender: str) -> str:
    return ascii_address(sender).rpartition("@")[2]


def ascii_address(address: str) -> str:
    """Return `address` as every server takes it, its domain in Punycode; raises UnicodeError for any other local part,
    and for what is no address."""
    if _NO_ADDRESS.search(address):
        raise UnicodeError("not an address")
    if address.isascii() and "@" in address:
        return address
    local, _at, domain = address.rpartition("@")
    if not domain.isascii():
        domain = domain.encode("idna").decode("ascii")
    return local.encode("ascii").decode("ascii") + "@" + domain


def mime_bytes(message: Message, at: datetime) -> bytes:
    """Return `message` as RFC 5322 bytes with CRLF lines, not yet dot-stuffed, dated `at` (aware).

    Raises UnicodeError for an address that ascii_address refuses.
    """
    head = _frame(message.sender, message.sender_name, message.reply_to)
    headers = unsubscribe_headers(message.unsubscribe_url) if message.unsubscribe_url else {}
    unsubscribe = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    head += (
        f"To: {ascii_address(message.recipient)}\r\nSubject: {_words(message.subject)}\r\n"
        f"Date: {_date(at.replace(microsecond=0))}\r\nMessage-ID: {message_id(message)}\r\n"
        f"{unsubscribe}MIME-Version: 1.0\r\n"
    )
    if not message.html:
        return head.encode("ascii") + _part("plain", message.text)
    # "=_" cannot occur in quoted-printable text, so no part can hold the boundary.
    boundary = f"=_{message.attempt_id.hex}"
    line = f"--{boundary}\r\n".encode("ascii")
    return b"".join(
        (
            f'{head}Content-Type: multipart/alternative; boundary="{boundary}"\r\n\r\n'.encode("ascii"),
            line,
            _part("plain", message.text),
            line,
            _part("html", message.html),
            f"--{boundary}--\r\n".encode("ascii"),
        )
    )


def _part(kind: str, text: str) -> bytes:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    # Not 8BITMIME: a server on the way that takes no eight bits would re-encode it, and break its DKIM signature.
    return b'Content-Type: text/%b; charset="utf-8"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n%b\r\n' % (
        kind.encode("ascii"),
        b"\r\n".join(map(_quoted_printable, lines)),
    )


@lru_cache(maxsize=2048)
def _quoted_printable(line: str) -> bytes:
    """Return one line encoded. Most lines of a text are the same in all its messages: those are found here again."""
    return binascii.b2a_qp(line.encode(), istext=True).replace(b"\n", b"\r\n")


@lru_cache(maxsize=8)
def _date(at: datetime) -> str:
    return format_datetime(at)


@lru_cache(maxsize=64)
def _frame(sender: str, sender_name: str, reply_to: str) -> str:
    sender = ascii_address(sender)
    if not sender_name:
        shown = sender
    elif _ATOMS.fullmatch(sender_name) and "=?" not in sender_name and len(sender_name) <= _LONGEST_PLAIN:
        shown = f'"{sender_name}" <{sender}>'
    else:
        shown = f"{_encoded(sender_name)}\r\n <{sender}>"
    return f"From: {shown}\r\n" + (f"Reply-To: {ascii_address(reply_to)}\r\n" if reply_to else "")


def _words(text: str) -> str:
    if len(text) <= _LONGEST_PLAIN and "=?" not in text and text == text.strip() and _PLAIN.fullmatch(text):
        return text
    return _encoded(text)


def _encoded(text: str) -> str:
    whole = text.encode()
    if len(whole) <= _WORD_BYTES:
        return _encoded_word(whole)
    words, word = [], b""
    for character in text:
        encoded = character.encode()
        # A character must not be split between two words (RFC 2047, section 5).
        if len(word) + len(encoded) > _WORD_BYTES:
            words.append(word)
            word = b""
        word += encoded
    words.append(word)
    return "\r\n ".join(map(_encoded_word, words))


def _encoded_word(word: bytes) -> str:
    return f"=?utf-8?B?{b64encode(word).decode('ascii')}?="
