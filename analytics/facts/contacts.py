"""The two arms of a campaign and what their customers did: one row a customer, one query an outcome."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.db.models import (
    Case,
    Count,
    Exists,
    F,
    FilteredRelation,
    FloatField,
    Max,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Cast, Coalesce

from analytics.facts.windows import Period, civil_shift, shifted
from analytics.kernel import Counts, RatioSums, Sums
from campaigns.models import Campaign
from triggers.models import Decision, Occasion

ARMS: Final = {"treated": Decision.DUE, "control": Decision.HELD_OUT}
ASSIGNED: Final = tuple(ARMS.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """What the mature contacts of one arm did in their windows.

    `buyers` reached the macro-conversion; `revenue` is a contact's, in minor units; `baskets` is revenue over orders;
    `new` had their first order in the window; `before` is a contact's orders in as many days before the anchor as the
    report's before/after has. `long_before` and `long_after` are who bought in these days before and after the anchor,
    of contacts for whom the latter are over too.
    """

    contacts: int
    buyers: Counts
    revenue: Sums
    baskets: RatioSums
    new: Counts
    before: Sums
    long_before: Counts
    long_after: Counts


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """Who was assigned, before any outcome: customers of both arms, mature or not, and their anchors' span."""

    treated: int
    control: int
    mature_treated: int
    mature_control: int
    in_both: int
    anchors: Period | None

    @property
    def mature(self) -> bool:
        """Whether every contact's window is over."""
        return self.treated + self.control == self.mature_treated + self.mature_control


def contacts(campaign: Campaign) -> QuerySet[Occasion]:
    """Return the first occasion of each customer whom the campaign assigned to an arm; skipped ones are in neither.

    `slot_at` is the anchor. Nobody leaves afterwards: a customer whose message was skipped later stays treated
    (intention to treat).
    """
    assigned = Occasion.objects.filter(campaign=campaign, decision__in=ASSIGNED)
    earlier = assigned.filter(customer=OuterRef("customer")).filter(
        Q(slot_at__lt=OuterRef("slot_at")) | Q(slot_at=OuterRef("slot_at"), pk__lt=OuterRef("pk"))
    )
    return assigned.filter(~Exists(earlier))


def mature_before(campaign: Campaign, now: datetime, zone: ZoneInfo) -> datetime:
    """Return the instant up to which an anchor's window is over at `now`."""
    return civil_shift(now, -campaign.attribution_days, zone)


def assignment(campaign: Campaign, now: datetime, zone: ZoneInfo) -> Assignment:
    """Return the sizes of the arms at `now`."""
    over = Q(slot_at__lte=mature_before(campaign, now, zone))
    counts: dict[str, Any] = {}
    for arm, decision in ARMS.items():
        counts[arm] = Count("pk", filter=Q(decision=decision))
        counts[f"mature_{arm}"] = Count("pk", filter=Q(decision=decision) & over)
    row = contacts(campaign).aggregate(first=Min("slot_at"), last=Max("slot_at"), **counts)
    first, last = row.pop("first"), row.pop("last")
    other = Occasion.objects.filter(campaign=campaign, customer=OuterRef("customer"))
    both = (
        Occasion.objects.filter(campaign=campaign, decision=Decision.HELD_OUT)
        .filter(Exists(other.filter(decision=Decision.DUE)))
        .aggregate(customers=Count("customer", distinct=True))["customers"]
    )
    anchors = Period(since=first, until=last + timedelta(microseconds=1)) if first else None
    return Assignment(in_both=both, anchors=anchors, **row)


def arm_outcomes(campaign: Campaign, now: datetime, zone: ZoneInfo, anchors: Period) -> dict[str, Arm]:
    """Return both arms' outcomes over contacts whose window is over at `now`, `anchors` being the span of all anchors.

    One pass over the orders of the contacts; a second one over events where the campaign's success is an event.
    """
    long_over = Q(slot_at__lte=civil_shift(now, -campaign.before_after_days, zone))
    rows = _orders_a_contact(campaign, now, zone, anchors).aggregate(
        **{f"{arm}_{name}": total for arm in ARMS for name, total in _sums(arm, long_over).items()}
    )
    if campaign.macro_conversion != "order":
        rows |= _event_buyers(campaign, now, zone, anchors)
    return {arm: _arm({key.removeprefix(f"{arm}_"): value for key, value in rows.items()}) for arm in ARMS}


