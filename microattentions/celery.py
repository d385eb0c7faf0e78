"""The Celery application: a doorbell between web, beat and workers, never a store of truth."""

import gc
import os

from celery import Celery
from celery.signals import worker_process_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "microattentions.settings")

app = Celery("microattentions")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


def collect_rarely(**_signal: object) -> None:
    """Look for cycles less often: a batch is thousands of objects that die together, and going through them again and
    again took a twentieth of the sending."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


worker_process_init.connect(collect_rarely)
