"""An audience as a sentence, in the active language: what is said of one customer who is in it."""

from collections.abc import Callable, Iterable
from typing import Any, Final

from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import get_language, get_language_info, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from campaigns.audience.fields import field_of, own_key
from campaigns.audience.parse import parse_audience
from campaigns.audience.tree import Condition, History, Node, Period
from campaigns.models import OrderStatus, Shop

_SIGNS: Final = {"is": "=", "at_least": "≥", "at_most": "≤"}


def audience_sentence(tree: Any) -> str:
    """Return the audience in words: "speaks French and placed no order in the last 90 days"; raises ValidationError."""
    return node_sentence(parse_audience(tree))


def node_sentence(node: Node) -> str:
    """Return a part of an audience that was read already in words."""
    return _sentence(node, outer=True)


def facts_sentence(facts: str, conditions: Iterable[Condition]) -> str:
    """Return what is asked of each fact in words: "page = pricing and price ≥ 50"; '' for nothing."""
    return _(" and ").join(_where(facts, condition) for condition in conditions)


def _sentence(node: Node, *, outer: bool = False) -> str:
    if isinstance(node, Condition):
        return _condition(node)
    if isinstance(node, History):
        return _history(node)
    parts = [_sentence(inner) for inner in node.nodes]
    if not parts:
        return _("everybody")
    if node.joins == "not":
        return _("not (%(inner)s)") % {"inner": _sentence(node.nodes[0], outer=True)}
    joined = (_(" and ") if node.joins == "all" else _(" or ")).join(parts)
    return joined if outer or len(parts) == 1 else f"({joined})"


def _condition(condition: Condition) -> str:
    if (key := own_key("customers", condition.field)) is not None:
        return _("has %(condition)s") % {"condition": _compared(key, condition)}
    return _CUSTOMERS[condition.field](condition)


def _compared(label: str | Promise, condition: Condition) -> str:
    if condition.asks == "in":
        return _("%(field)s among %(values)s") % {"field": label, "values": ", ".join(condition.value)}
    return f"{label} {_SIGNS[condition.asks]} {_shown(condition.value)}"


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return str(value)


def _any_of(condition: Condition) -> list[str]:
    return list(condition.value) if isinstance(condition.value, list) else [condition.value]


def _either(names: list[str]) -> str:
    return _(" or ").join(names)


def _language_name(code: str) -> str:
    try:
        name = str(get_language_info(code.lower())["name_translated"])
    except KeyError:
        return code
    # French writes the names of languages small.
    return name if (get_language() or "").startswith("en") else name.lower()


def _speaks(condition: Condition) -> str:
    return _("speaks %(languages)s") % {"languages": _either([_language_name(code) for code in _any_of(condition)])}


def _lives(condition: Condition) -> str:
    return _("has the country %(countries)s") % {"countries": _either(_any_of(condition))}


def _in_tier(condition: Condition) -> str:
    return _("is in the tier %(tiers)s") % {"tiers": _either(_any_of(condition))}


def _accepts(condition: Condition) -> str:
    return _("accepts e-mails") if condition.value == "email" else _("accepts SMS")


def _points(condition: Condition) -> str:
    number = condition.value
    words = {
        "is": ngettext("has exactly %(n)d point", "has exactly %(n)d points", number),
        "at_least": ngettext("has at least %(n)d point", "has at least %(n)d points", number),
        "at_most": ngettext("has at most %(n)d point", "has at most %(n)d points", number),
    }
    return words[condition.asks] % {"n": number}


def _spent(condition: Condition) -> str:
    words = _("has spent at least %(amount)s") if condition.asks == "at_least" else _("has spent at most %(amount)s")
    return words % {"amount": _amount(condition.value)}


def _amount(value: str) -> str:
    return f"{value} {Shop.get().currency}"


def _since(older: str | Promise, younger: str | Promise) -> Callable[[Condition], str]:
    return lambda condition: str(older if condition.asks == "older_than_days" else younger) % {"n": condition.value}


