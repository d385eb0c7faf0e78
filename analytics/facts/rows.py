"""The rows behind a report, without personal data: a line a contact, and the shop's periods by kind of customer.

For a notebook, and for anybody who wants to compute the report again. Customers have no name and no id here, only the
civil day of their anchor. Read in slices, so that a million contacts fit into any memory.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import Exists, F, OuterRef

from analytics.facts.answers import SURVEY
from analytics.facts.contacts import ARMS, Assignment, contacts, mature_before
from analytics.facts.order_sums import orders_near, people
from analytics.facts.outcomes import MOST_WEEKS
from analytics.facts.windows import civil_day, shifted
from campaigns.models import Answer, Campaign, Event
from triggers.models import MAY_HAVE_SPOKEN, Decision, Delivery, Occasion
from triggers.occasions.kind import later

type Row = dict[str, Any]

SLICE: Final = 20_000
_GROUPS: Final = {decision: arm for arm, decision in ARMS.items()}
_CONTACTS: Final = """
SELECT contact.id, contact.grown,
    COUNT(CASE WHEN bought.placed_at >= contact.slot_at AND bought.placed_at < contact.window_end THEN 1 END),
    SUM(CASE WHEN bought.placed_at >= contact.slot_at AND bought.placed_at < contact.window_end
        THEN bought.money ELSE 0 END),
    SUM(CASE WHEN bought.placed_at >= contact.earlier_start AND bought.placed_at < contact.slot_at
        THEN bought.money ELSE 0 END),
    COUNT(CASE WHEN bought.placed_at >= contact.long_start AND bought.placed_at < contact.slot_at THEN 1 END),
    COUNT(CASE WHEN bought.placed_at >= contact.slot_at AND bought.placed_at < contact.long_end THEN 1 END)
    {weeks}
