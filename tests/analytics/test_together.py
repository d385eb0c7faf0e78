"""All campaigns past their day, pooled."""

from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.utils import translation

from analytics.report import campaign_report
from analytics.together import pooled
from analytics.together_words import pooled_words
from campaigns.models import Campaign
from tests.analytics.arms import LATER, LAUNCH, arms, campaign, fill

pytestmark = pytest.mark.django_db


def told(slug: str, buyers_t: int, **fields: object) -> Campaign:
    row = campaign(slug=slug, name=slug, **fields)
    fill(row, arms(treated=1000, buyers_t=buyers_t, control=1000, buyers_c=100), prefix=slug)
    return row


def test_campaigns_past_their_day_are_pooled_and_others_left_out(client: Client) -> None:
    for number, buyers in enumerate((150, 140, 155)):
        campaign_report(told(f"c{number}", buyers), LATER)
    young = told("young", 300, status=Campaign.Status.LIVE, ended_at=None)
    campaign_report(young, LAUNCH + timedelta(days=30))
    group = pooled()[0]
    assert [row["campaign"] for row in group["campaigns"]] == ["c0", "c1", "c2"]
    assert group["pool"]["count"] == 3
    low, high = group["pool"]["interval"]
    assert low < group["pool"]["effect"] < high
    assert group["pool"]["effect"] == pytest.approx(0.0483, abs=0.002)
    assert pooled_words([group])[0]["sentence"].startswith("3 campaigns together: +")
    with translation.override("fr"):
        assert pooled_words([group])[0]["sentence"].startswith("3 campagnes ensemble\N{NO-BREAK SPACE}: +")
    client.force_login(get_user_model().objects.create_superuser("marie", "marie@maison-the.test", "x"))
    assert "3 campaigns together" in client.get("/studio/reports/together").content.decode()


def test_one_campaign_alone_is_no_pool(client: Client) -> None:
    campaign_report(told("alone", 150), LATER)
    assert pooled()[0]["pool"] is None
    client.force_login(get_user_model().objects.create_superuser("marie", "marie@maison-the.test", "x"))
    assert client.get("/studio/reports/together").status_code == 200