_CUSTOMERS: Final[dict[str, Callable[[Condition], str]]] = {
    "language": _speaks,
    "country": _lives,
    "tags": lambda condition: _("has the tag “%(tag)s”") % {"tag": condition.value},
    "tier": _in_tier,
    "points": _points,
    "consent": _accepts,
    "orders_count": lambda condition: _orders(condition.asks, condition.value),
    "total_spent": _spent,
    "first_order": _since(
        gettext_lazy("placed the first order more than %(n)d days ago"),
        gettext_lazy("placed the first order less than %(n)d days ago"),
    ),
    "last_order": _since(
        gettext_lazy("placed the last order more than %(n)d days ago"),
        gettext_lazy("placed the last order less than %(n)d days ago"),
    ),
    "signed_up": _since(
        gettext_lazy("signed up more than %(n)d days ago"), gettext_lazy("signed up less than %(n)d days ago")
    ),
}


def _history(history: History) -> str:
    if history.sums:
        said = _summed(history)
    elif history.facts == "orders":
        said = _orders(history.asks, history.value)
    elif history.facts == "events":
        said = _events(history.asks, history.value) % {"n": history.value, "name": history.of}
    else:
        survey = _("the survey “%(name)s”") % {"name": history.of} if history.of else _("a survey")
        said = _answers(history.asks, history.value) % {"n": history.value, "survey": survey}
    with_ = _("%(what)s with %(conditions)s")
    conditions = facts_sentence(history.facts, history.where)
    said = with_ % {"what": said, "conditions": conditions} if conditions else said
    return " ".join([said, *_period(history.period)])


def _orders(asks: str, number: int) -> str:
    if asks != "at_least" and number == 0:
        return _("placed no order")
    words = {
        "is": ngettext("placed exactly %(n)d order", "placed exactly %(n)d orders", number),
        "at_least": ngettext("placed at least %(n)d order", "placed at least %(n)d orders", number),
        "at_most": ngettext("placed at most %(n)d order", "placed at most %(n)d orders", number),
    }
    return words[asks] % {"n": number}


def _events(asks: str, number: int) -> str:
    if asks != "at_least" and number == 0:
        return _("did not do “%(name)s”")
    return {
        "is": ngettext("did “%(name)s” exactly %(n)d time", "did “%(name)s” exactly %(n)d times", number),
        "at_least": ngettext("did “%(name)s” at least %(n)d time", "did “%(name)s” at least %(n)d times", number),
        "at_most": ngettext("did “%(name)s” at most %(n)d time", "did “%(name)s” at most %(n)d times", number),
    }[asks]


def _answers(asks: str, number: int) -> str:
    if asks != "at_least" and number == 0:
        return _("did not answer %(survey)s")
    return {
        "is": ngettext("answered %(survey)s exactly %(n)d time", "answered %(survey)s exactly %(n)d times", number),
        "at_least": ngettext(
            "answered %(survey)s at least %(n)d time", "answered %(survey)s at least %(n)d times", number
        ),
        "at_most": ngettext(
            "answered %(survey)s at most %(n)d time", "answered %(survey)s at most %(n)d times", number
        ),
    }[asks]


def _summed(history: History) -> str:
    words = {
        ("total", "at_least"): _("placed orders of at least %(amount)s together"),
        ("total", "at_most"): _("placed orders of at most %(amount)s together"),
        ("revenue", "at_least"): _("brought at least %(amount)s of revenue"),
        ("revenue", "at_most"): _("brought at most %(amount)s of revenue"),
    }
    return words[history.sums, history.asks] % {"amount": _amount(history.value)}


def _where(about: str, condition: Condition) -> str:
    if (key := own_key(about, condition.field)) is not None:
        return _compared(key, condition)
    field = field_of(about, condition.field)
    label = field.label if field else condition.field
    if condition.field == "status":
        return f"{label} = {OrderStatus(condition.value).label}"
    if condition.field == "total":
        return f"{label} {_SIGNS[condition.asks]} {_amount(condition.value)}"
    return _compared(label, condition)


def _period(period: Period) -> list[str]:
    last, before = period.last_days, period.before_days
    said = []
    if last is not None and before:
        said.append(_("between %(most)d and %(least)d days ago") % {"most": last, "least": before})
    elif last is not None:
        said.append(ngettext("in the last %(n)d day", "in the last %(n)d days", last) % {"n": last})
    elif before:
        said.append(ngettext("more than %(n)d day ago", "more than %(n)d days ago", before) % {"n": before})
    if period.since:
        said.append(_("since %(day)s") % {"day": date_format(period.since)})
    if period.until:
        said.append(_("until %(day)s") % {"day": date_format(period.until)})
    return said
