"""The cast is what its names promise."""

import pytest

from campaigns.models import Consent
from tests import cast


@pytest.mark.django_db
def test_live_campaign_has_all_it_needs_to_run() -> None:
    campaign = cast.live_campaign("birthday", {"send_hour": 9}, slug="bonne-fete")
    texts = campaign.gesture.variants.order_by("channel", "language")
    assert [(text.channel, text.language) for text in texts] == [
        ("email", "en"),
        ("email", "fr"),
        ("sms", "en"),
        ("sms", "fr"),
    ]
    assert (campaign.status, campaign.moment.kind) == ("live", "birthday")


@pytest.mark.django_db
def test_customer_who_refused_has_no_consent() -> None:
    claire = cast.claire(sms_marketing=False)
    assert list(Consent.objects.filter(customer=claire).values_list("channel", flat=True)) == ["email"]
    assert (len(claire.email_key), len(claire.phone_key)) == (32, 32)


@pytest.mark.parametrize(
    ("local", "zone", "utc"),
    [
        ("2026-03-14 09:00", "Europe/Paris", "2026-03-14 08:00"),
        ("2026-03-14 09:00", "Asia/Kolkata", "2026-03-14 03:30"),
    ],
)
def test_at_reads_local_time(local: str, zone: str, utc: str) -> None:
    assert cast.at(local, zone) == cast.at(utc)