FROM ({contacts}) contact
LEFT JOIN ({orders}) bought ON bought.customer_id = contact.customer_id
GROUP BY contact.id, contact.grown
"""
_WEEK: Final = """, SUM(CASE WHEN bought.placed_at >= contact.slot_at AND bought.placed_at < contact.week{k}
        THEN bought.money ELSE 0 END)"""


def weeks_of(campaign: Campaign) -> int:
    """Return for how many weeks after the anchor the revenue is told."""
    return min(MOST_WEEKS, campaign.before_after_days // 7)


def contact_rows(campaign: Campaign, now: datetime, zone: ZoneInfo, assigned: Assignment) -> Iterator[Row]:
    """Yield a row a contact (their outcomes None while their days are not over), then one a customer left out.

    Money is in minor units.
    """
    last = 0
    while True:
        some = list(contacts(campaign).filter(pk__gt=last).order_by("pk")[:SLICE])
        if not some:
            break
        yield from _slice(campaign, now, zone, assigned, some, last)
        last = some[-1].pk
    left_out = Occasion.objects.filter(campaign=campaign, decision=Decision.SKIPPED).order_by("pk")
    for slot_at, reason in left_out.values_list("slot_at", "reason").iterator(chunk_size=SLICE):
        yield {"group": "left_out", "reason": reason, "day": civil_day(slot_at, zone)}


def _slice(
    campaign: Campaign,
    now: datetime,
    zone: ZoneInfo,
    assigned: Assignment,
    some: list[Occasion],
    last: int,
) -> Iterator[Row]:
    within = {"pk__gt": last, "pk__lte": some[-1].pk}
    outcomes = _outcomes(campaign, now, zone, assigned, within)
    goal, new, scores = _told(campaign, now, zone, assigned, within)
    sent, withheld = _messages(campaign, within)
    twice = _twice(campaign, within) if assigned.in_both else set()
    for row in some:
        counts = sent.get(row.customer_id, Counter())
        told: Row = {
            "group": _GROUPS[Decision(row.decision)],
            "reason": "",
            "day": civil_day(row.slot_at, zone),
            "in_both": int(row.customer_id in twice),
            "messages": sum(counts.values()),
            "message_cost": sum(count * float(campaign.unit_costs.get(name, 0)) for name, count in counts.items()),
            "withheld": ";".join(sorted(withheld.get(row.customer_id, []))),
        }
        found = outcomes.get(row.pk)
        if found is not None:
            told |= found
            order_goal = campaign.macro_conversion == "order"
            told["converted"] = int(found["orders"] > 0 if order_goal else row.pk in goal)
            told["new_customer"] = int(row.pk in new)
            told["score"] = scores.get(row.pk)
        yield told


def _outcomes(
    campaign: Campaign, now: datetime, zone: ZoneInfo, assigned: Assignment, within: Mapping[str, int]
) -> dict[int, Row]:
    numbers = range(1, weeks_of(campaign) + 1)
    # A break-even counts days of 24 hours: it needs no change of clocks.
    ends = {f"week{k}": later("slot_at", timedelta(weeks=k)) for k in numbers}
    mature = people(campaign, now, zone, assigned).filter(**within).annotate(**ends)
    people_sql, people_values = mature.query.sql_with_params()
    orders, orders_values = orders_near(campaign, zone, assigned.span).query.sql_with_params()
    weeks = "".join(_WEEK.format(k=k) for k in numbers)
    names = ("over_long", "orders", "revenue", "earlier_revenue", "orders_before", "long_after")
    with connection.cursor() as cursor:
        cursor.execute(
            _CONTACTS.format(contacts=people_sql, orders=orders, weeks=weeks), [*people_values, *orders_values]
        )
        found = {}
        for pk, *values in cursor.fetchall():
            row: Row = dict(zip(names, values, strict=False))
            row["over"], row["long_before"] = 1, int(row["orders_before"] > 0)
            row["long_after"] = int(row["long_after"] > 0)
            row |= {f"week_{k}": values[len(names) + k - 1] or 0.0 for k in numbers}
            found[pk] = row | {name: row[name] or 0.0 for name in ("revenue", "earlier_revenue")}
        return found


def _told(
    campaign: Campaign, now: datetime, zone: ZoneInfo, assigned: Assignment, within: Mapping[str, int]
) -> tuple[set[int], set[int], dict[int, int]]:
    """Return who did the campaign's key event, who bought for the first time, and what they answered last."""
    mature = (
        contacts(campaign)
        .filter(**within, slot_at__lte=mature_before(campaign, now, zone))
        .annotate(window_end=shifted("slot_at", campaign.attribution_days, assigned.span, zone))
    )
    did = Event.objects.filter(
        customer=OuterRef("customer"),
        name=campaign.macro_conversion,
        occurred_at__gte=OuterRef("slot_at"),
        occurred_at__lt=OuterRef("window_end"),
    )
    first = mature.filter(
        customer__first_order_at__gte=F("slot_at"), customer__first_order_at__lt=F("window_end")
    ).values_list("pk", flat=True)
    answers = (
        Answer.objects.filter(customer__occasions__in=mature, survey=SURVEY)
        .annotate(contact=F("customer__occasions"), since=F("customer__occasions__slot_at"))
        .filter(answered_at__gte=F("since"))
        .order_by("answered_at", "pk")
        .values_list("contact", "answered_at", "score")
    )
    ends = dict(mature.values_list("pk", "window_end")) if answers else {}
    scores = {contact: score for contact, when, score in answers if contact in ends and when < ends[contact]}
    goal = (
        set() if campaign.macro_conversion == "order" else set(mature.filter(Exists(did)).values_list("pk", flat=True))
    )
    return goal, set(first), scores


def _messages(campaign: Campaign, within: Mapping[str, int]) -> tuple[dict[int, Counter[str]], dict[int, list[str]]]:
    """Return, a customer, messages by channel, and why others were not sent."""
    sent: dict[int, Counter[str]] = defaultdict(Counter)
    withheld: dict[int, list[str]] = defaultdict(list)
    rows = Delivery.objects.filter(
        occasion__campaign=campaign, customer__in=contacts(campaign).filter(**within).values("customer")
    ).values_list("customer_id", "channel", "state", "reason")
    for customer, channel, state, reason in rows.iterator(chunk_size=SLICE):
        if state in MAY_HAVE_SPOKEN:
            sent[customer][channel] += 1
        elif state == "skipped":
            withheld[customer].append(reason)
    return sent, withheld


def _twice(campaign: Campaign, within: Mapping[str, int]) -> set[int]:
    """Return the customers of a slice whom the campaign assigned to both arms."""
    first = contacts(campaign).filter(**within)
    other = Occasion.objects.filter(
        campaign=campaign, customer=OuterRef("customer"), decision__in=ARMS.values()
    ).exclude(decision=OuterRef("decision"))
    return set(first.filter(Exists(other)).values_list("customer_id", flat=True))
