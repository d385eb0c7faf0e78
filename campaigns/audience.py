"""Audiences: a typed JSON tree of conditions on the customer, checked, said in words, and compiled to one Q.

`{}` is everybody. A node is `{"all": [...]}`, `{"any": [...]}`, `{"not": {...}}` or a condition such as
`{"field": "points", "is": "at_least", "value": 100}`. The fields and what each can be asked stand in `FIELDS`.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db.models import JSONField, Lookup, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns import clock
from campaigns.models import Shop
from campaigns.models.fields import minor_units

DEEPEST: Final = 8
LARGEST: Final = 200
_ATTRIBUTE: Final = re.compile(r"attributes\.([A-Za-z][A-Za-z0-9-]*(?:_[A-Za-z0-9-]+)*)")


@JSONField.register_lookup
class HasTag(Lookup):
    """`tags__has_tag="vip"`: the JSON list holds this text. SQLite has no `contains` of its own."""

    lookup_name = "has_tag"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        """Return the condition of either database."""
        list_sql, params = self.process_lhs(compiler, connection)
        if connection.vendor == "postgresql":
            return f"{list_sql} @> to_jsonb(%s::text)", (*params, self.rhs)
        return f"EXISTS (SELECT 1 FROM json_each({list_sql}) WHERE value = %s)", (*params, self.rhs)  # noqa: S608


@dataclass(frozen=True, slots=True)
class Condition:
    """One question to one customer."""

    field: str
    asks: str
    value: Any


@dataclass(frozen=True, slots=True)
class Group:
    """`all` or `any` of the nodes, or `not` the only one."""

    joins: str
    nodes: "tuple[Node, ...]"


Node = Condition | Group


@dataclass(frozen=True, slots=True)
class _Field:
    """What a field is called, and for each thing it can be asked, the check of the value."""

    label: Any
    asks: Mapping[str, Callable[[Any], bool]]


def _text(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= 200 and "\0" not in value


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 2**53


def _count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 10**9


def _days(value: Any) -> bool:
    return _count(value) and value <= 36_500


def _amount(value: Any) -> bool:
    try:
        return isinstance(value, str) and 0 <= Decimal(value) <= 10**10 and minor_units(Decimal(value), "TND") >= 0
    except (InvalidOperation, ValueError, OverflowError):
        return False


def _texts(value: Any) -> bool:
    return isinstance(value, list) and 0 < len(value) <= LARGEST and all(map(_text, value))


def _scalar(value: Any) -> bool:
    return isinstance(value, bool) or _text(value) or _number(value)


_ONE_OF: Final = {"is": _text, "in": _texts}
_COUNTED: Final = {"is": _count, "at_least": _count, "at_most": _count}
_AGED: Final = {"older_than_days": _days, "younger_than_days": _days}
_FREE: Final = {"is": _scalar, "in": _texts, "at_least": _number, "at_most": _number}
FIELDS: Final[dict[str, _Field]] = {
    "language": _Field(gettext_lazy("language"), _ONE_OF),
    "country": _Field(gettext_lazy("country"), _ONE_OF),
    "tags": _Field(gettext_lazy("tags"), {"has": _text}),
    "tier": _Field(gettext_lazy("tier"), _ONE_OF),
    "points": _Field(gettext_lazy("points"), _COUNTED),
    "orders_count": _Field(gettext_lazy("number of orders"), _COUNTED),
    "total_spent": _Field(gettext_lazy("total spent"), {"at_least": _amount, "at_most": _amount}),
    "first_order": _Field(gettext_lazy("first order"), _AGED),
    "last_order": _Field(gettext_lazy("last order"), _AGED),
}
_SENTENCES: Final = {
    "is": gettext_lazy("%(field)s is %(value)s"),
    "in": gettext_lazy("%(field)s is one of %(value)s"),
    "has": gettext_lazy("%(field)s include %(value)s"),
    "at_least": gettext_lazy("%(field)s: at least %(value)s"),
    "at_most": gettext_lazy("%(field)s: at most %(value)s"),
    "older_than_days": gettext_lazy("%(field)s more than %(value)s days ago"),
    "younger_than_days": gettext_lazy("%(field)s less than %(value)s days ago"),
}


def parse_audience(tree: Any) -> Node:
    """Return `tree` typed; raises ValidationError with one message a fault, each with its path."""
    faults: list[str] = []
    node = _parse(tree, "audience", faults, 0)
    if faults or node is None:
        raise ValidationError({"audience": faults})
    return node


def _parse(tree: Any, path: str, faults: list[str], depth: int) -> Node | None:
    if not isinstance(tree, dict):
        faults.append(_("%(path)s: is not an object") % {"path": path})
    elif depth > DEEPEST:
        faults.append(_("%(path)s: is nested too deeply") % {"path": path})
    elif not tree and depth == 0:
        return Group("all", ())
    elif len(tree) == 1 and next(iter(tree)) in ("all", "any", "not"):
        return _parse_group(tree, path, faults, depth)
    else:
        return _parse_condition(tree, path, faults)
    return None


def _parse_group(tree: dict[str, Any], path: str, faults: list[str], depth: int) -> Group | None:
    joins, inner = next(iter(tree.items()))
    if joins == "not":
        node = _parse(inner, f"{path}.not", faults, depth + 1)
        return Group("not", (node,)) if node else None
    if not isinstance(inner, list) or not 0 < len(inner) <= LARGEST:
        faults.append(_("%(path)s: is not a list of conditions") % {"path": f"{path}.{joins}"})
        return None
    nodes = [_parse(node, f"{path}.{joins}.{index}", faults, depth + 1) for index, node in enumerate(inner)]
    return Group(joins, tuple(node for node in nodes if node))


def _parse_condition(tree: dict[str, Any], path: str, faults: list[str]) -> Condition | None:
    if set(tree) != {"field", "is", "value"}:
        faults.append(_("%(path)s: a condition has field, is and value; a group has all, any or not") % {"path": path})
        return None
    name, asks, value = tree["field"], tree["is"], tree["value"]
    field = _field(name)
    if field is None:
        known = ", ".join([*FIELDS, "attributes.<name>"])
        faults.append(
            _("%(path)s: is not a known field; there are %(known)s") % {"path": f"{path}.field", "known": known}
        )
        return None
    if not isinstance(asks, str) or asks not in field.asks:
        known = ", ".join(field.asks)
        faults.append(_("%(path)s: cannot be asked; there are %(known)s") % {"path": f"{path}.is", "known": known})
        return None
    if not field.asks[asks](value):
        faults.append(_("%(path)s: does not fit the question") % {"path": f"{path}.value"})
        return None
    return Condition(name, asks, value)


def _field(name: Any) -> _Field | None:
    if not isinstance(name, str):
        return None
    match = _ATTRIBUTE.fullmatch(name)
    return _Field(match[1], _FREE) if match else FIELDS.get(name)


def audience_q(tree: Any, prefix: str = "", *, now: datetime | None = None) -> Q:
    """Return the condition that a customer is in the audience, each field behind `prefix` (such as "customer__").

    `now` (aware) dates "more than n days ago"; where it is left out, the business clock does. Raises ValidationError.
    """
    return _q(parse_audience(tree), prefix, now or clock.now())


def _q(node: Node, prefix: str, now: datetime) -> Q:
    if isinstance(node, Condition):
        return _condition_q(node, prefix, now)
    parts = [_q(inner, prefix, now) for inner in node.nodes]
    if node.joins == "not":
        return ~parts[0]
    joined = Q()
    for part in parts:
        joined = joined | part if node.joins == "any" else joined & part
    return joined


_LOOKUPS: Final = {"is": "exact", "in": "in", "at_least": "gte", "at_most": "lte", "has": "has_tag"}


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
    if name == "total_spent":
        value = minor_units(Decimal(value), Shop.get().currency)
    column = {"tier": "tier__slug"}.get(name, name.replace(".", "__", 1))
    return Q(**{f"{prefix}{column}__{_LOOKUPS[asks]}": value})


def audience_sentence(tree: Any) -> str:
    """Return the audience in words, in the active language; raises ValidationError."""
    return _sentence(parse_audience(tree), outer=True)


def _sentence(node: Node, *, outer: bool = False) -> str:
    if isinstance(node, Condition):
        field = _field(node.field)
        label = field.label if field else node.field
        value = ", ".join(node.value) if isinstance(node.value, list) else node.value
        return _SENTENCES[node.asks] % {"field": label, "value": value}
    parts = [_sentence(inner) for inner in node.nodes]
    if not parts:
        return _("everybody")
    if node.joins == "not":
        return _("not (%(inner)s)") % {"inner": parts[0]}
    joined = (_(" and ") if node.joins == "all" else _(" or ")).join(parts)
    return joined if outer or len(parts) == 1 else f"({joined})"