def _orders_a_contact(campaign: Campaign, now: datetime, zone: ZoneInfo, anchors: Period) -> QuerySet[Any, Any]:
    """Return one row a mature contact: its arm, what it ordered in the window, before and long after, whether new."""
    days, long = campaign.attribution_days, campaign.before_after_days
    return (
        contacts(campaign)
        .filter(slot_at__lte=mature_before(campaign, now, zone))
        .annotate(
            window_end=shifted("slot_at", days, anchors, zone),
            long_start=shifted("slot_at", -long, anchors, zone),
            long_end=shifted("slot_at", long, anchors, zone),
            bought=FilteredRelation(
                "customer__orders",
                condition=Q(
                    # Implied by the two below, but only fixed bounds let the database leave old orders unread.
                    customer__orders__placed_at__gte=civil_shift(anchors.since, -long, zone),
                    customer__orders__placed_at__lt=civil_shift(anchors.until, max(days, long), zone),
                )
                & Q(
                    customer__orders__valid=True,
                    customer__orders__placed_at__gte=F("long_start"),
                    customer__orders__placed_at__lt=F("window_end" if days > long else "long_end"),
                ),
            ),
        )
        .values("pk", "decision", "slot_at")
        .annotate(
            orders=Count("bought", filter=_inside("window_end")),
            # As floats, exact up to 2^53 minor units: PostgreSQL would sum big integers as slow decimals.
            revenue=Coalesce(Sum(Cast("bought__revenue", FloatField()), filter=_inside("window_end")), 0.0),
            earlier=Count("bought", filter=Q(bought__placed_at__lt=F("slot_at"))),
            long_after=Count("bought", filter=_inside("long_end")),
            is_new=Max(
                Case(
                    When(
                        Q(customer__first_order_at__gte=F("slot_at"), customer__first_order_at__lt=F("window_end")),
                        then=Value(1),
                    ),
                    default=Value(0),
                )
            ),
        )
    )


def _inside(end: str) -> Q:
    return Q(bought__placed_at__gte=F("slot_at"), bought__placed_at__lt=F(end))


def _sums(arm: str, long_over: Q) -> dict[str, Any]:
    """Return the second level: sums over the contacts of one arm, as floats, whose squares cannot overflow."""
    mine = Q(decision=ARMS[arm])
    orders, earlier = Cast("orders", FloatField()), Cast("earlier", FloatField())
    return {
        "contacts": Count("pk", filter=mine),
        "buyers": Count("pk", filter=mine & Q(orders__gt=0)),
        "earlier": Coalesce(Sum(earlier, filter=mine), 0.0),
        "earlier_squares": Coalesce(Sum(earlier * earlier, filter=mine), 0.0),
        "new": Count("pk", filter=mine & Q(is_new=1)),
        "revenue": Coalesce(Sum("revenue", filter=mine), 0.0),
        "orders": Coalesce(Sum(orders, filter=mine), 0.0),
        "revenue_squares": Coalesce(Sum(F("revenue") * F("revenue"), filter=mine), 0.0),
        "orders_squares": Coalesce(Sum(orders * orders, filter=mine), 0.0),
        "cross": Coalesce(Sum(F("revenue") * orders, filter=mine), 0.0),
        "long": Count("pk", filter=mine & long_over),
        "long_before": Count("pk", filter=mine & long_over & Q(earlier__gt=0)),
        "long_after": Count("pk", filter=mine & long_over & Q(long_after__gt=0)),
    }


def _event_buyers(campaign: Campaign, now: datetime, zone: ZoneInfo, anchors: Period) -> dict[str, int]:
    """Return how many contacts of each arm did the campaign's key event in their windows."""
    days = campaign.attribution_days
    rows = (
        contacts(campaign)
        .filter(slot_at__lte=mature_before(campaign, now, zone))
        .annotate(
            window_end=shifted("slot_at", days, anchors, zone),
            did=FilteredRelation(
                "customer__events",
                condition=Q(
                    customer__events__name=campaign.macro_conversion,
                    customer__events__occurred_at__gte=anchors.since,
                    customer__events__occurred_at__lt=civil_shift(anchors.until, days, zone),
                ),
            ),
        )
        .values("pk", "decision")
        .annotate(
            events=Count("did", filter=Q(did__occurred_at__gte=F("slot_at"), did__occurred_at__lt=F("window_end")))
        )
    )
    return rows.aggregate(
        **{f"{arm}_buyers": Count("pk", filter=Q(decision=decision, events__gt=0)) for arm, decision in ARMS.items()}
    )


def _arm(row: dict[str, Any]) -> Arm:
    n, revenue, orders = row["contacts"], row["revenue"], row["orders"]
    return Arm(
        contacts=n,
        buyers=Counts(n=n, successes=row["buyers"]),
        revenue=Sums(n=n, total=revenue, squares=row["revenue_squares"]),
        baskets=RatioSums(
            n=n, x=revenue, y=orders, xx=row["revenue_squares"], yy=row["orders_squares"], xy=row["cross"]
        ),
        new=Counts(n=n, successes=row["new"]),
        long_before=Counts(n=row["long"], successes=row["long_before"]),
        long_after=Counts(n=row["long"], successes=row["long_after"]),
        before=Sums(n=n, total=row["earlier"], squares=row["earlier_squares"]),
    )
