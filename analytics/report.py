"""The report of a campaign: measured, kept, frozen when it is finished, and told in words."""

from copy import copy
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from django.utils.dateparse import parse_datetime

from analytics.frozen import differences, freeze
from analytics.inputs import code_version
from analytics.measure import measure
from analytics.models import FrozenReport, Report
from analytics.words import describe
from campaigns.models import Campaign
from triggers.holdout import share_of

# How old kept figures may be; orders come in all the time, but no decision hangs on the last quarter of an hour.
FRESH: Final = timedelta(minutes=15)
# A frozen report is measured again this often, only to see whether anything behind it has changed.
RECHECK: Final = timedelta(days=1)


def campaign_report(campaign: Campaign, now: datetime) -> dict[str, Any]:
    """Return the report of `campaign` at `now`, JSON-ready, its sentences in the active language.

    Figures are kept for a quarter of an hour. Those of a campaign that is over, with every window closed and refunds
    in, are frozen with their inputs (`final`), and `frozen` tells what a new measurement would say otherwise. Money is
    in minor units of the shop's currency, shares are shares of 1, instants are ISO 8601 in UTC, and every number
    stands beside its interval.
    """
    frozen = FrozenReport.objects.filter(campaign=campaign).first()
    if frozen is None:
        kept = _kept(campaign, now, FRESH)
        if not kept.final:
            return _head(campaign, kept.computed_at, final=False) | described(kept.content, campaign)
        frozen = freeze(campaign, kept)
    again = _kept(campaign, now, RECHECK)
    told = as_frozen(campaign, frozen)
    head = _head(told, frozen.frozen_at, final=True)
    head["frozen"] = {
        "at": frozen.frozen_at.isoformat(),
        "version": frozen.version,
        "libraries": frozen.libraries,
        "unbroken": frozen.unbroken,
        "measured_again_at": again.computed_at.isoformat(),
        "differences": differences(frozen.content, again.content),
    }
    return head | described(frozen.content, told)


def described(content: dict[str, Any], campaign: Campaign) -> dict[str, Any]:
    """Return kept figures in words, without the sums behind them."""
    return describe({key: value for key, value in content.items() if key != "inputs"}, campaign)


def as_frozen(campaign: Campaign, frozen: FrozenReport) -> Campaign:
    """Return the campaign as it was when its report was frozen, whatever was edited since; never to be saved."""
    told = copy(campaign)
    for name, value in frozen.settings.items():
        if name in ("launched_at", "ended_at"):
            setattr(told, name, parse_datetime(value) if value else None)
        elif name in ("holdout_share", "margin_share", "smallest_useful_effect"):
            setattr(told, name, Decimal(value))
        elif name not in ("moment", "gesture", "slug"):
            setattr(told, name, value)
    return told


def measure_stale(now: datetime) -> int:
    """Measure every launched campaign whose report is not frozen; returns how many."""
    launched = Campaign.objects.filter(launched_at__isnull=False, frozen_report__isnull=True)
    rows = launched.select_related("moment", "gesture").iterator(chunk_size=100)
    return sum(bool(campaign_report(campaign, now)) for campaign in rows)


def _head(campaign: Campaign, computed_at: datetime, *, final: bool) -> dict[str, Any]:
    return {
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
        "computed_at": computed_at.isoformat(),
        "final": final,
        "frozen": None,
    }


def _kept(campaign: Campaign, now: datetime, fresh: timedelta) -> Report:
    """Return the kept report where it still holds, else measure and keep a new one."""
    kept = Report.objects.filter(campaign=campaign).first()
    if kept and _holds(kept, campaign, now, fresh):
        return kept
    # Two readers who measure at once write the same.
    content = measure(campaign, now)
    report, _created = Report.objects.update_or_create(
        campaign=campaign,
        defaults={"computed_at": now, "final": content["final"], "version": code_version(), "content": content},
    )
    return report


def _holds(kept: Report, campaign: Campaign, now: datetime, fresh: timedelta) -> bool:
    changed = max(filter(None, (campaign.launched_at, campaign.ended_at)), default=kept.computed_at)
    return kept.version == code_version() and changed <= kept.computed_at <= now < kept.computed_at + fresh
