"""What a guard is, and what it may look at: the campaign, the shop, and the recipients' clocks."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, Literal

from django.db.models import BooleanField, Case, CharField, Exists, F, QuerySet, Value, When

from campaigns.models import Campaign, ChannelName, GestureTemplate, Shop
from triggers.opening import Clock, Opening

_ADDRESS: Final = {ChannelName.EMAIL: "email", ChannelName.SMS: "phone"}


class _Probe(Exists):
    """An EXISTS that PostgreSQL does not turn into one reading of the whole table: an OFFSET forbids it to."""

    template = "EXISTS(%(subquery)s OFFSET 0)"


@dataclass(frozen=True, slots=True)
class Setting:
    """All that a guard may look at beside the customer: the campaign, and what its tick or batch has in common.

    `many`: so many rows are asked that whole tables of facts may be read for them.
    """

    campaign: Campaign
    opening: Opening
    many: bool = False

    def exists(self, facts: QuerySet[Any]) -> Exists:
        """Return whether a customer has any of `facts`: looked up one by one, unless many are asked.

        Left alone, PostgreSQL reads all orders once rather than those of a few customers, where it expects more of
        these than come.
        """
        return (Exists if self.many else _Probe)(facts.order_by())

    @property
    def fence(self) -> str:
        """What ends a sub-query of our own SQL, behind a LIMIT, for the same purpose."""
        return "" if self.many else "OFFSET 0"

    @property
    def shop(self) -> Shop:
        """The shop as the tick or batch reads it."""
        return self.opening.shop

    @property
    def now(self) -> datetime:
        """Business time."""
        return self.opening.now

    @property
    def service(self) -> bool:
        """Whether the message is about the customer's own order or request."""
        return self.campaign.gesture.purpose == GestureTemplate.Purpose.SERVICE

    def clocks(self, channel: str) -> dict[tuple[str, str, str], Clock]:
        """Return the clocks of a channel, by (channel, zone name, country whose holidays are near)."""
        return self.opening.clocks(channel, blackout=not self.service)

    def clock(self, channel: str, zone: str, country: str) -> Clock:
        """Return the clock of one customer."""
        clocks = self.clocks(channel)
        key = channel, zone, self.opening.country_of(country)
        return clocks[key] if key in clocks else clocks[channel, zone, ""]

    def holidays_of(self, path: str) -> Any:
        """Return an expression: the country in the key of the customer's clock."""
        near = sorted(self.opening.keeping_holidays)
        if not near:
            return Value("")
        own = [When(**{f"{path}country__in": near}, then=F(f"{path}country"))]
        if self.shop.country in near:
            own.append(When(**{f"{path}country": ""}, then=Value(self.shop.country)))
        return Case(*own, default=Value(""), output_field=CharField())

    def zones_by_day(self, channel: str) -> dict[date, list[str]]:
        """Return the civil dates of this instant, each with the zone names that live in it."""
        days: dict[date, list[str]] = {}
        for (_channel, zone, country), clock in self.clocks(channel).items():
            if not country:
                days.setdefault(clock.today, []).append(zone)
        return days


@dataclass(frozen=True, slots=True)
class Guard:
    """One guard; `name` is the reason kept with what it stopped.

    `condition(setting, channel, path)` is an expression, true where the guard is content; `path` leads from the
    query's row to the customer ("" or "customer__"), and an empty Q means always content. A definite guard that is
    not content skips. A temporary one, with `moves_to`, moves the message to that instant of the recipient's Clock,
    and skips where the occasion would no longer be fresh. `by_channel` is false where every channel gets one answer.
    `seen(setting, path)`, where given, is a text expression: what it saw, '' where it is content.
    """

    name: str
    condition: Callable[[Setting, str, str], Any]
    moves_to: Literal["", "open_at", "tomorrow_at"] = ""
    by_channel: bool = True
    seen: Callable[[Setting, str], Any] | None = None

    def content(self, setting: Setting, channel: str, path: str) -> Case | Value:
        """Return the condition as a boolean column."""
        always = Value(True)
        holds = self.condition(setting, channel, path)
        return Case(When(holds, then=always), default=Value(False), output_field=BooleanField()) if holds else always


def address_field(channel: str) -> str:
    """Return the customer's field with the address of `channel`; its keyed hash is in the field named with "_key"."""
    return _ADDRESS[ChannelName(channel)]
