"""The dose: how much a customer may be told in how many days, over all campaigns and by each channel.

Days are civil days of the recipient. Of a limit of `most` messages in `days`, the next may go `days` after the
`most`-th latest; asked in Python of a batch (`Told.free_from`) and in SQL of a tick (caps_sql.py).

A service message waits for no cap and counts for none: who asked where the parcel is must hear it, and no shop's
order confirmations may use up what its gestures are allowed. Only the budget of surveys holds for it too.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any, Final, Literal

from django.db.models import Exists, OuterRef

from campaigns.models import Campaign, ChannelCap, Event, GestureTemplate, Shop, Variant
from campaigns.models.event import EXTERNAL_MESSAGE
from triggers import local_time
from triggers.models import MAY_HAVE_SPOKEN, Delivery

Purpose = GestureTemplate.Purpose
# What stands in the text of a gesture that carries the survey.
SURVEY_MARK: Final = "survey_url"
WEEK: Final = 7
MONTH: Final = 30


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `most` messages in any `days` civil days: of all, of one channel, of the commercial ones, of surveys."""

    name: str
    most: int
    days: int
    channel: str = ""
    about: Literal["", "commercial", "survey"] = ""

    @property
    def words(self) -> str:
        """Return for example "3/7d" or "1/1d sms", kept as what the cap saw."""
        return " ".join(filter(None, (f"{self.most}/{self.days}d", self.channel, self.about)))

    def counts(self, message: "Message") -> bool:
        """Return whether the message counts for this limit."""
        if self.about == "survey":
            return message.survey
        if message.purpose == Purpose.SERVICE or self.channel not in ("", message.channel):
            return False
        return not self.about or message.purpose == Purpose.COMMERCIAL


@dataclass(frozen=True, slots=True)
class Message:
    """What a customer was told on one of their civil days, by us or by another tool."""

    day: date
    channel: str
    purpose: str
    survey: bool


@dataclass
class Caps:
    """The caps of a tick or a batch, and what counts for them."""

    shop: Shop
    now: datetime

    @cached_property
    def by_channel(self) -> dict[str, ChannelCap]:
        """The closer caps of single channels."""
        return {cap.channel: cap for cap in ChannelCap.objects.all()}

    @property
    def since(self) -> datetime:
        """An instant before which nothing counts any more, in any zone."""
        return self.now - timedelta(days=max(MONTH, self.shop.survey_rest_days) + 2)

    def limits(self, campaign: Campaign, channel: str) -> list[Limit]:
        """Return what limits the campaign's messages on a channel; of those that end on one day the first is named."""
        shop, gesture = self.shop, campaign.gesture
        limits = []
        if gesture.purpose != Purpose.SERVICE:
            limits += _limits(shop.daily_cap, shop.weekly_cap, shop.monthly_cap, shop.commercial_cap, "")
            if own := self.by_channel.get(channel):
                limits += _limits(own.daily, own.weekly, own.monthly, own.commercial, channel)
        if gesture.purpose != Purpose.COMMERCIAL:
            limits = [limit for limit in limits if limit.about != "commercial"]
        if any(SURVEY_MARK in variant.body for variant in gesture.variants.all()):
            limits.append(Limit("survey_cap", 1, shop.survey_rest_days, about="survey"))
        return limits


def _limits(daily: int, weekly: int, monthly: int, commercial: int, channel: str) -> list[Limit]:
    return [
        Limit("daily_cap", daily, 1, channel),
        Limit("weekly_cap", weekly, WEEK, channel),
        Limit("monthly_cap", monthly, MONTH, channel),
        Limit("commercial_cap", commercial, MONTH, channel, "commercial"),
    ]


def characters() -> dict[int, tuple[str, bool]]:
    """Return of each campaign, by its database id, the purpose and whether it carries the survey."""
    surveys = Variant.objects.filter(gesture=OuterRef("gesture"), body__contains=SURVEY_MARK)
    rows = Campaign.objects.annotate(survey=Exists(surveys)).values_list("pk", "gesture__purpose", "survey")
    return {pk: (purpose, survey) for pk, purpose, survey in rows.order_by()}


class Told:
    """What some customers were told of late; what is added counts too."""

    def __init__(self, caps: Caps, zones: Mapping[int, str]) -> None:
        """Read what was told to the customers (database ids, with their zone names), by two queries."""
        self._messages: dict[int, list[Message]] = defaultdict(list)
        self._caps = caps
        spoken = Delivery.objects.filter(
            customer__among=zones, spoken_on__gt=caps.since.date(), state__in=MAY_HAVE_SPOKEN
        ).values_list("customer_id", "spoken_on", "channel", "campaign_id")
        for customer_id, day, channel, campaign_id in spoken.order_by():
            assert day is not None
            self._messages[customer_id].append(Message(day, channel, *self._characters[campaign_id]))
        others = Event.objects.filter(
            customer__among=zones, name=EXTERNAL_MESSAGE, occurred_at__gt=caps.since, occurred_at__lte=caps.now
        ).values_list("customer_id", "occurred_at", "properties")
        for customer_id, at, properties in others.order_by():
            zone = local_time.zone_of(zones[customer_id], caps.shop)
            self._messages[customer_id].append(external(local_time.civil_day(at, zone), properties))

    @cached_property
    def _characters(self) -> dict[int, tuple[str, bool]]:
        return characters()

    def add(self, customer_id: int, message: Message) -> None:
        """Count a message that is about to go."""
        self._messages[customer_id].append(message)

    def free_from(self, customer_id: int, limits: Iterable[Limit]) -> tuple[date, Limit] | None:
        """Return the first civil day on which every limit lets a message pass, and the limit that passes last; None
        where none holds any message back."""
        latest: tuple[date, Limit] | None = None
        messages = self._messages.get(customer_id, ())
        for limit in limits if messages else ():
            days = sorted((said.day for said in messages if limit.counts(said)), reverse=True)
            if len(days) >= limit.most:
                free = days[limit.most - 1] + timedelta(days=limit.days)
                if latest is None or free > latest[0]:
                    latest = free, limit
        return latest


def external(day: date, properties: Mapping[str, Any]) -> Message:
    """Return the message that another tool sent: a newsletter unless its properties say otherwise."""
    purpose = properties.get("purpose")
    return Message(
        day,
        str(properties.get("channel", "")),
        purpose if purpose in (Purpose.SERVICE, Purpose.RELATION) else Purpose.COMMERCIAL,
        str(properties.get("survey")).lower() in ("true", "1"),
    )
