"""The fire permit's questions: what, just before sending, still speaks against each delivery of a batch."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from campaigns.models import Campaign, Customer, Shop
from triggers import local_time
from triggers.guards.chain import GUARDS
from triggers.guards.dose import DAILY_CAP
from triggers.guards.guard import Guard, Setting, address_field, setting_of
from triggers.models import MAY_HAVE_SPOKEN, Delivery
from triggers.occasions import Window, occasions

# How soon a message that a stop button holds asks again.
_STOP_LASTS: Final = timedelta(minutes=1)
# A customer who moves to another zone or whose order's date is corrected moves the occasion a little: still the same.
_MAY_MOVE: Final = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Finding:
    """What a guard said of one delivery: not before `next_at`, or never where it is None. `value` is what it saw."""

    guard: str
    value: str = ""
    next_at: datetime | None = None


def permit_findings(deliveries: Sequence[Delivery], now: datetime) -> dict[int, Finding]:
    """Return what speaks against sending `deliveries` at `now`, by delivery id; one that is absent may be sent.

    Call it inside the transaction that marks the permitted ones as sending, with their customers locked, and with
    `occasion` and `customer` selected. The batch itself counts: of two that may not both be sent, the one of the more
    urgent campaign, then deadline, is permitted. A few queries a campaign, none a delivery.
    """
    shop = Shop.get()
    by_campaign: dict[int, list[Delivery]] = defaultdict(list)
    for delivery in deliveries:
        by_campaign[delivery.campaign_id].append(delivery)
    campaigns = (
        Campaign.objects.filter(pk__in=by_campaign)
        .select_related("moment", "gesture")
        .prefetch_related("gesture__variants")
        .order_by("-priority", "pk")
    )
    findings: dict[int, Finding] = {}
    spoken = _Spoken(deliveries, shop)
    for campaign in campaigns:
        batch = sorted(by_campaign[campaign.pk], key=lambda delivery: (delivery.occasion.fresh_until, delivery.pk))
        asked = _Asked(campaign, batch, shop, now)
        for delivery in batch:
            finding = asked.finding(delivery) or spoken.finding(delivery, asked.setting)
            if finding is None:
                spoken.add(delivery)
            else:
                findings[delivery.pk] = finding
    return findings


class _Asked:
    """What the guards answer for the deliveries of one campaign."""

    def __init__(self, campaign: Campaign, batch: Sequence[Delivery], shop: Shop, now: datetime) -> None:
        self.setting = setting_of(campaign, shop, sorted({delivery.customer.timezone for delivery in batch}), now)
        self._still_reached = _still_reached(campaign, batch)
        self._content = _content(self.setting, batch)

    def finding(self, delivery: Delivery) -> Finding | None:
        """Return the first thing that speaks against it, what is definite first."""
        setting, occasion = self.setting, delivery.occasion
        if occasion.fresh_until <= setting.now:
            return Finding("stale", occasion.fresh_until.isoformat())
        if setting.campaign.status == Campaign.Status.ENDED:
            return Finding("campaign_ended")
        if (delivery.customer_id, occasion.key) not in self._still_reached:
            return Finding("condition_gone", occasion.key)
        stop = _stop(setting)
        if stop:
            return _moved(stop, "", setting.now + _STOP_LASTS, delivery)
        guard = next((guard for guard in GUARDS if not self._content[delivery.pk][guard.name]), None)
        return _held(guard, delivery, setting) if guard else None


class _Spoken:
    """What may have reached the batch's mailboxes and customers, the deliveries permitted so far included."""

    def __init__(self, deliveries: Iterable[Delivery], shop: Shop) -> None:
        self._shop = shop
        self._customers: set[int] = set()
        self._owners: dict[tuple[int, str, str | date], int] = {}
        addresses = {_address_key(delivery.customer, delivery.channel) for delivery in deliveries}
        known = Delivery.objects.filter(
            address_key__in=addresses - {""},
            campaign__in={delivery.campaign_id for delivery in deliveries},
            state__in=MAY_HAVE_SPOKEN,
        ).select_related("occasion", "customer")
        for delivery in known:
            self._remember(delivery, delivery.address_key)

    def finding(self, delivery: Delivery, setting: Setting) -> Finding | None:
        """Return whether the batch or another profile's message to the same mailbox speaks against it."""
        for word in self._words_of(delivery, _address_key(delivery.customer, delivery.channel)):
            if self._owners.get(word, delivery.customer_id) != delivery.customer_id:
                return Finding("duplicate_address", str(word[2]))
        if delivery.customer_id in self._customers:
            # With a cap of several, it asks again at once, when the first one counts.
            if self._shop.daily_cap > 1:
                return Finding(DAILY_CAP.name, str(self._shop.daily_cap), setting.now)
            return _held(DAILY_CAP, delivery, setting)
        return None

    def add(self, delivery: Delivery) -> None:
        """Count a delivery that is now permitted."""
        self._customers.add(delivery.customer_id)
        self._remember(delivery, _address_key(delivery.customer, delivery.channel))

    def _remember(self, delivery: Delivery, address: str) -> None:
        for word in self._words_of(delivery, address):
            self._owners.setdefault(word, delivery.customer_id)

    def _words_of(self, delivery: Delivery, address: str) -> list[tuple[int, str, str | date]]:
        """Return what must not be said twice to one address: a campaign's same key, or its same due day."""
        zone = local_time.zone_of(delivery.customer.timezone, self._shop)
        day = local_time.civil_day(delivery.occasion.due_at, zone)
        return [(delivery.campaign_id, address, delivery.occasion.key), (delivery.campaign_id, address, day)]


