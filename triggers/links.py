"""The signed tokens of click, survey and unsubscribe links: short enough for an SMS, worthless for any other purpose.

A token is base64url of two variable-length numbers and a truncated HMAC-SHA256 under a key of its purpose. The target
of a click is in the database, never in the link, so nobody can send a customer elsewhere with our name on it.
"""

import base64
import hashlib
import hmac
from collections.abc import Iterator
from functools import cache
from typing import Final

from django.conf import settings

# 72 bits: 10^6 forgeries succeed once in 10^15, and the token stays under 24 characters.
_MAC_BYTES: Final = 9


class BadToken(Exception):
    """A token that we did not sign for this purpose."""


def click_url(delivery_id: int, link_id: int) -> str:
    """Return the address written in a message for one link of one delivery."""
    return f"{settings.PUBLIC_URL}/c/{_sign('click', delivery_id, link_id)}"


def unsubscribe_url(delivery_id: int) -> str:
    """Return the address at which the customer of a delivery can leave."""
    return f"{settings.PUBLIC_URL}/u/{_sign('unsubscribe', delivery_id)}"


def survey_url(delivery_id: int) -> str:
    """Return the address of the survey that a delivery asks its customer to answer."""
    return f"{settings.PUBLIC_URL}/s/{_sign('survey', delivery_id)}"


def read_click(token: str) -> tuple[int, int]:
    """Return (delivery id, link id); raises BadToken."""
    delivery_id, link_id = _read("click", token, count=2)
    return delivery_id, link_id


def read_unsubscribe(token: str) -> int:
    """Return the delivery id; raises BadToken."""
    (delivery_id,) = _read("unsubscribe", token, count=1)
    return delivery_id


def read_survey(token: str) -> int:
    """Return the delivery id; raises BadToken."""
    (delivery_id,) = _read("survey", token, count=1)
    return delivery_id


def unsubscribe_headers(url: str) -> dict[str, str]:
    """Return the two headers of RFC 8058 (one-click unsubscribe) for an e-mail whose leave link is `url`."""
    return {"List-Unsubscribe": f"<{url}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}


@cache
def _key(secret_key: str, purpose: str) -> bytes:
    return hmac.digest(secret_key.encode(), b"links|" + purpose.encode(), hashlib.sha256)


def _sign(purpose: str, *numbers: int) -> str:
    payload = b"".join(_written(number) for number in numbers)
    mac = hmac.digest(_key(settings.SECRET_KEY, purpose), payload, "sha256")[:_MAC_BYTES]
    return base64.urlsafe_b64encode(payload + mac).rstrip(b"=").decode()


def _read(purpose: str, token: str, *, count: int) -> list[int]:
    if not 0 < len(token) <= 64 or not token.isascii():
        raise BadToken
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except ValueError:
        raise BadToken from None
    payload, mac = raw[:-_MAC_BYTES], raw[-_MAC_BYTES:]
    # Links outlive a change of the secret: unsubscribing must work for at least 60 days (CASL).
    secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    good = [
        hmac.compare_digest(hmac.digest(_key(secret, purpose), payload, "sha256")[:_MAC_BYTES], mac)
        for secret in secrets
    ]
    # The comparison with the canonical spelling refuses the spare bits of base64's last character.
    if not any(good) or base64.urlsafe_b64encode(raw).rstrip(b"=").decode() != token:
        raise BadToken
    numbers = list(_numbers(payload))
    if len(numbers) != count:
        raise BadToken
    return numbers


def _written(number: int) -> bytes:
    """Return a whole number in seven bits a byte, the last one marked by its high bit being clear."""
    written = bytearray()
    while number >= 0x80:
        written.append(number & 0x7F | 0x80)
        number >>= 7
    written.append(number)
    return bytes(written)


def _numbers(payload: bytes) -> Iterator[int]:
    number = shift = 0
    for byte in payload:
        number |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            yield number
            number = shift = 0
