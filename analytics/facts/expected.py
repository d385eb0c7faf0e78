"""What a campaign may expect: contacts a week, how many reach the goal by themselves, and what an order is worth."""

from copy import copy
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Avg, DateTimeField, Exists, ExpressionWrapper, OuterRef, QuerySet

from campaigns.models import Campaign, Event, Order
from triggers.occasions import Window, kind_of, occasions

# So far back one looks for people who would have been contacted.
LOOK_BACK: Final = timedelta(days=91)


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """Of the last 13 weeks: customers a week who reached the moment, the share of them who then came to the goal
    within the attribution days (None where nobody's days are over), and the mean order in minor units (None: none)."""

    weekly: float
    rate: float | None
    basket: float | None
    reached: int


def expected(campaign: Campaign, now: datetime) -> Expected:
    """Return what the campaign's moment and goal did in the 13 weeks before `now`, with nobody contacted in mind.

    Guards (consent, caps, quiet hours) are not asked: fewer people will be contacted than reach the moment.
    """
    since = now - LOOK_BACK
    past = copy(campaign)
    past.launched_at = since
    whole = Window(since, now)
    days = timedelta(days=campaign.attribution_days)
    reached = over = came = 0
    for window in whole.parts(kind_of(campaign).longest_window):
        rows = occasions(past, window)
        reached += _customers(rows)
        ripe = rows.filter(due_at__lte=now - days)
        over += _customers(ripe)
        came += _customers(ripe.filter(_came(campaign, days)))
    mean: Any = Order.objects.filter(placed_at__gte=since, placed_at__lt=now, valid=True).aggregate(
        value=Avg("revenue")
    )
    return Expected(
        weekly=reached / (LOOK_BACK / timedelta(weeks=1)),
        rate=came / over if over else None,
        basket=float(mean["value"]) if mean["value"] is not None else None,
        reached=reached,
    )


def _customers(rows: QuerySet[Any, Any]) -> int:
    return rows.values("customer_id").distinct().count()


def _came(campaign: Campaign, days: timedelta) -> Exists:
    """Return the condition that a row's customer came to the goal within `days` of its moment."""
    until = ExpressionWrapper(OuterRef("due_at") + days, output_field=DateTimeField())
    mine = {"customer": OuterRef("customer_id")}
    if campaign.macro_conversion == "order":
        return Exists(Order.objects.filter(**mine, valid=True, placed_at__gt=OuterRef("due_at"), placed_at__lt=until))
    return Exists(
        Event.objects.filter(
            **mine, name=campaign.macro_conversion, occurred_at__gt=OuterRef("due_at"), occurred_at__lt=until
        )
    )
