"""The Celery application."""

import gc

from celery.signals import worker_process_init

import microattentions.celery  # noqa: F401 - connects


def test_worker_process_looks_for_cycles_rarely() -> None:
    before = gc.get_threshold()
    try:
        worker_process_init.send(sender=None)
        assert gc.get_threshold() == (50_000, 20, 50)
        assert gc.get_freeze_count() > 0
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)
