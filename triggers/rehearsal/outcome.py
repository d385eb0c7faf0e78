"""What a rehearsal came to, counted in SQL over its shadows: small numbers by day, channel and reason."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Count, DateTimeField, Exists, ExpressionWrapper, F, OuterRef, Q, QuerySet, Sum

from campaigns.models import Campaign, CustomerChange, Order
from triggers.models import MAY_HAVE_SPOKEN, Decision, Delivery, GuardFinding, Occasion, State

# "Received more than k of them", up to this k.
_MOST: Final = 5


def outcome(campaign: Campaign, start: datetime, end: datetime) -> dict[str, Any]:
    """Return what the rehearsed `campaign` did between `start` and `end`; call it where the clock stands at `end`.

    JSON-ready: days are civil dates of the recipients, money is in minor units of the shop's currency. `orders` are the
    valid orders placed within the campaign's days of attribution after a message: nobody was written to, so they
    happened anyway.
    """
    occasions = Occasion.objects.filter(campaign=campaign, decided_at__gt=start)
    sent = Delivery.objects.filter(campaign=campaign, permitted_at__gt=start, state__in=MAY_HAVE_SPOKEN)
    days = list(_rows(sent, "spoken_on", "channel"))
    by_channel = _summed((row["channel"], row["n"]) for row in days)
    costs = {channel: count * int(campaign.unit_costs.get(channel, 0)) for channel, count in by_channel.items()}
    reached, more_than = _reached(sent)
    return {
        "days": [[row["spoken_on"].isoformat(), row["channel"], row["n"]] for row in days],
        "gestures": sum(by_channel.values()),
        "channels": by_channel,
        "costs": costs,
        "cost": sum(costs.values()),
        "customers": reached,
        "more_than": more_than,
        "occasions": occasions.count(),
        "held_out": occasions.filter(decision__in=(Decision.HELD_OUT, Decision.GLOBAL))
        .values("customer")
        .distinct()
        .count(),
        "skipped": _skipped(campaign, occasions, start),
        "moved": _moved(campaign, occasions, start),
        "waiting": Delivery.objects.filter(campaign=campaign, state=State.PLANNED).count(),
        "orders": _orders_anyway(campaign, sent),
        "was_live": bool(campaign.launched_at and campaign.launched_at < end),
        "ledger_since": _ledger_since(),
    }


def _rows(deliveries: QuerySet[Delivery], *by: str) -> Iterable[dict[str, Any]]:
    rows: Iterable[dict[str, Any]] = deliveries.order_by(*by).values(*by).annotate(n=Count("pk"))
    return rows


def _summed(pairs: Iterable[tuple[str, int]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for name, count in pairs:
        total[name] = total.get(name, 0) + count
    return total


def _reached(sent: QuerySet[Delivery]) -> tuple[int, list[int]]:
    """Return how many customers got a message, and how many got more than 1, 2, … of them, while there are any."""
    a_customer = sent.order_by().values("customer").annotate(n=Count("pk"))
    more = {f"more_{k}": Count("customer", filter=Q(n__gt=k)) for k in range(1, _MOST + 1)}
    counted = a_customer.aggregate(customers=Count("customer"), **more)
    return counted["customers"], [counted[name] for name in more if counted[name]]


def _skipped(campaign: Campaign, occasions: QuerySet[Occasion], start: datetime) -> dict[str, int]:
    """Return how many got nothing, by the reason kept when it was planned or just before it was sent."""
    planned = occasions.filter(decision=Decision.SKIPPED).order_by().values_list("reason").annotate(n=Count("pk"))
    later = Delivery.objects.filter(campaign=campaign, created_at__gt=start, state__in=(State.SKIPPED, State.FAILED))
    before_sending = later.order_by().values_list("reason").annotate(n=Count("pk"))
    return _summed([*planned, *before_sending])


def _moved(campaign: Campaign, occasions: QuerySet[Occasion], start: datetime) -> dict[str, int]:
    """Return how often a gesture had to wait, by the reason kept when it was planned or just before it was sent."""
    planned = occasions.exclude(decision=Decision.SKIPPED).exclude(reason="").order_by()
    later = GuardFinding.objects.filter(
        occasion__campaign=campaign, occasion__decided_at__gt=start, next_at__isnull=False
    ).order_by()
    before_sending = later.values_list("guard").annotate(n=Count("occasion", distinct=True))
    return _summed([*planned.values_list("reason").annotate(n=Count("pk")), *before_sending])


def _orders_anyway(campaign: Campaign, sent: QuerySet[Delivery]) -> dict[str, int]:
    window = timedelta(days=campaign.attribution_days)
    before = sent.filter(customer=OuterRef("customer"), permitted_at__lt=OuterRef("placed_at"))
    ends = ExpressionWrapper(F("permitted_at") + window, output_field=DateTimeField())
    within = before.annotate(ends=ends).filter(ends__gte=OuterRef("placed_at")).order_by()
    orders = Order.objects.filter(Exists(within), valid=True)
    told = orders.aggregate(count=Count("pk"), customers=Count("customer", distinct=True), revenue=Sum("revenue"))
    return {"count": told["count"], "customers": told["customers"], "revenue": int(told["revenue"] or 0)}


def _ledger_since() -> str | None:
    """Return the first instant that the ledger of changes knows, None where nothing ever changed."""
    first = CustomerChange.objects.order_by("changed_at").values_list("changed_at", flat=True).first()
    return first.isoformat() if first else None
