"""Addresses as keys: the same mailbox or phone always gives the same keyed hash, from which it cannot be read."""

import hashlib
import hmac
from functools import cache

from django.conf import settings


@cache
def _secret(secret_key: str) -> bytes:
    return hashlib.sha256(b"address|" + secret_key.encode()).digest()


def address_key(address: str) -> str:
    """Return 32 hexadecimal digits (HMAC-SHA256, 128 bits kept) for an e-mail or E.164 phone; '' for ''.

    Case and surrounding white space of an address make no difference.
    """
    if not address:
        return ""
    return hmac.new(_secret(settings.SECRET_KEY), address.strip().casefold().encode(), hashlib.sha256).hexdigest()[:32]
