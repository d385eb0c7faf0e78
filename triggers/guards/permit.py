"""The fire permit's questions: what, just before sending, still speaks against each delivery of a batch."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from django.db.models import Q

from campaigns.models import Campaign, Shop
from triggers import local_time
from triggers.claimed import Claimed
from triggers.guards.chain import GUARDS, all_of
from triggers.guards.dose import DAILY_CAP
from triggers.guards.guard import Guard, Setting, setting_of
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


def permit_findings(deliveries: Sequence[Claimed], now: datetime, *, shop: Shop | None = None) -> dict[int, Finding]:
    """Return what speaks against sending `deliveries` at `now`, by delivery id; one that is absent may be sent.

    Call it inside the transaction that marks the permitted ones as sending, with their customers locked, and with
    the `shop` as read there. The batch itself counts: of two that may not both be sent, the one of the more urgent
    campaign, then deadline, is permitted. A few queries a campaign, none a delivery.
    """
    shop = shop or Shop.get()
    by_campaign: dict[int, list[Claimed]] = defaultdict(list)
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
        batch = sorted(by_campaign[campaign.pk], key=lambda delivery: (delivery.fresh_until, delivery.pk))
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

    def __init__(self, campaign: Campaign, batch: Sequence[Claimed], shop: Shop, now: datetime) -> None:
        zones = sorted({delivery.customer.timezone for delivery in batch})
        self.setting = setting_of(campaign, shop, zones, now)
        self._still_reached = _still_reached(campaign, [row for row in batch if row.fresh_until > now])
        self._held = _held_by(self.setting, batch)

    def finding(self, delivery: Claimed) -> Finding | None:
        """Return the first thing that speaks against it, what is definite first."""
        setting = self.setting
        if delivery.fresh_until <= setting.now:
            return Finding("stale", delivery.fresh_until.isoformat())
        if setting.campaign.status == Campaign.Status.ENDED:
            return Finding("campaign_ended")
        if (delivery.customer_id, delivery.key) not in self._still_reached:
            return Finding("condition_gone", delivery.key)
        stop = _stop(setting)
        if stop:
            return _moved(stop, "", setting.now + _STOP_LASTS, delivery)
        guard = self._held.get(delivery.pk)
        return _held(guard, delivery, setting) if guard else None


class _Spoken:
    """What may have reached the batch's mailboxes and customers, the deliveries permitted so far included."""

    def __init__(self, deliveries: Sequence[Claimed], shop: Shop) -> None:
        self._shop = shop
        self._customers: set[int] = set()
        self._owners: dict[tuple[int, str, str | date], int] = {}
        addresses = Counter(delivery.address_key for delivery in deliveries)
        known = Delivery.objects.filter(
            ~Q(address_key=""),  # as the index is
            address_key__among=addresses,
            campaign__in={delivery.campaign_id for delivery in deliveries},
            state__in=MAY_HAVE_SPOKEN,
        ).values_list(
            "customer_id", "campaign_id", "address_key", "occasion__key", "occasion__due_at", "customer__timezone"
        )
        for owner, campaign_id, address, key, due_at, timezone in known:
            addresses[address] += 1
            self._remember(owner, self._words(campaign_id, address, key, due_at, timezone))
        # Nobody else can have spoken to an address that occurs once.
        self._shared = {address for address, count in addresses.items() if count > 1}

    def finding(self, delivery: Claimed, setting: Setting) -> Finding | None:
        """Return whether the batch or another profile's message to the same mailbox speaks against it."""
        for word in self._words_of(delivery):
            if self._owners.get(word, delivery.customer_id) != delivery.customer_id:
                return Finding("duplicate_address", str(word[2]))
        if delivery.customer_id in self._customers:
            # With a cap of several, it asks again at once, when the first one counts.
            if self._shop.daily_cap > 1:
                return Finding(DAILY_CAP.name, str(self._shop.daily_cap), setting.now)
            return _held(DAILY_CAP, delivery, setting)
        return None

    def add(self, delivery: Claimed) -> None:
        """Count a delivery that is now permitted."""
        self._customers.add(delivery.customer_id)
        self._remember(delivery.customer_id, self._words_of(delivery))

    def _remember(self, owner: int, words: Iterable[tuple[int, str, str | date]]) -> None:
        for word in words:
            self._owners.setdefault(word, owner)

    def _words_of(self, delivery: Claimed) -> list[tuple[int, str, str | date]]:
        address = delivery.address_key
        if address not in self._shared:
            return []
        return self._words(delivery.campaign_id, address, delivery.key, delivery.due_at, delivery.customer.timezone)

    def _words(
        self, campaign_id: int, address: str, key: str, due_at: datetime, timezone: str
    ) -> list[tuple[int, str, str | date]]:
        """Return what must not be said twice to one address: a campaign's same key, or its same due day."""
        day = local_time.civil_day(due_at, local_time.zone_of(timezone, self._shop))
        return [(campaign_id, address, key), (campaign_id, address, day)]


def _stop(setting: Setting) -> str:
    """Return which stop button is pressed, '' for none."""
    if setting.shop.sending_stopped:
        return "all_stop"
    return "" if setting.campaign.status == Campaign.Status.LIVE else "campaign_paused"


def _held(guard: Guard, delivery: Claimed, setting: Setting) -> Finding:
    if not guard.moves_to:
        return Finding(guard.name)
    timezone = delivery.customer.timezone
    clock = setting.clocks[delivery.channel, timezone]
    wall = setting.now.astimezone(local_time.zone_of(timezone, setting.shop))
    return _moved(guard.name, f"{wall:%Y-%m-%d %H:%M}", getattr(clock, guard.moves_to), delivery)


def _moved(guard: str, value: str, next_at: datetime, delivery: Claimed) -> Finding:
    return Finding(guard, value, next_at if next_at < delivery.fresh_until else None)


def _still_reached(campaign: Campaign, batch: Sequence[Claimed]) -> set[tuple[int, str]]:
    """Return the (customer, key) that the kind's own query still yields for the customers of the batch.

    Of fresh deliveries only: with what a long pause left behind, the window would be longer than a kind takes.
    """
    if not batch:
        return set()
    window = Window(
        min(delivery.due_at for delivery in batch) - _MAY_MOVE,
        max(delivery.fresh_until for delivery in batch),
    )
    customers = {delivery.customer_id for delivery in batch}
    return set(occasions(campaign, window, customers).values_list("customer_id", "key"))


def _held_by(setting: Setting, batch: Sequence[Claimed]) -> dict[int, Guard]:
    """Return the first guard that is not content, by delivery id; most have none, and no row comes back."""
    held: dict[int, Guard] = {}
    for channel in sorted({delivery.channel for delivery in batch}):
        content = {guard.name: guard.content(setting, channel, "customer__") for guard in GUARDS}
        ids = [delivery.pk for delivery in batch if delivery.channel == channel]
        unhappy = Delivery.objects.filter(~all_of([Q(answer) for answer in content.values()]), pk__among=ids)
        for pk, *answers in unhappy.annotate(**content).values_list("pk", *content):
            held[pk] = next(guard for guard, holds in zip(GUARDS, answers, strict=True) if not holds)
    return held
