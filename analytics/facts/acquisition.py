"""What winning customers cost, week by week: advertising and messages over first orders."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from django.db.models import Count, Sum
from django.db.models.functions import TruncWeek

from analytics.facts.windows import Period, day_start
from analytics.kernel import Weeks
from campaigns.models import Campaign, Customer, Spend
from triggers.models import MAY_HAVE_SPOKEN, Delivery

WEEK: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingSpend:
    """Weeks (their Mondays) for which the shop told no spend: without it a cost a customer would be a guess."""

    weeks: tuple[date, ...]


def mondays(launch_day: date, days: int) -> tuple[list[date], list[date]]:
    """Return the Mondays of the whole weeks before and after a launch, `days` / 7 of each.

    Spend comes by the week, so a week with the launch in its middle belongs to neither side.
    """
    monday = launch_day - timedelta(days=launch_day.weekday())
    first_after = monday if monday == launch_day else monday + WEEK
    count = days // 7
    return [monday - WEEK * k for k in range(count, 0, -1)], [first_after + WEEK * k for k in range(count)]


def acquisition(weeks: list[date], zone: ZoneInfo) -> Weeks | MissingSpend:
    """Return new customers and costs (spend and messages, in minor units) of consecutive weeks."""
    spend = dict(Spend.objects.filter(week__in=weeks).values_list("week").annotate(total=Sum("amount")))
    missing = tuple(week for week in weeks if not spend.get(week))
    if missing:
        return MissingSpend(weeks=missing)
    period = Period(since=day_start(weeks[0], zone), until=day_start(weeks[-1] + WEEK, zone))
    new = dict(
        Customer.objects.filter(period.within("first_order_at"))
        .annotate(week=TruncWeek("first_order_at", tzinfo=zone))
        .values_list("week")
        .annotate(customers=Count("pk"))
    )
    messages = _message_costs(period, zone)
    by_week = {moment.date(): customers for moment, customers in new.items()}
    return Weeks(
        new=tuple(by_week.get(week, 0) for week in weeks),
        cost=tuple(float(spend[week]) + messages.get(week, 0.0) for week in weeks),
    )


def _message_costs(period: Period, zone: ZoneInfo) -> dict[date, float]:
    """Return what the messages of every campaign cost by week, at each campaign's own unit costs."""
    unit_costs = dict(Campaign.objects.exclude(unit_costs={}).values_list("pk", "unit_costs"))
    rows = (
        Delivery.objects.filter(period.within("permitted_at"), campaign__in=unit_costs, state__in=MAY_HAVE_SPOKEN)
        .annotate(week=TruncWeek("permitted_at", tzinfo=zone))
        .values_list("week", "campaign", "channel")
        .annotate(messages=Count("pk"))
    )
    costs: dict[date, float] = {}
    for moment, campaign, channel, messages in rows if unit_costs else ():
        week = moment.date()
        costs[week] = costs.get(week, 0.0) + messages * float(unit_costs[campaign].get(channel, 0))
    return costs
