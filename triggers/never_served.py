"""What stands in the way of a launch: a channel whose hours can never serve the campaign, like an SMS on a Sunday."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from campaigns import clock
from campaigns.models import Campaign, ChannelName, Shop
from triggers.guards import Setting
from triggers.local_time import NEVER
from triggers.occasions import kind_of
from triggers.opening import Opening


def never_served(campaign: Campaign) -> list[str]:
    """Return for each channel that no moment of the campaign could ever use, why and what to do."""
    try:
        dues = kind_of(campaign).only_dues(campaign)
    except ValidationError:
        return []  # the rule's own fault is told elsewhere
    channels = campaign.channels if isinstance(campaign.channels, list) else []
    shop, problems = Shop.get(), []
    for channel in channels:
        if channel not in ChannelName.values:
            continue
        words = {"channel": ChannelName(channel).label}
        if _opens(campaign, shop, channel, clock.now()) == NEVER:
            problems.append(_("%(channel)s has no permitted hours: open some in the shop's settings.") % words)
        elif dues and all(_opens(campaign, shop, channel, due) >= fresh_until for due, fresh_until in dues):
            problems.append(
                _(
                    "%(channel)s keeps silent for as long as the moment is fresh: choose another day, another channel, "
                    "or other permitted hours."
                )
                % words
            )
    return problems


def _opens(campaign: Campaign, shop: Shop, channel: str, at: datetime) -> datetime:
    """Return when the channel may speak from `at` on, where the shop is."""
    return Setting(campaign, Opening(shop, at, [("", "")])).clock(channel, "", "").open_at
