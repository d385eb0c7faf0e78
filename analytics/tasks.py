"""The door through which beat has reports measured, so that the list of them opens with fresh verdicts."""

from celery import shared_task

from analytics.report import measure_stale
from campaigns import clock


@shared_task(name="analytics.measure")
def measure() -> int:
    """Measure what has become stale."""
    return measure_stale(clock.now())