def _stop(setting: Setting) -> str:
    """Return which stop button is pressed, '' for none."""
    if setting.shop.sending_stopped:
        return "all_stop"
    return "" if setting.campaign.status == Campaign.Status.LIVE else "campaign_paused"


def _held(guard: Guard, delivery: Delivery, setting: Setting) -> Finding:
    if not guard.moves_to:
        return Finding(guard.name)
    customer = delivery.customer
    clock = setting.clocks[delivery.channel, customer.timezone]
    wall = setting.now.astimezone(local_time.zone_of(customer.timezone, setting.shop))
    return _moved(guard.name, f"{wall:%Y-%m-%d %H:%M}", getattr(clock, guard.moves_to), delivery)


def _moved(guard: str, value: str, next_at: datetime, delivery: Delivery) -> Finding:
    return Finding(guard, value, next_at if next_at < delivery.occasion.fresh_until else None)


def _still_reached(campaign: Campaign, batch: Sequence[Delivery]) -> set[tuple[int, str]]:
    """Return the (customer, key) that the kind's own query still yields for the customers of the batch."""
    window = Window(
        min(delivery.occasion.due_at for delivery in batch) - _MAY_MOVE,
        max(delivery.occasion.fresh_until for delivery in batch),
    )
    customers = {delivery.customer_id for delivery in batch}
    return set(occasions(campaign, window, customers).values_list("customer_id", "key"))


def _content(setting: Setting, batch: Sequence[Delivery]) -> dict[int, dict[str, Any]]:
    """Return each guard's answer for each delivery, by the guard's name."""
    answers: dict[int, dict[str, Any]] = {}
    for channel in sorted({delivery.channel for delivery in batch}):
        rows = Delivery.objects.filter(
            pk__in=[delivery.pk for delivery in batch if delivery.channel == channel]
        ).values("pk", **{guard.name: guard.content(setting, channel, "customer__") for guard in GUARDS})
        answers.update((row["pk"], dict(row)) for row in rows)
    return answers


def _address_key(customer: Customer, channel: str) -> str:
    return str(getattr(customer, f"{address_field(channel)}_key"))
