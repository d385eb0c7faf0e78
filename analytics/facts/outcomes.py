"""What the customers of both arms did in the days around their anchors, summed an arm."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.db.models import Count, Exists, F, OuterRef, Q

from analytics.facts.contacts import ARMS, Assignment, contacts, mature_before
from analytics.facts.order_sums import COLUMNS, order_sums
from analytics.facts.roomy import ask
from analytics.facts.windows import Period, civil_shift, shifted
from analytics.kernel import Counts, PairSums, RatioSums, Sums
from campaigns.models import Campaign, Event

MOST_WEEKS: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """What the mature contacts of one arm did in their windows, money in minor units a contact.

    `buyers` reached the macro-conversion; `baskets` is revenue over orders; `earlier` pairs the revenue with that of
    the 84 days before the anchor; `largest` is that of the one customer who brought most; `new` had their first order
    in the window; `before` is a contact's orders in as many days before the anchor as the before/after has; `cut` is
    the revenue with the longest tail cut: every amount above `cap`, that of the buyer behind the largest hundredth (one
    at least) of the buyers of both arms, counted as `cap`; both None for a single buyer.
    Of contacts for whom these days are over too: who bought in them before and after the anchor, and the revenue of
    the first 7, 14, … days after it.
    """

    contacts: int
    buyers: Counts
    revenue: Sums
    baskets: RatioSums
    earlier: PairSums
    largest: float
    cap: float | None
    cut: Sums | None
    new: Counts
    before: Sums
    long_before: Counts
    long_after: Counts
    weekly: tuple[Sums, ...]


def arm_outcomes(campaign: Campaign, now: datetime, zone: ZoneInfo, assigned: Assignment) -> dict[str, Arm]:
    """Return both arms' outcomes over contacts whose window is over at `now`."""
    return arms_of(campaign, assigned, *ask(*outcome_questions(campaign, now, zone, assigned)))


def outcome_questions(
    campaign: Campaign, now: datetime, zone: ZoneInfo, assigned: Assignment
) -> tuple[Callable[[], Any], Callable[[], Any], Callable[[], Any]]:
    """Return what `arms_of` needs as questions for `ask`, the largest first.

    One pass over the orders of the contacts; a second one over events where the campaign's success is an event.
    """
    return (
        partial(order_sums, campaign, now, zone, assigned, _weeks(campaign)),
        partial(_event_buyers, campaign, now, zone, assigned),
        partial(_new_customers, campaign, now, zone, assigned),
    )


def arms_of(
    campaign: Campaign,
    assigned: Assignment,
    rows: list[dict[str, Any]],
    did: dict[str, int] | None,
    new: dict[str, int],
) -> dict[str, Arm]:
    """Return both arms' outcomes of the answers to `outcome_questions`."""
    cap = rows[0]["cap"] if rows else None
    arms = {}
    for arm, decision in ARMS.items():
        sizes = {"n": getattr(assigned, f"mature_{arm}"), "long": getattr(assigned, f"long_{arm}"), "new": new[arm]}
        arms[arm] = _arm([row for row in rows if row["decision"] == decision], sizes, _weeks(campaign), cap)
    if did is None:
        return arms
    return {name: replace(arm, buyers=Counts(n=arm.contacts, successes=did[name])) for name, arm in arms.items()}


def _weeks(campaign: Campaign) -> int:
    return min(MOST_WEEKS, campaign.before_after_days // 7)


def _arm(rows: list[dict[str, Any]], sizes: dict[str, int], weeks: int, cap: float | None) -> Arm:
    n, long = sizes["n"], sizes["long"]
    total = {name: sum(row[name] for row in rows) for name in COLUMNS}
    grown = next((row for row in rows if row["grown"]), None)
    revenue, squares = total["revenue"], total["revenue_squares"]
    return Arm(
        contacts=n,
        buyers=Counts(n=n, successes=total["buyers"]),
        revenue=Sums(n=n, total=revenue, squares=squares),
        baskets=RatioSums(n=n, x=revenue, y=total["orders"], xx=squares, yy=total["orders_squares"], xy=total["cross"]),
        earlier=PairSums(
            n=n,
            y=revenue,
            x=total["earlier"],
            yy=squares,
            xx=total["earlier_squares"],
            xy=total["earlier_cross"],
        ),
        largest=max((row["largest"] for row in rows), default=0.0),
        cap=cap,
        cut=None
        if cap is None
        else Sums(n=n, total=sum(row["cut"] for row in rows), squares=sum(row["cut_squares"] for row in rows)),
        new=Counts(n=n, successes=sizes["new"]),
        before=Sums(n=n, total=total["before"], squares=total["before_squares"]),
        long_before=Counts(n=long, successes=grown["long_before"] if grown else 0),
        long_after=Counts(n=long, successes=grown["long_after"] if grown else 0),
        weekly=tuple(
            Sums(n=long, total=grown[f"week{k}"] if grown else 0.0, squares=grown[f"squares{k}"] if grown else 0.0)
            for k in range(1, weeks + 1)
        ),
    )


def _new_customers(campaign: Campaign, now: datetime, zone: ZoneInfo, assigned: Assignment) -> dict[str, int]:
    """Return how many contacts of each arm placed their first order in their windows."""
    anchors = assigned.span
    span = Period(since=anchors.since, until=civil_shift(anchors.until, campaign.attribution_days, zone))
    rows = (
        contacts(campaign, once=assigned.once)
        .filter(slot_at__lte=mature_before(campaign, now, zone))
        .annotate(window_end=shifted("slot_at", campaign.attribution_days, anchors, zone))
        .filter(
            span.within("customer__first_order_at"),
            customer__first_order_at__gte=F("slot_at"),
            customer__first_order_at__lt=F("window_end"),
        )
    )
    return rows.aggregate(**{arm: Count("pk", filter=Q(decision=decision)) for arm, decision in ARMS.items()})


def _event_buyers(campaign: Campaign, now: datetime, zone: ZoneInfo, assigned: Assignment) -> dict[str, int] | None:
    """Return how many contacts of each arm did the campaign's key event in their windows; None where orders count."""
    if campaign.macro_conversion == "order":
        return None
    anchors = assigned.span
    span = Period(since=anchors.since, until=civil_shift(anchors.until, campaign.attribution_days, zone))
    did = Event.objects.filter(
        span.within("occurred_at"),
        name=campaign.macro_conversion,
        customer=OuterRef("customer"),
        occurred_at__gte=OuterRef("slot_at"),
        occurred_at__lt=OuterRef("window_end"),
    )
    rows = (
        contacts(campaign, once=assigned.once)
        .filter(slot_at__lte=mature_before(campaign, now, zone))
        .annotate(window_end=shifted("slot_at", campaign.attribution_days, anchors, zone))
        .filter(Exists(did))
    )
    return rows.aggregate(**{arm: Count("pk", filter=Q(decision=decision)) for arm, decision in ARMS.items()})
