"""The whole programme beside its global control group, what it cost, how often it spoke, and what people said."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Exists, F, FloatField, Max, OuterRef, Q, Sum
from django.db.models.functions import Cast, Coalesce

from analytics.facts.scores import BANDS
from analytics.facts.windows import Period
from analytics.kernel import Counts, Sums
from campaigns.models import Answer, Campaign, Customer, Order, Suppression
from triggers.holdout import members_in_sql
from triggers.models import MAY_HAVE_SPOKEN, Decision, Delivery, GlobalHoldout, Occasion

# A comment shorter than this says too little to be read out.
LEAST_WORDS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """Customers known when the epoch began: who bought in the period, and revenue a customer (minor units)."""

    buyers: Counts
    revenue: Sums
    orders: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """Messages sent, customers they went to, and what these asked to end."""

    messages: int
    people: int
    most: int
    complaints: int
    unsubscribed: int

    @property
    def each(self) -> float:
        """Return the messages a customer who got any."""
        return self.messages / self.people if self.people else 0.0


def epochs(now: datetime) -> list[tuple[GlobalHoldout, Period]]:
    """Return the epochs with a group that have begun, the latest first, each with its time until the next or `now`."""
    rows = list(GlobalHoldout.objects.filter(since__lt=now).order_by("since", "pk"))
    ends = [*(row.since for row in rows[1:]), now]
    found = [
        (row, Period(since=row.since, until=end))
        for row, end in zip(rows, ends, strict=False)  # without a row there is no end either
        if row.share and row.since < end
    ]
    return found[::-1]


def sides(group: GlobalHoldout, period: Period) -> dict[str, Side]:
    """Return both sides of an epoch: "treated" are those who may be written to, "control" the global control group.

    Everybody whom the shop knew when it was drawn, whether written to or not: nothing that happened later chooses.
    """
    known = Q(created_at__lt=period.since)
    sizes = {
        row["member"]: row["people"]
        for row in Customer.objects.filter(known)
        .annotate(member=members_in_sql(group))
        .values("member")
        .annotate(people=Count("pk"))
    }
    bought = (
        Order.objects.filter(period.within("placed_at"), valid=True, customer__created_at__lt=period.since)
        .values("customer_id")
        .annotate(
            member=members_in_sql(group, "customer__external_id"),
            money=Coalesce(Sum(Cast("revenue", FloatField())), 0.0),
            count=Count("pk"),
        )
    )
    told: dict[str, Any] = {}
    for name, member in (("treated", False), ("control", True)):
        here = Q(member=member)
        told |= {
            f"{name}_buyers": Count("customer_id", filter=here),
            f"{name}_total": Coalesce(Sum("money", filter=here), 0.0),
            f"{name}_squares": Coalesce(Sum(F("money") * F("money"), filter=here), 0.0),
            f"{name}_orders": Coalesce(Sum("count", filter=here), 0),
        }
    row = bought.aggregate(**told)
    return {
        name: Side(
            buyers=Counts(n=sizes.get(member, 0), successes=row[f"{name}_buyers"]),
            revenue=Sums(n=sizes.get(member, 0), total=row[f"{name}_total"], squares=row[f"{name}_squares"]),
            orders=row[f"{name}_orders"],
        )
        for name, member in (("treated", False), ("control", True))
    }


def cost(period: Period) -> float:
    """Return what all campaigns cost in `period`, in minor units: their messages, and a gift to every contact who
    bought after it, for want of knowing who redeemed it.
    """
    prices = {row.pk: row for row in Campaign.objects.exclude(unit_costs={}, incentive_cost=0)}
    if not prices:
        return 0.0
    messages = (
        Delivery.objects.filter(period.within("permitted_at"), campaign__in=prices, state__in=MAY_HAVE_SPOKEN)
        .values_list("campaign", "channel")
        .annotate(count=Count("pk"))
    )
    total = sum(count * float(prices[campaign].unit_costs.get(channel, 0)) for campaign, channel, count in messages)
    gifts = [pk for pk, row in prices.items() if row.incentive_cost]
    bought = Order.objects.filter(
        customer=OuterRef("customer"), valid=True, placed_at__gte=OuterRef("slot_at"), placed_at__lt=period.until
    )
    treated = (
        Occasion.objects.filter(period.within("slot_at"), campaign__in=gifts, decision=Decision.DUE)
        .filter(Exists(bought))
        .values_list("campaign")
        .annotate(count=Count("customer", distinct=True))
    )
    redeemed = sum(count * prices[campaign].incentive_cost for campaign, count in treated) if gifts else 0
    return float(total + redeemed)


def margin_share() -> float:
    """Return the least margin share that a launched campaign names, 0.4 where none was launched."""
    shares = Campaign.objects.filter(launched_at__isnull=False).values_list("margin_share", flat=True)
    return float(min(shares, default=0.4))


def voice(period: Period) -> Voice:
    """Return how often the programme spoke in `period`, and what came back."""
    sent = Delivery.objects.filter(period.within("permitted_at"), state__in=MAY_HAVE_SPOKEN)
    row: Any = (
        sent.values("customer")
        .annotate(messages=Count("pk"))
        .aggregate(total=Coalesce(Sum("messages"), 0), people=Count("customer"), most=Coalesce(Max("messages"), 0))
    )
    closed = Suppression.objects.filter(period.within("created_at")).aggregate(
        complaints=Count("pk", filter=Q(reason=Suppression.Reason.COMPLAINED)),
        unsubscribed=Count("pk", filter=Q(reason__in=(Suppression.Reason.UNSUBSCRIBED, Suppression.Reason.STOPPED))),
    )
    return Voice(messages=row["total"], people=row["people"], most=row["most"], **closed)


def three_comments(period: Period) -> list[dict[str, Any]]:
    """Return the latest comment of a promoter, a passive and a detractor: score, words and day, and no name."""
    found = []
    for scores in BANDS.values():
        answers = Answer.objects.filter(period.within("answered_at"), score__range=scores)
        for answer in answers.exclude(comment="").order_by("-answered_at")[:50]:
            if len(answer.comment) >= LEAST_WORDS:
                found.append(
                    {"score": answer.score, "comment": answer.comment, "answered_at": answer.answered_at.isoformat()}
                )
                break
    return found
