"""Reading an audience's JSON into typed nodes, or saying of each fault where it stands."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final, NamedTuple

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from campaigns.audience.fields import COUNTED, DAY, DAYS, LARGEST, OWN, SUMMED, SUMS, TEXT, Value, field_of, fields_of
from campaigns.audience.tree import Condition, Group, History, Node, Period

DEEPEST: Final = 8
_GROUPS: Final = ("all", "any", "not")
_PERIOD: Final = {"last_days": DAYS, "before_days": DAYS, "since": DAY, "until": DAY}
_HISTORY_KEYS: Final = {"history", "of", "sum", "is", "value", "where", *_PERIOD}


class Fault(NamedTuple):
    """One fault of a tree: the path of what is wrong (`audience.all.0.value`), and what is wrong with it."""

    path: str
    message: str


def parse_audience(tree: Any) -> Node:
    """Return `tree` typed; raises ValidationError with one message a fault, each with its path."""
    node, faults = _read(tree)
    if node is None or faults:
        raise ValidationError({"audience": [f"{fault.path}: {fault.message}" for fault in faults]})
    return node


def audience_faults(tree: Any) -> list[Fault]:
    """Return every fault of `tree`, in the order written; empty for a good one."""
    return _read(tree)[1]


def _read(tree: Any) -> tuple[Node | None, list[Fault]]:
    faults: list[Fault] = []
    return _node(tree, "audience", faults, 0), faults


def _node(tree: Any, path: str, faults: list[Fault], depth: int) -> Node | None:
    if not isinstance(tree, dict):
        faults.append(Fault(path, _("is not an object")))
    elif depth > DEEPEST:
        faults.append(Fault(path, _("is nested too deeply")))
    elif not tree and depth == 0:
        return Group("all", ())
    elif len(tree) == 1 and next(iter(tree)) in _GROUPS:
        return _group(tree, path, faults, depth)
    elif "history" in tree:
        return _history(tree, path, faults)
    else:
        return _condition(tree, "customers", path, faults)
    return None


def _group(tree: dict[str, Any], path: str, faults: list[Fault], depth: int) -> Group | None:
    joins, inner = next(iter(tree.items()))
    if joins == "not":
        node = _node(inner, f"{path}.not", faults, depth + 1)
        return Group("not", (node,)) if node else None
    if not isinstance(inner, list) or not 0 < len(inner) <= LARGEST:
        faults.append(Fault(f"{path}.{joins}", _("is not a list of conditions")))
        return None
    nodes = [_node(node, f"{path}.{joins}.{index}", faults, depth + 1) for index, node in enumerate(inner)]
    return Group(joins, tuple(node for node in nodes if node))


def _condition(tree: Any, about: str, path: str, faults: list[Fault]) -> Condition | None:
    if not isinstance(tree, dict) or set(tree) != {"field", "is", "value"}:
        faults.append(
            Fault(path, _("is no condition: one has field, is and value, or history; a group all, any or not"))
        )
        return None
    field = field_of(about, tree["field"])
    if field is None:
        own = [f"{OWN[about]}<name>"] if about in OWN else []
        known = ", ".join([*fields_of(about), *own])
        faults.append(Fault(f"{path}.field", _("is not a known field; there are %(known)s") % {"known": known}))
        return None
    if not _asked(tree, field.asks, path, faults):
        return None
    return Condition(tree["field"], tree["is"], tree["value"])


def _asked(tree: dict[str, Any], asks: Mapping[str, Value], path: str, faults: list[Fault]) -> bool:
    """Whether `is` is one of the questions, and `value` fits it."""
    asked = tree.get("is")
    if not isinstance(asked, str) or asked not in asks:
        known = ", ".join(asks)
        faults.append(Fault(f"{path}.is", _("cannot be asked; there are %(known)s") % {"known": known}))
        return False
    return _fits(tree.get("value"), asks[asked], f"{path}.value", faults)


def _fits(given: Any, value: Value, path: str, faults: list[Fault]) -> bool:
    fits = value.fits(given)
    if not fits:
        faults.append(Fault(path, str(value.fault)))
    return fits


def _history(tree: dict[str, Any], path: str, faults: list[Fault]) -> History | None:
    facts, known = tree["history"], len(faults)
    if not isinstance(facts, str) or facts not in SUMS:
        faults.append(Fault(f"{path}.history", _("is none of %(known)s") % {"known": ", ".join(SUMS)}))
        return None
    for name in sorted(set(tree) - _HISTORY_KEYS):
        faults.append(Fault(f"{path}.{name}", _("is not known here")))
    of, sums = tree.get("of", ""), tree.get("sum", "")
    if facts == "orders" and "of" in tree:
        faults.append(Fault(f"{path}.of", _("is not known here")))
    elif facts == "events" or "of" in tree:
        _fits(of, TEXT, f"{path}.of", faults)
    if "sum" in tree and sums not in SUMS[facts]:
        faults.append(Fault(f"{path}.sum", _("is none of %(known)s") % {"known": ", ".join(SUMS[facts]) or "–"}))
    _asked(tree, SUMMED if "sum" in tree else COUNTED, path, faults)
    period = _period(tree, path, faults)
    where = _where(tree.get("where", []), facts, f"{path}.where", faults)
    if len(faults) > known:
        return None
    return History(facts, of, sums, tree["is"], tree["value"], period, where)  # type: ignore[arg-type]


def _period(tree: dict[str, Any], path: str, faults: list[Fault]) -> Period:
    given: dict[str, Any] = {}
    for name, value in _PERIOD.items():
        if name in tree and _fits(tree[name], value, f"{path}.{name}", faults):
            given[name] = date.fromisoformat(tree[name]) if value is DAY else tree[name]
    period = Period(**given)
    if period.last_days is not None and period.before_days is not None and period.before_days >= period.last_days:
        faults.append(Fault(f"{path}.before_days", _("leaves no day: it is not less than last_days")))
    if period.since and period.until and period.until < period.since:
        faults.append(Fault(f"{path}.until", _("leaves no day: it lies before since")))
    return period


def _where(tree: Any, facts: str, path: str, faults: list[Fault]) -> tuple[Condition, ...]:
    if not isinstance(tree, list) or len(tree) > LARGEST:
        faults.append(Fault(path, _("is not a list of conditions")))
        return ()
    found = [_condition(each, facts, f"{path}.{index}", faults) for index, each in enumerate(tree)]
    return tuple(condition for condition in found if condition)
