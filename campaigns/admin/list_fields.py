"""Form fields of settings that are lists: numbers or names separated by commas, conditions on facts one a line."""

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

_SIGNS: Final = {"=": "is", ">=": "at_least", "≥": "at_least", "<=": "at_most", "≤": "at_most", "in": "in"}
_WRITTEN: Final = {"is": "=", "at_least": ">=", "at_most": "<=", "in": "in"}
_LINE: Final = re.compile(r"\s*(?P<name>.+?)\s*(?P<sign>>=|<=|≥|≤|=|\sin\s)\s*(?P<value>.+?)\s*")


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


class NamesField(forms.CharField):
    """Names separated by commas."""

    def prepare_value(self, value: Any) -> Any:
        """Show a list as it is written."""
        return ", ".join(map(str, value)) if isinstance(value, list | tuple) else value

    def clean(self, value: Any) -> Any:
        """Return the names."""
        return _parts(super().clean(value))


class NumbersField(NamesField):
    """Whole numbers separated by commas."""

    def clean(self, value: Any) -> Any:
        """Return the numbers; raises ValidationError for what is none."""
        try:
            return [int(part) for part in super().clean(value)]
        except ValueError as error:
            raise ValidationError(_("Write whole numbers separated by commas, such as 1, 5, 10.")) from error


class ConditionsField(forms.CharField):
    """Conditions on an event's properties, one a line: `page = pricing`, `price >= 50`, `size in S, M`."""

    widget = forms.Textarea(attrs={"rows": 3})

    def prepare_value(self, value: Any) -> Any:
        """Show conditions as they are written."""
        return "\n".join(map(_written, value)) if isinstance(value, list | tuple) else value

    def clean(self, value: Any) -> Any:
        """Return the conditions as in a rule; raises ValidationError naming the line that is none."""
        lines = [line for line in super().clean(value).splitlines() if line.strip()]
        return [_condition(number, line) for number, line in enumerate(lines, start=1)]


def _condition(number: int, line: str) -> dict[str, Any]:
    found = _LINE.fullmatch(line)
    if found is None:
        words = _("Line %(number)d: write a property, one of = >= <= in, and a value, such as page = pricing.")
        raise ValidationError(words % {"number": number})
    asks = _SIGNS[found["sign"].strip()]
    value = _parts(found["value"]) if asks == "in" else _scalar(found["value"])
    return {"field": f"properties.{found['name']}", "is": asks, "value": value}


def _scalar(written: str) -> Any:
    """Return a number, true, false or a quoted text as such, and anything else as the text that it is."""
    try:
        value = json.loads(written)
    except ValueError:
        return written
    return value if isinstance(value, str | int | float | bool) else written


def _written(condition: Mapping[str, Any]) -> str:
    value = condition["value"]
    if isinstance(value, list):
        shown = ", ".join(value)
    else:
        # A text that would be read as something else stands in quotes.
        shown = value if isinstance(value, str) and _scalar(value) == value else json.dumps(value, ensure_ascii=False)
    return f"{condition['field'].removeprefix('properties.')} {_WRITTEN[condition['is']]} {shown}"
