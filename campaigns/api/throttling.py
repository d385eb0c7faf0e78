"""How many requests a key may make a minute."""

from time import time
from typing import Any, Final

from django.conf import settings
from django.core.cache import cache
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from campaigns.models import ApiKey

_WINDOW: Final = 60


class KeyRate(BaseThrottle):
    """At most `settings.API_REQUESTS_A_MINUTE` requests a key and clock minute; 0 is no limit.

    Counted in Django's cache: with the default one, in each web process for itself.
    """

    _left = 0.0

    def allow_request(self, request: Request, view: Any) -> bool:
        """Count the request; return whether it is within the limit."""
        most = getattr(settings, "API_REQUESTS_A_MINUTE", 0)
        if not most or not isinstance(request.auth, ApiKey):
            return True
        minute, second = divmod(time(), _WINDOW)
        self._left = _WINDOW - second
        name = f"api-rate:{request.auth.pk}:{int(minute)}"
        cache.add(name, 0, timeout=2 * _WINDOW)
        return bool(cache.incr(name) <= most)

    def wait(self) -> float:
        """Return the seconds until the next minute begins."""
        return self._left
