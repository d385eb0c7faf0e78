"""Conditions on single facts, for whoever asks about events outside an audience: typed, said in words, as a query."""

from typing import Any

from django.utils.translation import gettext as _
from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from campaigns.audience.fields import field_of
from campaigns.audience.query import facts_of
from campaigns.audience.tree import Condition
from campaigns.audience.words import facts_sentence

__all__ = ["FactCondition", "facts_of", "facts_sentence"]


class FactCondition(BaseModel):
    """One condition on an event, as in an audience's `where`: `{"field": "properties.page", "is": "is", "value": …}`.

    Each fault is found at its own path.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, serialize_by_alias=True)
    field: str
    asks: str = Field(alias="is")
    value: Any

    @field_validator("field")
    @classmethod
    def _known(cls, name: str) -> str:
        if field_of("events", name) is None:
            raise PydanticCustomError("field", _("is not a property: write properties.<name>"))
        return name

    @field_validator("asks")
    @classmethod
    def _asked(cls, asks: str, info: ValidationInfo) -> str:
        field = field_of("events", info.data.get("field"))
        if field and asks not in field.asks:
            known = ", ".join(field.asks)
            raise PydanticCustomError("asks", _("cannot be asked; there are %(known)s") % {"known": known})
        return asks

    @field_validator("value")
    @classmethod
    def _fits(cls, value: Any, info: ValidationInfo) -> Any:
        field = field_of("events", info.data.get("field"))
        wanted = field.asks.get(info.data.get("asks", "")) if field else None
        if wanted and not wanted.fits(value):
            raise PydanticCustomError("value", str(wanted.fault))
        return value

    def parsed(self) -> Condition:
        """Return it as a node of an audience's tree."""
        return Condition(self.field, self.asks, self.value)
