"""`/healthz`, `/readyz`: is this process up, and has it what it needs."""

import redis
from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.utils import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.timezone import now
from django.views.decorators.http import require_safe

from triggers.models import Epoch, Heartbeat

# Beat ticks each minute: three missed ones are a fault, not a delay.
STALE_SECONDS = 180


@require_safe
def healthz(_request: HttpRequest) -> HttpResponse:
    """Answer 200 while the process serves; asks nothing else, so that a lost database does not restart the web."""
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
def readyz(_request: HttpRequest) -> JsonResponse:
    """Answer 200 when database and migrations are well, else 503; broker and workers are "degraded" at worst."""
    parts = {"database": database_state()}
    reachable = parts["database"] == "ok"
    parts["workers"] = worker_state() if reachable else "unknown"
    parts["sending"] = sending_state() if reachable else "unknown"
    parts["broker"] = broker_state()
    status = "ok" if set(parts.values()) == {"ok"} else "degraded" if reachable else "unavailable"
    return JsonResponse({"status": status, **parts}, status=200 if reachable else 503)


def database_state() -> str:
    """Return "ok", "unreachable" or "migrations missing"."""
    try:
        executor = MigrationExecutor(connection)
    except DatabaseError:
        return "unreachable"
    return "migrations missing" if executor.migration_plan(executor.loader.graph.leaf_nodes()) else "ok"


def worker_state() -> str:
    """Return "ok" where a worker finished a planning within the last three minutes, else "degraded"."""
    beat = Heartbeat.objects.order_by("-finished_at").first()
    return "ok" if beat is not None and (now() - beat.finished_at).total_seconds() < STALE_SECONDS else "degraded"


def sending_state() -> str:
    """Return "ok", or "held" where a restored backup waits for a person."""
    return "held" if Epoch.objects.filter(held_at__isnull=False).exists() else "ok"


def broker_state() -> str:
    """Return "ok" where the broker answers, else "degraded": facts are still stored, and beat plans later."""
    try:
        with redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=1, socket_timeout=1) as client:
            client.ping()
    except redis.RedisError:
        return "degraded"
    return "ok"
