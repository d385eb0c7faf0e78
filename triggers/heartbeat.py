"""Notes when each periodic job last finished, for the health page."""

from datetime import datetime

from django.utils import timezone

from triggers.models import Heartbeat


def beat(name: str, now: datetime) -> None:
    """Note that the job `name` has just finished, at business time `now`."""
    Heartbeat.objects.update_or_create(name=name, defaults={"business_at": now, "finished_at": timezone.now()})
