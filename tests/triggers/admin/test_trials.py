"""Test messages: by the same provider, kept apart, never to a customer."""

from datetime import UTC, datetime

import pytest
from django.test import Client

from tests import cast
from triggers.models import Attempt, Delivery, TrialMessage
from triggers.trial_send import TrialRefused, send_trial

NOW = datetime(2026, 3, 14, 9, tzinfo=UTC)


def test_trial_is_kept_apart_from_deliveries(marie: Client) -> None:
    campaign, claire = cast.live_campaign(), cast.claire()
    variant = campaign.gesture.variants.get(channel="email", language="fr")
    form = {"variant": variant.pk, "customer": claire.pk, "recipient": "marie@studio.test"}
    marie.post(f"/studio/triggers/trialmessage/send/{campaign.pk}/", form)
    trial = TrialMessage.objects.get()
    assert (trial.recipient, trial.provider, trial.verdict) == ("marie@studio.test", "outbox", "accepted")
    assert (trial.subject, trial.requested_by) == ("[Test] Merci, et à bientôt !", "marie")
    assert (Delivery.objects.count(), Attempt.objects.count()) == (0, 0)


def test_trial_never_goes_to_a_customer(db: None) -> None:
    campaign, claire = cast.live_campaign(), cast.claire()
    variant = campaign.gesture.variants.get(channel="email", language="fr")
    with pytest.raises(TrialRefused, match="customer's"):
        send_trial(campaign, variant, claire, recipient=claire.email.upper(), by="marie", now=NOW)
    assert TrialMessage.objects.count() == 0


@pytest.mark.parametrize("recipient", ["", "marie", "marie@studio.test\r\nBcc: all@studio.test"])
def test_trial_needs_a_good_address(db: None, recipient: str) -> None:
    campaign, claire = cast.live_campaign(), cast.claire()
    variant = campaign.gesture.variants.get(channel="email", language="fr")
    with pytest.raises(TrialRefused):
        send_trial(campaign, variant, claire, recipient=recipient, by="marie", now=NOW)


def test_trial_is_not_sent_by_somebody_who_only_looks(paul: Client) -> None:
    campaign = cast.live_campaign()
    assert paul.post(f"/studio/triggers/trialmessage/send/{campaign.pk}/", {}).status_code == 403
