"""A form field for an audience: a short list of conditions joined by "all" or "any", one line each."""

from collections.abc import Mapping
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns.audience import parse_audience
from campaigns.audience.fields import FIELDS

_ASKS: Final = {
    "is": gettext_lazy("is"),
    "in": gettext_lazy("is one of"),
    "has": gettext_lazy("include"),
    "at_least": gettext_lazy("at least"),
    "at_most": gettext_lazy("at most"),
    "older_than_days": gettext_lazy("more than … days ago"),
    "younger_than_days": gettext_lazy("less than … days ago"),
}
_OWN: Final = "attributes"
_COUNTS: Final = {"points", "orders_count", "first_order", "last_order"}


def questions() -> list[tuple[str, list[tuple[str, str]]]]:
    """Return what can be asked, grouped by the fact asked about: `("points", [("points|at_least", "points: …")])`."""
    groups = [
        (str(field.label), [(f"{name}|{asks}", f"{field.label} {_ASKS[asks]}") for asks in field.asks])
        for name, field in FIELDS.items()
    ]
    own = [(f"{_OWN}|{asks}", f"{_('own attribute')} {_ASKS[asks]}") for asks in ("is", "at_least", "at_most")]
    return [*groups, (_("own attribute, written as name = value"), own)]


def _line(condition: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return a condition as (question, value as written), or None where a line cannot hold it."""
    if set(condition) != {"field", "is", "value"}:
        return None
    name, asks, value = condition["field"], condition["is"], condition["value"]
    written = ", ".join(value) if isinstance(value, list) else str(value)
    if name.startswith(f"{_OWN}."):
        return None if isinstance(value, list) else (f"{_OWN}|{asks}", f"{name.partition('.')[2]} = {written}")
    return f"{name}|{asks}", written


def as_lines(tree: Mapping[str, Any]) -> tuple[str, list[tuple[str, str]]] | None:
    """Return an audience as ("all" or "any", its lines), or None for one that is more than a list."""
    if not tree:
        return "all", []
    joins = next(iter(tree))
    if joins not in ("all", "any"):
        line = _line(tree)
        return ("all", [line]) if line else None
    lines = [_line(condition) for condition in tree[joins]]
    return None if None in lines else (joins, [line for line in lines if line])


def _value(name: str, asks: str, written: str) -> Any:
    if asks == "in":
        return [part.strip() for part in written.split(",") if part.strip()]
    if name in _COUNTS or name.startswith(f"{_OWN}."):
        try:
            return int(written)
        except ValueError:
            return written
    return written.replace(",", ".") if name == "total_spent" else written


def as_tree(joins: str, lines: list[tuple[str, str]]) -> dict[str, Any]:
    """Return lines as an audience; a line without a value is left out."""
    conditions = []
    for question, written in lines:
        name, _bar, asks = question.partition("|")
        value = written.strip()
        if name == _OWN:
            own, _equals, value = value.partition("=")
            name, value = f"{_OWN}.{own.strip()}", value.strip()
        if question and value:
            conditions.append({"field": name, "is": asks, "value": _value(name, asks, value)})
    return {joins: conditions} if conditions else {}


class AudienceWidget(forms.Widget):
    """One line a condition, and an empty one to add; an audience made by the API that is no list is only said."""

    template_name = "studio/widgets/audience.html"
    # The campaign whose audience it shows, by which one that is no list is found again.
    campaign: int | None = None

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        """Give the template the lines."""
        context = super().get_context(name, value, attrs)
        known = as_lines(value or {})
        context["widget"].update(
            campaign=self.campaign,
            questions=questions(),
            joins=known[0] if known else "all",
            lines=known[1] if known else None,
        )
        return context

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        """Return the audience that the posted lines say; None where the form kept one that is no list."""
        if f"{name}__kept" in data:
            return None
        many = data if isinstance(data, MultiValueDict) else MultiValueDict()
        joins = "any" if data.get(f"{name}__joins") == "any" else "all"
        return as_tree(joins, list(zip(many.getlist(f"{name}__ask"), many.getlist(f"{name}__value"), strict=False)))

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        """Lines may all be empty: that is everybody."""
        return False

    def id_for_label(self, id_: str) -> str:
        """Return the id of the first control."""
        return f"{id_}_joins"


class AudienceField(forms.Field):
    """An audience tree."""

    widget = AudienceWidget

    def clean(self, value: Any) -> Any:
        """Return the tree; raises ValidationError with each line's fault."""
        if value is None:
            return None
        try:
            parse_audience(value)
        except ValidationError as error:
            raise ValidationError([_without_path(message) for message in error.messages]) from error
        return value

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compare as trees."""
        return data is not None and (initial or {}) != data


def _without_path(message: str) -> str:
    """Return a fault of the API for a person: "audience.all.0.value: …" is line 1."""
    path, _colon, words = message.partition(": ")
    parts = path.split(".")
    if len(parts) > 2 and parts[2].isdigit():
        return _("line %(number)d: %(fault)s") % {"number": int(parts[2]) + 1, "fault": words}
    return words or message
