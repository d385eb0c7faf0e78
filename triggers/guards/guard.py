"""What a guard is, and what it may look at: the campaign, the shop, and the recipients' clocks."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, Literal

from django.db.models import BooleanField, Case, Q, Value, When

from campaigns.models import Campaign, ChannelName, PermittedHours, Shop
from triggers import local_time

_ADDRESS: Final = {ChannelName.EMAIL: "email", ChannelName.SMS: "phone"}


@dataclass(frozen=True, slots=True)
class Clock:
    """The recipients' time in one zone, for one channel.

    `open_at` is now where the channel may speak, else when it next may; `tomorrow_at` is when it first may once the
    civil day `today` is over. Both are local_time.NEVER where it never may.
    """

    today: date
    open_at: datetime
    tomorrow_at: datetime


@dataclass(frozen=True, slots=True)
class Setting:
    """All that a guard may look at beside the customer. `clocks` has one for each (channel, zone name) in use."""

    campaign: Campaign
    shop: Shop
    now: datetime
    clocks: dict[tuple[str, str], Clock]

    def zones_by_day(self, channel: str) -> dict[date, list[str]]:
        """Return the civil dates of this instant, each with the zone names that live in it."""
        days: dict[date, list[str]] = {}
        for (known, zone), clock in self.clocks.items():
            if known == channel:
                days.setdefault(clock.today, []).append(zone)
        return days


@dataclass(frozen=True, slots=True)
class Guard:
    """One guard; `name` is the reason kept with what it stopped.

    `condition(setting, channel, path)` is an expression, true where the guard is content; `path` leads from the
    query's row to the customer ("" or "customer__"), and an empty Q means always content. A definite guard that is
    not content skips. A temporary one, with `moves_to`, moves the message to that instant of the recipient's Clock,
    and skips where the occasion would no longer be fresh. `by_channel` is false where every channel gets one answer.
    """

    name: str
    condition: Callable[[Setting, str, str], Any]
    moves_to: Literal["", "open_at", "tomorrow_at"] = ""
    by_channel: bool = True

    def content(self, setting: Setting, channel: str, path: str) -> Case:
        """Return the condition as a boolean column."""
        holds = Q(self.condition(setting, channel, path)) or Q(pk__isnull=False)
        return Case(When(holds, then=Value(True)), default=Value(False), output_field=BooleanField())


def setting_of(campaign: Campaign, shop: Shop, zones: Sequence[str], now: datetime) -> Setting:
    """Return the setting of a campaign at `now`, for customers in the zones named."""
    permitted = {hours.channel: hours for hours in PermittedHours.objects.filter(shop=shop)}
    clocks = {}
    for name in zones:
        zone = local_time.zone_of(name, shop)
        today = local_time.civil_day(now, zone)
        midnight = local_time.day_end(today, zone)
        for channel in campaign.channels:
            hours = permitted.get(channel)
            clocks[channel, name] = Clock(
                today=today,
                open_at=local_time.next_permitted(now, zone, hours),
                tomorrow_at=local_time.next_permitted(midnight, zone, hours),
            )
    return Setting(campaign=campaign, shop=shop, now=now, clocks=clocks)


def address_field(channel: str) -> str:
    """Return the customer's field with the address of `channel`; its keyed hash is in the field named with "_key"."""
    return _ADDRESS[ChannelName(channel)]
