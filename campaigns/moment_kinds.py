"""The registry of moment kinds: campaigns knows their names, rules and sentences; triggers brings their queries."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from pydantic import BaseModel, ConfigDict
from pydantic import ValidationError as RuleError

from campaigns.models import JourneyMoment

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise


class MomentRule(BaseModel):
    """The settings of one moment; every kind has its own subclass, and unknown settings are a fault."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True, slots=True)
class Example:
    """A moment that a marketer can start from: its scene, and the settings of its kind."""

    slug: str
    name: "StrPromise"
    stage: str
    friction: "StrPromise"
    emotion: "StrPromise"
    rule: dict[str, Any]


class MomentKind(ABC):
    """One way to reach a moment; triggers.occasions adds the query. `examples` are offered for a new moment."""

    name: ClassVar[str]
    label: ClassVar["StrPromise"]
    rule_model: ClassVar[type[MomentRule]]
    examples: ClassVar[tuple[Example, ...]] = ()

    @abstractmethod
    def sentence(self, rule: MomentRule) -> str:
        """Return the rule in words, in the active language."""

    def about_order_by(self, _rule: MomentRule, /) -> bool:
        """Return whether each occasion is about one order, of which a text may then speak."""
        return False


_kinds: dict[str, MomentKind] = {}


def register(kind: MomentKind) -> None:
    """Make `kind` known under its name."""
    _kinds[kind.name] = kind


def moment_kinds() -> list[MomentKind]:
    """Return every registered kind, in the order registered."""
    return list(_kinds.values())


def moment_kind(name: str) -> MomentKind:
    """Return the kind called `name`; raises ValidationError naming the known ones otherwise."""
    try:
        return _kinds[name]
    except KeyError:
        known = ", ".join(_kinds)
        raise ValidationError(
            {"kind": _("%(name)s is not a kind of moment; there are: %(known)s.") % {"name": name, "known": known}}
        ) from None


def about_order(moment: JourneyMoment) -> bool:
    """Return whether each occasion of `moment` is about one order; raises ValidationError for a bad rule."""
    return moment_kind(moment.kind).about_order_by(parse_rule(moment.kind, moment.rule))


def parse_rule(kind_name: str, rule: dict[str, Any]) -> MomentRule:
    """Return `rule` as its kind's typed rule; raises ValidationError with one message a fault, each with its path."""
    try:
        return moment_kind(kind_name).rule_model.model_validate(rule)
    except RuleError as error:
        messages = [f"rule.{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors()]
        raise ValidationError({"rule": messages}) from error
