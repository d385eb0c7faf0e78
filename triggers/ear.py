"""The ear for the bell: has the customers planned for whom facts came in, without ever holding up the ingest."""

import logging
from collections.abc import Sequence
from functools import partial

from kombu.exceptions import OperationalError

from campaigns.bell import Facts
from triggers import queued
from triggers.tasks import rehearse, ring

logger = logging.getLogger(__name__)


def hear(customer_ids: Sequence[int], facts: Facts) -> None:
    """Ask a worker to plan for `customer_ids`. Without a broker beat's next tick finds the same work."""
    if not queued.keep_ring(customer_ids, facts):
        logger.warning("nobody heard the bell: no broker")
        return
    try:
        queued.ask_once("ring", partial(ring.apply_async, retry=False))
    except OperationalError as error:
        logger.warning("nobody heard the bell: %s", type(error).__name__)


def have_rehearsed() -> None:
    """Ask a worker to take up the rehearsals that wait. Without a broker beat's next sweep does."""
    try:
        rehearse.apply_async(retry=False)
    except OperationalError as error:
        logger.warning("nobody heard that a rehearsal waits: %s", type(error).__name__)
