"""The reports of the demo's finished campaigns find what was planted in them, and nothing where nothing was."""

from datetime import UTC, datetime
from typing import Any, Final

import pytest

from analytics.report import campaign_report
from campaigns.models import Campaign
from microattentions.demo.load import load
from microattentions.demo.planted import PLANTED

NOW: Final = datetime(2026, 11, 21, 20, tzinfo=UTC)
WORKED: Final = {"birthday-gift", "tier-badge"}

# The draw hangs on the campaigns' keys: they begin at 1 here, as in a new installation.
pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True, reset_sequences=True)]


def holds(result: dict[str, Any], planted: float) -> bool:
    low, high = map(float, result["diff_ci"])
    excludes_zero = low > 0 or high < 0
    return low <= planted <= high and excludes_zero == bool(planted)


def test_reports_find_the_planted_effects() -> None:
    load(NOW)
    for slug, planted in PLANTED.items():
        report = campaign_report(Campaign.objects.get(slug=slug), NOW)
        found = {name: metric["holdout"] for name, metric in report["metrics"].items()}
        assert report["final"], slug
        assert holds(found["conversion"], planted.conversion), (slug, found["conversion"])
        assert holds(found["revenue"], planted.revenue), (slug, found["revenue"])
        assert holds(found["nps"], planted.nps), (slug, found["nps"])
        assert (report["verdict"]["code"] == "works_well") == (slug in WORKED), report["verdict"]
        assert report["beside"]["nps"] == ("up" if planted.nps else "unclear")
    for campaign in Campaign.objects.filter(status=Campaign.Status.LIVE):
        assert campaign_report(campaign, NOW)["verdict"]["code"] in ("few_conversions", "too_early", "not_enough")
