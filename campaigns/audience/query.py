"""An audience as one condition of SQL; a history is a correlated look into the facts' own index."""

import math
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.db.models import Exists, Model, OuterRef, Q, QuerySet, Sum

from campaigns import clock
from campaigns.audience import json_lookups as json_lookups
from campaigns.audience.fields import own_key
from campaigns.audience.parse import parse_audience
from campaigns.audience.tree import Condition, History, Node, Period
from campaigns.models import Answer, Event, Order, Shop
from campaigns.models.fields import minor_units

_LOOKUPS: Final = {"is": "exact", "in": "in", "at_least": "gte", "at_most": "lte", "has": "has_tag"}
# The facts of each history, with the column that dates one.
_FACTS: Final[dict[str, tuple[type[Model], str]]] = {
    "orders": (Order, "placed_at"),
    "events": (Event, "occurred_at"),
    "answers": (Answer, "answered_at"),
}
EVERYBODY: Final = Q(pk__isnull=False)


def audience_q(tree: Any, prefix: str = "", *, now: datetime | None = None) -> Q:
    """Return the condition that a customer is in the audience, each field behind `prefix` (such as "customer__").

    `now` (aware) dates "more than n days ago" and ends every history; where it is left out, the business clock does.
    Raises ValidationError.
    """
    return node_q(parse_audience(tree), prefix, now=now)


def node_q(node: Node, prefix: str = "", *, now: datetime | None = None) -> Q:
    """Return the same for a part of an audience that was read already."""
    return _q(node, prefix, now or clock.now())


def _q(node: Node, prefix: str, now: datetime) -> Q:
    if isinstance(node, Condition):
        return _condition_q(node, prefix, now)
    if isinstance(node, History):
        return _history_q(node, prefix, now)
    parts = [_q(inner, prefix, now) for inner in node.nodes]
    if node.joins == "not":
        return ~parts[0]
    joined = Q()
    for part in parts:
        joined = joined | part if node.joins == "any" else joined & part
    return joined


def _condition_q(condition: Condition, prefix: str, now: datetime) -> Q:
    name, asks, value = condition.field, condition.asks, condition.value
    if asks in ("older_than_days", "younger_than_days"):
        bound = now - timedelta(days=value)
        return Q(**{f"{prefix}{name}_at__{'lt' if asks == 'older_than_days' else 'gt'}": bound})
    if name == "language":
        # French as spoken in Canada is French too.
        chosen = Q()
        for language in [value] if asks == "is" else value:
            chosen |= Q(**{f"{prefix}language": language}) | Q(**{f"{prefix}language__startswith": f"{language}-"})
        return chosen
    if name == "consent":
        return Q(**{f"{prefix}{value}_marketing": True})
    if (key := own_key("customers", name)) is not None:
        return Q(**{f"{prefix}attributes__holds": (key, asks, value)})
    if name == "total_spent":
        value = _minor(value, asks)
    column = {"tier": "tier__slug"}.get(name, name)
    return Q(**{f"{prefix}{column}__{_LOOKUPS[asks]}": value})


def _history_q(history: History, prefix: str, now: datetime) -> Q:
    reached = _sum_reaches if history.sums else _count_reaches
    facts = facts_of(history, now).filter(customer=OuterRef(f"{prefix}pk")).order_by()
    value = _minor(history.value, history.asks) if history.sums else history.value
    if history.asks == "at_least":
        return reached(facts, history, value)
    if history.asks == "at_most":
        return ~reached(facts, history, value + 1)
    return reached(facts, history, value) & ~reached(facts, history, value + 1)


def facts_of(history: History, now: datetime) -> QuerySet[Any]:
    """Return the facts, of all customers, that count for `history` at `now`."""
    model, dated = _FACTS[history.facts]
    facts = model._default_manager.filter(_period_q(history.period, dated, now))
    if history.facts == "orders":
        facts = facts.filter(valid=True)
    elif history.of:
        facts = facts.filter(**{"name" if history.facts == "events" else "survey": history.of})
    for condition in history.where:
        facts = facts.filter(_fact_q(history.facts, condition))
    return facts


def _count_reaches(facts: QuerySet[Any], _history: History, least: int) -> Q:
    """At least `least` facts: reading stops at the one that decides."""
    return EVERYBODY if least <= 0 else Q(Exists(facts[least - 1 : least]))


def _sum_reaches(facts: QuerySet[Any], history: History, least: int) -> Q:
    if least <= 0:
        return EVERYBODY
    summed = facts.values("customer").annotate(summed=Sum(history.sums)).filter(summed__gte=least)
    return Q(Exists(summed.values("customer")))


def _period_q(period: Period, dated: str, now: datetime) -> Q:
    zone = ZoneInfo(Shop.get().timezone) if period.since or period.until else None
    wanted = Q(**{f"{dated}__lte": now - timedelta(days=period.before_days or 0)})
    if period.last_days is not None:
        wanted &= Q(**{f"{dated}__gt": now - timedelta(days=period.last_days)})
    if period.since:
        wanted &= Q(**{f"{dated}__gte": datetime.combine(period.since, time(), zone)})
    if period.until:
        wanted &= Q(**{f"{dated}__lt": datetime.combine(period.until + timedelta(days=1), time(), zone)})
    return wanted


def _fact_q(about: str, condition: Condition) -> Q:
    name, asks, value = condition.field, condition.asks, condition.value
    if (key := own_key(about, name)) is not None:
        return Q(properties__holds=(key, asks, value))
    lists = {"sku": "lines__has_line", "category": "lines__has_line", "discount_code": "discount_codes__has_tag"}
    if name in lists:
        chosen = Q()
        for text in [value] if asks == "is" else value:
            chosen |= Q(**{lists[name]: text if name == "discount_code" else (name, text)})
        return chosen
    if name == "total":
        value = _minor(value, asks)
    return Q(**{f"{name}__{_LOOKUPS[asks]}": value})


def _minor(amount: str, asks: str) -> int:
    """Return an amount in minor units of the shop's currency; one between two of them is rounded so that the answer
    stays the same."""
    exact = Decimal(amount) * minor_units(Decimal(1), Shop.get().currency)
    return math.ceil(exact) if asks == "at_least" else math.floor(exact)
