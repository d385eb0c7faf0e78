"""Who was assigned to which arm of a campaign, before any outcome: one contact a customer."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.db.models import Case, CharField, Count, Exists, F, Max, Min, OuterRef, Q, QuerySet, Value, When

from analytics.facts.windows import Period, civil_shift
from campaigns.models import Campaign
from triggers.models import Decision, Occasion

ARMS: Final = {"treated": Decision.DUE, "control": Decision.HELD_OUT}
ASSIGNED: Final = tuple(ARMS.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """Customers of both arms and their anchors' span.

    `mature_…` are those whose attribution days are over, `long_…` those whose before/after days are over as well.
    `once`: whether nobody was assigned twice, so that the first of a customer's occasions need not be looked for.
    """

    treated: int
    control: int
    mature_treated: int
    mature_control: int
    long_treated: int
    long_control: int
    in_both: int
    once: bool
    anchors: Period | None

    @property
    def span(self) -> Period:
        """The anchors' span; raises ValueError where nobody was assigned."""
        if self.anchors is None:
            raise ValueError("nobody was assigned to an arm")
        return self.anchors

    @property
    def mature(self) -> bool:
        """Whether every contact's window is over."""
        return self.treated + self.control == self.mature_treated + self.mature_control


def contacts(campaign: Campaign, *, once: bool = False) -> QuerySet[Occasion]:
    """Return the first occasion of each customer whom the campaign assigned to an arm; skipped ones are in neither.

    `slot_at` is the anchor. Nobody leaves afterwards: a customer whose message was skipped later stays treated
    (intention to treat). For `once` see Assignment; who is assigned again meanwhile is not mature before tomorrow.
    """
    assigned = Occasion.objects.filter(campaign=campaign, decision__in=ASSIGNED)
    if once:
        return assigned
    earlier = assigned.filter(customer=OuterRef("customer")).filter(
        Q(slot_at__lt=OuterRef("slot_at")) | Q(slot_at=OuterRef("slot_at"), pk__lt=OuterRef("pk"))
    )
    return assigned.filter(~Exists(earlier))


def mature_before(campaign: Campaign, now: datetime, zone: ZoneInfo) -> datetime:
    """Return the instant up to which an anchor's window is over at `now`."""
    return civil_shift(now, -campaign.attribution_days, zone)


def long_before(campaign: Campaign, now: datetime, zone: ZoneInfo) -> datetime:
    """Return the instant up to which an anchor's attribution days and before/after days are both over at `now`."""
    return civil_shift(now, -max(campaign.attribution_days, campaign.before_after_days), zone)


def assignment(campaign: Campaign, now: datetime, zone: ZoneInfo) -> Assignment:
    """Return the sizes of the arms at `now`: a customer belongs to the arm of their first occasion."""
    assigned = Occasion.objects.filter(campaign=campaign, decision__in=ASSIGNED)
    row = assigned.aggregate(
        first=Min("slot_at"),
        last=Max("slot_at"),
        occasions=Count("pk"),
        customers=Count("customer", distinct=True),
        **_sizes("slot_at", {arm: Q(decision=decision) for arm, decision in ARMS.items()}, campaign, now, zone),
    )
    last, once = row.pop("last"), row.pop("occasions") == row.pop("customers")
    if not once:
        row = _of_first_occasions(assigned, campaign, now, zone)
        last = row.pop("last")
    first = row.pop("first")
    anchors = Period(since=first, until=last + timedelta(microseconds=1)) if first else None
    return Assignment(anchors=anchors, once=once, **{"in_both": 0} | row)


def _of_first_occasions(
    assigned: QuerySet[Occasion], campaign: Campaign, now: datetime, zone: ZoneInfo
) -> dict[str, Any]:
    due, held = (Min("slot_at", filter=Q(decision=decision)) for decision in ASSIGNED)
    customers = (
        assigned.values("customer").annotate(anchor=Min("slot_at"), due=due, held=held).annotate(arm=_first_arm())
    )
    return customers.aggregate(
        first=Min("anchor"),
        last=Max("anchor"),
        in_both=Count("customer", filter=Q(due__isnull=False, held__isnull=False)),
        **_sizes("anchor", {arm: Q(arm=arm) for arm in ARMS}, campaign, now, zone),
    )


def _sizes(anchor: str, arms: dict[str, Q], campaign: Campaign, now: datetime, zone: ZoneInfo) -> dict[str, Count]:
    """Return the counts of Assignment, `anchor` being the field of a row's anchor."""
    over = {
        "": Q(),
        "mature_": Q(**{f"{anchor}__lte": mature_before(campaign, now, zone)}),
        "long_": Q(**{f"{anchor}__lte": long_before(campaign, now, zone)}),
    }
    return {
        f"{name}{arm}": Count("customer", filter=theirs & condition)
        for arm, theirs in arms.items()
        for name, condition in over.items()
    }


def _first_arm() -> Any:
    """Return the arm of the earlier of a customer's first occasions in either."""
    return Case(
        When(Q(held__isnull=True) | Q(due__lte=F("held")), then=Value("treated")),
        default=Value("control"),
        output_field=CharField(),
    )
