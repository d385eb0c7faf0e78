"""An audience read in plain Python over the rows of one customer: the second opinion, which shares no code with SQL."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from campaigns.models import Customer

PARIS = ZoneInfo("Europe/Paris")


def inside(tree: dict[str, Any], customer: Customer, now: datetime) -> bool:
    """Whether `customer` (with their facts) is in the audience of a shop in Paris that counts in euros."""
    if not tree:
        return True
    if "all" in tree:
        return all(inside(node, customer, now) for node in tree["all"])
    if "any" in tree:
        return any(inside(node, customer, now) for node in tree["any"])
    if "not" in tree:
        return not inside(tree["not"], customer, now)
    if "history" in tree:
        return _history(tree, customer, now)
    return _customer(tree, customer, now)


def _fits(found: Any, asks: str, value: Any) -> bool:
    if asks == "in":
        return any(_fits(found, "is", each) for each in value)
    if isinstance(value, str):
        return isinstance(found, str) and found == value
    if isinstance(value, bool):
        return found is value
    if isinstance(found, bool) or not isinstance(found, int | float | Decimal):
        return False
    return bool({"is": found == value, "at_least": found >= value, "at_most": found <= value}[asks])


def _customer(tree: dict[str, Any], customer: Customer, now: datetime) -> bool:
    name, asks, value = tree["field"], tree["is"], tree["value"]
    if name.startswith("attributes."):
        return _fits(customer.attributes.get(name[len("attributes.") :]), asks, value)
    if name == "language":
        wanted = value if asks == "in" else [value]
        return any(customer.language == each or customer.language.startswith(each + "-") for each in wanted)
    if name == "tags":
        return value in customer.tags
    if name == "tier":
        return _fits(customer.tier and customer.tier.slug, asks, value)
    if name == "consent":
        return customer.email_marketing if value == "email" else customer.sms_marketing
    if name == "total_spent":
        return _fits(Decimal(customer.total_spent) / 100, asks, Decimal(value))
    if name in ("first_order", "last_order", "signed_up"):
        when, bound = getattr(customer, f"{name}_at"), now - timedelta(days=value)
        return when is not None and (when < bound if asks == "older_than_days" else when > bound)
    return _fits(getattr(customer, name), asks, value)


def _history(tree: dict[str, Any], customer: Customer, now: datetime) -> bool:
    facts: list[dict[str, Any]] = {"orders": _orders, "events": _events, "answers": _answers}[tree["history"]](customer)
    counted = [
        fact
        for fact in facts
        if _in_period(tree, fact["at"], now)
        and tree.get("of", fact["of"]) == fact["of"]
        and all(_where(fact, condition) for condition in tree.get("where", []))
    ]
    if "sum" in tree:
        return _fits(sum((fact[tree["sum"]] for fact in counted), Decimal(0)), tree["is"], Decimal(tree["value"]))
    return _fits(len(counted), tree["is"], tree["value"])


def _in_period(tree: dict[str, Any], at: datetime, now: datetime) -> bool:
    day = at.astimezone(PARIS).date().isoformat()
    return (
        at <= now
        and ("last_days" not in tree or at > now - timedelta(days=tree["last_days"]))
        and ("before_days" not in tree or at <= now - timedelta(days=tree["before_days"]))
        and ("since" not in tree or day >= tree["since"])
        and ("until" not in tree or day <= tree["until"])
    )


def _orders(customer: Customer) -> list[dict[str, Any]]:
    return [
        {"at": row.placed_at, "of": "", "total": Decimal(row.total) / 100, "revenue": Decimal(row.revenue) / 100}
        | {"sku": [line["sku"] for line in row.lines], "category": [line["category"] for line in row.lines]}
        | {"discount_code": row.discount_codes, "status": row.status, "channel": row.channel, "gift": row.gift}
        for row in customer.orders.all()
        if row.valid
    ]


def _events(customer: Customer) -> list[dict[str, Any]]:
    return [{"at": row.occurred_at, "of": row.name, "properties": row.properties} for row in customer.events.all()]


def _answers(customer: Customer) -> list[dict[str, Any]]:
    return [{"at": row.answered_at, "of": row.survey, "score": row.score} for row in customer.answers.all()]


def _where(fact: dict[str, Any], condition: dict[str, Any]) -> bool:
    name, asks, value = condition["field"], condition["is"], condition["value"]
    if name.startswith("properties."):
        return _fits(fact["properties"].get(name[len("properties.") :]), asks, value)
    found = fact[name]
    if isinstance(found, list):
        return any(_fits(each, asks, value) for each in found)
    return _fits(found, asks, Decimal(value) if name == "total" else value)
