"""Form fields made from a moment kind's typed rule, so that a new kind has its form without a line written here."""

import types
from collections.abc import Callable, Iterable
from datetime import date, time
from enum import Enum
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin
from urllib.parse import urlencode

import annotated_types
from django import forms
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from pydantic.fields import FieldInfo

from campaigns.admin.audience_field import AudienceField
from campaigns.admin.list_fields import ConditionsField, NamesField, NumbersField
from campaigns.audience.facts import FactCondition
from campaigns.models import Tier
from campaigns.moment_kinds import Example, MomentKind

PREFIX: Final = "rule"

# The words of settings that kinds share; a setting that is not here brings its own by `Field(title=…)`.
_LABELS: Final = {
    "offset_days": gettext_lazy("days from the day itself (−2 is two days before)"),
    "send_hour": gettext_lazy("hour of the day, on the customer's clock"),
    "anchor": gettext_lazy("counted from the instant the order is"),
    "delay_days": gettext_lazy("days to wait"),
    "delay_hours": gettext_lazy("hours to wait"),
    "begins": gettext_lazy("what begins the relation"),
    "tiers": gettext_lazy("tiers that count (none chosen: any tier)"),
}
_CHOICES: Final = {
    "placed": gettext_lazy("placed"),
    "shipped": gettext_lazy("shipped"),
    "delivered": gettext_lazy("delivered"),
    "reached": gettext_lazy("the tier is reached"),
    "order_delivered": gettext_lazy("the order that brought it is delivered"),
    "signed_up": gettext_lazy("the sign-up"),
    "first_order": gettext_lazy("the first order"),
    "order": gettext_lazy("an order"),
    "visit": gettext_lazy("a visit"),
    "ticket": gettext_lazy("the answer to a request"),
    "unsubscribed": gettext_lazy("unsubscribes"),
    "order_cancelled": gettext_lazy("cancels an order"),
    "event": gettext_lazy("does what an event says"),
    1: gettext_lazy("1 month"),
    3: gettext_lazy("3 months"),
    6: gettext_lazy("6 months"),
    "mon": WEEKDAYS[0],
    "tue": WEEKDAYS[1],
    "wed": WEEKDAYS[2],
    "thu": WEEKDAYS[3],
    "fri": WEEKDAYS[4],
    "sat": WEEKDAYS[5],
    "sun": WEEKDAYS[6],
}


def field_name(kind: str, name: str) -> str:
    """Return the form's name of the setting `name` of `kind`."""
    return f"{PREFIX}__{kind}__{name}"


def _without_none(annotation: Any) -> Any:
    if get_origin(annotation) in (Union, types.UnionType):
        kept = [part for part in get_args(annotation) if part is not type(None)]
        if len(kept) == 1:
            return kept[0]
    return annotation


def _bounds(info: FieldInfo) -> dict[str, Any]:
    bounds: dict[str, Any] = {}
    for rule in info.metadata:
        if isinstance(rule, annotated_types.Ge):
            bounds["min_value"] = rule.ge
        elif isinstance(rule, annotated_types.Gt):
            bounds["min_value"] = rule.gt + 1  # type: ignore[operator]
        elif isinstance(rule, annotated_types.Le):
            bounds["max_value"] = rule.le
        elif isinstance(rule, annotated_types.Lt):
            bounds["max_value"] = rule.lt - 1  # type: ignore[operator]
    return bounds


def _words(info: FieldInfo, name: str) -> dict[str, Any]:
    return {
        "label": _(info.title) if info.title else _LABELS.get(name, name.replace("_", " ")),
        "help_text": _(info.description) if info.description else "",
        "required": False,
    }


def _choices(values: Iterable[Any]) -> list[tuple[Any, Any]]:
    return [(value, _CHOICES.get(value, value)) for value in values]


def form_field(name: str, info: FieldInfo) -> forms.Field:
    """Return the form field of one setting; text is the fallback, and the rule itself still judges it."""
    annotation = _without_none(info.annotation)
    words = _words(info, name)
    if name == "audience":
        return AudienceField(**words)
    if name == "tiers":
        tiers = list(Tier.objects.values_list("slug", "name"))
        return forms.MultipleChoiceField(choices=tiers, widget=forms.CheckboxSelectMultiple, **words)
    if get_origin(annotation) is tuple:
        return _list_field(get_args(annotation)[0], words)
    if get_origin(annotation) is Literal:
        return forms.ChoiceField(choices=_choices(get_args(annotation)), **words)
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return forms.ChoiceField(choices=_choices(choice.value for choice in annotation), **words)
    if annotation is bool:
        return forms.BooleanField(**words)
    if annotation is int:
        return forms.IntegerField(**words, **_bounds(info))
    if annotation is time:
        return forms.TimeField(widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"), **words)
    if annotation is date:
        return forms.DateField(widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), **words)
    return forms.CharField(**words)


def _like(example: Any) -> Callable[[Any], Any]:
    return lambda value: type(example)(value)


def _list_field(inner: Any, words: dict[str, Any]) -> forms.Field:
    """Return the form field of a list of `inner`."""
    if get_origin(inner) is Literal:
        values = get_args(inner)
        return forms.TypedMultipleChoiceField(
            choices=_choices(values), coerce=_like(values[0]), widget=forms.CheckboxSelectMultiple, **words
        )
    if get_origin(inner) is Annotated:
        inner = get_args(inner)[0]
    if inner is FactCondition:
        return ConditionsField(**words)
    return (NumbersField if inner is int else NamesField)(**words)


def rule_fields(kind: MomentKind) -> dict[str, forms.Field]:
    """Return every setting of `kind` as a form field, by the form's names, each showing its default."""
    fields: dict[str, forms.Field] = {}
    for name, info in kind.rule_model.model_fields.items():
        field = form_field(name, info)
        if not info.is_required():
            field.initial = info.get_default(call_default_factory=True)
        fields[field_name(kind.name, name)] = field
    return fields


def rule_data(kind: MomentKind, cleaned: dict[str, Any]) -> dict[str, Any]:
    """Return the settings of `kind` among a form's cleaned data, without those left empty."""
    found = {name: cleaned.get(field_name(kind.name, name)) for name in kind.rule_model.model_fields}
    return {name: value for name, value in found.items() if value not in (None, "", [])}


def example_query(kind: MomentKind, example: Example) -> str:
    """Return the query string with which the form of a new moment opens filled in as the example is."""
    fields = rule_fields(kind)
    settings = {
        field_name(kind.name, name): fields[field_name(kind.name, name)].prepare_value(value)
        for name, value in example.rule.items()
    }
    scene = {name: str(getattr(example, name)) for name in ("name", "slug", "stage", "friction", "emotion")}
    return urlencode({"kind": kind.name} | scene | settings)
