"""The report of a campaign: measured, kept, and told in words."""

from datetime import datetime, timedelta
from typing import Any, Final

from analytics.measure import measure
from analytics.models import Report
from analytics.words import describe
from campaigns.models import Campaign
from triggers.holdout import share_of

# How old kept figures may be; orders come in all the time, but no decision hangs on the last quarter of an hour.
FRESH: Final = timedelta(minutes=15)
# Raised whenever the figures of a kept report would no longer be read: it is then measured anew.
VERSION: Final = "1"


def campaign_report(campaign: Campaign, now: datetime) -> dict[str, Any]:
    """Return the report of `campaign` at `now`, JSON-ready, its sentences in the active language.

    Figures are kept for a quarter of an hour; those of a campaign that is over, with every window closed and
    refunds in, for good (`final`). Money is in minor units of the shop's currency, shares are shares of 1, instants
    are ISO 8601 in UTC, and every number stands beside its interval.
    """
    kept = _kept(campaign, now)
    head = {
        "campaign": campaign.slug,
        "name": campaign.name,
        "status": campaign.status,
        "launched_at": campaign.launched_at.isoformat() if campaign.launched_at else None,
        "ended_at": campaign.ended_at.isoformat() if campaign.ended_at else None,
        "attribution_days": campaign.attribution_days,
        "before_after_days": campaign.before_after_days,
        "smallest_useful_effect": float(campaign.smallest_useful_effect),
        "control_share": float(share_of(campaign)),
        "macro_conversion": campaign.macro_conversion,
        "computed_at": kept.computed_at.isoformat(),
        "final": kept.final,
    }
    return head | describe(kept.content, campaign)


def measure_stale(now: datetime) -> int:
    """Measure every launched campaign whose figures are not final; returns how many."""
    launched = Campaign.objects.filter(launched_at__isnull=False).exclude(report__final=True).select_related("moment")
    return sum(bool(_kept(campaign, now)) for campaign in launched.iterator(chunk_size=100))


def _kept(campaign: Campaign, now: datetime) -> Report:
    """Return the kept report where it still holds, else measure and keep a new one."""
    kept = Report.objects.filter(campaign=campaign).first()
    if kept and (kept.final or _fresh(kept, campaign, now)):
        return kept
    # Two readers who measure at once write the same.
    content = measure(campaign, now)
    report, _created = Report.objects.update_or_create(
        campaign=campaign,
        defaults={"computed_at": now, "final": content["final"], "version": VERSION, "content": content},
    )
    return report


def _fresh(kept: Report, campaign: Campaign, now: datetime) -> bool:
    changed = max(filter(None, (campaign.launched_at, campaign.ended_at)), default=kept.computed_at)
    return kept.version == VERSION and changed <= kept.computed_at <= now < kept.computed_at + FRESH
