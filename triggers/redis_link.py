"""Redis as the workers' shared memory, which may be gone at any time: short time-outs, and a pause after a failure."""

import logging
import time
from collections.abc import Callable
from functools import lru_cache
from typing import Final

import redis
from django.conf import settings

logger = logging.getLogger(__name__)

TIMEOUT_SECONDS: Final = 0.5
# Without Redis each batch would wait for a time-out of its own.
PAUSE_SECONDS: Final = 5.0
_silent_until = 0.0


def ask[Answer](question: Callable[["redis.Redis"], Answer]) -> Answer | None:
    """Return what `question` returns of a client; None while Redis is out of reach, which is logged once a pause."""
    global _silent_until
    if time.monotonic() < _silent_until:
        return None
    try:
        return question(_client(settings.REDIS_URL))
    except redis.RedisError as error:
        _silent_until = time.monotonic() + PAUSE_SECONDS
        logger.warning("Redis is out of reach: %s", type(error).__name__)
        return None


def key(name: str) -> str:
    """Return `name` under this installation's own prefix, where a Redis is shared."""
    return f"{settings.CELERY_TASK_DEFAULT_QUEUE}:{name}"


@lru_cache(maxsize=2)
def _client(url: str) -> "redis.Redis":
    return redis.Redis.from_url(
        url, socket_timeout=TIMEOUT_SECONDS, socket_connect_timeout=TIMEOUT_SECONDS, decode_responses=True
    )
