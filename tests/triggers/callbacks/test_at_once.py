"""Providers post several batches at once, in any order, and again: the end is the same and nobody is locked out."""

import random
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, connections

from campaigns.models import ChannelName, Consent, Suppression
from tests import cast
from tests.triggers.messages import sent
from triggers.callbacks.record import Report, record
from triggers.callbacks.words import ACCEPTED, BOUNCED, DELIVERED, UNSUBSCRIBED, Word
from triggers.models import Delivery, DeliveryEvent

pytestmark = pytest.mark.django_db(transaction=True)
NOW = cast.at("2026-03-14 12:00")


@pytest.mark.skipif(connection.vendor == "sqlite", reason="one connection holds an in-memory SQLite database")
def test_batches_about_the_same_messages_at_once() -> None:
    cast.live_campaign()
    people = [cast.customer(f"c-{number}") for number in range(40)]
    words: tuple[Word, ...] = (ACCEPTED, DELIVERED, BOUNCED, UNSUBSCRIBED)
    reports = [
        Report("sendgrid", ChannelName.EMAIL, f"{one.external_id}-{word.kind}", word, NOW, attempt_id=attempt.pk.hex)
        for one in people
        for attempt in [sent(one)]
        for word in words
    ]

    def post(seed: int) -> int:
        try:
            mixed = reports[:]
            random.Random(seed).shuffle(mixed)
            return record(mixed, NOW)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        new = list(pool.map(post, range(24)))
    assert sum(new) == len(reports) == DeliveryEvent.objects.count()
    assert set(Delivery.objects.values_list("state", flat=True)) == {"bounced"}
    assert Suppression.objects.count() == 40
    assert Consent.objects.filter(granted=False).count() == 40
