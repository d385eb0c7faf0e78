"""API keys: `Authorization: Bearer <key>`, of which only the SHA-256 is stored, with scopes and an expiry."""

import hashlib
import secrets
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from campaigns.models import ApiKey

SCHEME: Final = "Bearer"
PREFIX_LENGTH: Final = 12
_USE_NOTED_EVERY: Final = timedelta(minutes=1)


def key_hash(key: str) -> str:
    """Return the SHA-256 by which a key is found; a key has 256 random bits, so no salt and no slow hash is needed."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def make_key(name: str, scopes: Collection[str], *, expires_at: datetime | None = None) -> tuple[ApiKey, str]:
    """Return a new stored key and its text, which is not kept and cannot be shown again.

    Raises ValueError for a scope that does not exist.
    """
    unknown = set(scopes) - set(ApiKey.Scope.values)
    if unknown or not scopes:
        raise ValueError(f"unknown scopes: {', '.join(sorted(unknown)) or '(none)'}")
    text = f"ma_{secrets.token_urlsafe(32)}"
    row = ApiKey.objects.create(
        name=name, prefix=text[:PREFIX_LENGTH], key_hash=key_hash(text), scopes=sorted(scopes), expires_at=expires_at
    )
    return row, text


class ApiKeyAuthentication(BaseAuthentication):
    """Finds the key of a request; `request.auth` is the ApiKey."""

    def authenticate(self, request: Request) -> tuple[None, ApiKey] | None:
        """Return (None, key), or None without the header. Raises AuthenticationFailed for a key that is not valid."""
        scheme, _space, text = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != SCHEME.lower() or not text.strip():
            return None
        # Keys live in real time, not in the business time of a simulation.
        now = timezone.now()
        key = (
            ApiKey.objects.filter(key_hash=key_hash(text.strip()), revoked_at=None)
            .filter(Q(expires_at=None) | Q(expires_at__gt=now))
            .first()
        )
        if key is None:
            raise AuthenticationFailed(_("This key does not exist, has expired or was revoked."))
        if key.last_used_at is None or key.last_used_at < now - _USE_NOTED_EVERY:
            ApiKey.objects.filter(pk=key.pk).update(last_used_at=now)
        return None, key

    def authenticate_header(self, request: Request) -> str:
        """Return the challenge of a 401."""
        return f'{SCHEME} realm="microattentions"'


def key_of(request: Request) -> ApiKey:
    """Return the key of an authenticated request."""
    key: Any = request.auth
    if not isinstance(key, ApiKey):
        raise AuthenticationFailed
    return key


class HasScope(BasePermission):
    """Lets a request through whose key has the scope that the view names for the method.

    A view declares `scopes = {"GET": "read", "PUT": "ingest"}`; reading needs `read` where it declares nothing.
    """

    def has_permission(self, request: Request, view: Any) -> bool:
        """Return whether the key may."""
        method = request.method or ""
        # A method that the view does not have answers 405, not 403.
        if not hasattr(view, method.lower()):
            return request.auth is not None
        wanted = getattr(view, "scopes", {"GET": ApiKey.Scope.READ}).get("GET" if method == "HEAD" else method)
        return isinstance(request.auth, ApiKey) and (method == "OPTIONS" or wanted in request.auth.scopes)
