"""The door through which beat has reports measured, so that the list of them opens with fresh verdicts."""

from celery import shared_task

from analytics.digest import send_digests
from analytics.report import measure_stale
from campaigns import clock


@shared_task(name="analytics.measure")
def measure() -> int:
    """Measure what has become stale."""
    return measure_stale(clock.now())


@shared_task(name="analytics.digest")
def digest() -> int:
    """Send the weekly digest to whoever asked for it and has not had this week's."""
    return send_digests(clock.now())
