"""The Celery application: a doorbell between web, beat and workers, never a store of truth."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "microattentions.settings")

app = Celery("microattentions")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
