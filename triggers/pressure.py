"""The pressure on one customer: what was told to them in the last twelve months, by us and by other tools."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from campaigns.models import Customer, Event, Shop
from campaigns.models.event import EXTERNAL_MESSAGE
from triggers import local_time
from triggers.guards.caps import MONTH, Purpose, characters, external
from triggers.models import MAY_HAVE_SPOKEN, Delivery

DAYS: Final = 365


@dataclass(frozen=True, slots=True)
class Heard:
    """One message on one of the customer's civil days. `counts` is false for service messages, which no cap counts;
    `by` is the campaign, '' for another tool."""

    day: date
    channel: str
    counts: bool
    by: str


@dataclass(frozen=True, slots=True)
class Pressure:
    """Twelve months up to `today`, the customer's civil day; `monthly_cap` is what 30 days may hold."""

    today: date
    monthly_cap: int
    heard: Sequence[Heard]

    @property
    def first(self) -> date:
        """The first day shown."""
        return self.today - timedelta(days=DAYS - 1)

    def rolling(self) -> Iterator[tuple[date, int]]:
        """Yield each day with how many messages that count were told in the 30 days that end with it."""
        days = [heard.day for heard in self.heard if heard.counts]
        for ahead in range(DAYS):
            day = self.first + timedelta(days=ahead)
            yield day, sum(day - timedelta(days=MONTH) < told <= day for told in days)


def pressure(customer: Customer, shop: Shop, now: datetime) -> Pressure:
    """Return what `customer` was told in the last twelve months, the oldest first."""
    zone = local_time.zone_of(customer.timezone, shop)
    today = local_time.civil_day(now, zone)
    # What the first day's 30 days hold is needed too.
    since = today - timedelta(days=DAYS + MONTH)
    kinds = characters()
    spoken = Delivery.objects.filter(customer=customer, spoken_on__gt=since, state__in=MAY_HAVE_SPOKEN)
    heard = [
        Heard(day, channel, kinds[campaign_id][0] != Purpose.SERVICE, name)
        for day, channel, campaign_id, name in spoken.values_list(
            "spoken_on", "channel", "campaign_id", "campaign__name"
        )
        if day is not None
    ]
    others = Event.objects.filter(
        customer=customer,
        name=EXTERNAL_MESSAGE,
        occurred_at__gt=now - timedelta(days=DAYS + MONTH),
        occurred_at__lte=now,
    )
    for at, properties in others.values_list("occurred_at", "properties"):
        message = external(local_time.civil_day(at, zone), properties)
        heard.append(Heard(message.day, message.channel, message.purpose != Purpose.SERVICE, ""))
    return Pressure(today, shop.monthly_cap, sorted(heard, key=lambda one: one.day))
