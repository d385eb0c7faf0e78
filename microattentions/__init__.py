"""The project: settings, Celery application, URLs, the studio and the `up` supervisor."""

from microattentions.celery import app as celery_app

__all__ = ["celery_app"]
