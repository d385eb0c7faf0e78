"""Whether a global control group may be compared: how both sides bought before its draw, and who was written to."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Count, F, Q, Sum
from django.db.models.functions import Coalesce

from analytics.facts.windows import Period
from analytics.kernel import Sums
from campaigns.models import GestureTemplate, Order
from triggers.holdout import members_in_sql
from triggers.models import MAY_HAVE_SPOKEN, Delivery, GlobalHoldout


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenTo:
    """Members of a group to whom a message went that the group should have kept back.

    `strays` got one of a campaign launched after the draw, which only a fault explains. `earlier` got one of an older
    campaign, which goes on with the customers it knew: that makes both sides more alike.
    """

    strays: int
    earlier: int


def orders_before(group: GlobalHoldout, sizes: dict[str, int], days: int) -> dict[str, Sums]:
    """Return, a side, the valid orders of each customer in the `days` before the draw; `sizes` are their customers."""
    period = Period(since=group.since - timedelta(days=days), until=group.since)
    each = (
        Order.objects.filter(period.within("placed_at"), valid=True, customer__created_at__lt=group.since)
        .values("customer_id")
        .annotate(member=members_in_sql(group, "customer__external_id"), count=Count("pk"))
    )
    told: dict[str, Any] = {}
    sides = (("treated", False), ("control", True))
    for name, member in sides:
        here = Q(member=member)
        told |= {
            f"{name}_total": Coalesce(Sum("count", filter=here), 0),
            f"{name}_squares": Coalesce(Sum(F("count") * F("count"), filter=here), 0),
        }
    row = each.aggregate(**told)
    return {
        name: Sums(n=sizes[name], total=float(row[f"{name}_total"]), squares=float(row[f"{name}_squares"]))
        for name, _member in sides
    }


def written_to(group: GlobalHoldout, period: Period) -> WrittenTo:
    """Return how many members a message reached in `period`; what is owed to everybody does not count."""
    owed = Q(campaign__promised=True) | Q(campaign__gesture__purpose=GestureTemplate.Purpose.SERVICE)
    row = (
        Delivery.objects.filter(period.within("permitted_at"), state__in=MAY_HAVE_SPOKEN)
        .filter(customer__created_at__lt=group.since, campaign__isnull=False)
        .exclude(owed)
        .annotate(member=members_in_sql(group, "customer__external_id"))
        .filter(member=True)
        .aggregate(
            people=Count("customer", distinct=True),
            strays=Count("customer", distinct=True, filter=Q(campaign__launched_at__gte=group.since)),
        )
    )
    return WrittenTo(strays=row["strays"], earlier=row["people"] - row["strays"])
