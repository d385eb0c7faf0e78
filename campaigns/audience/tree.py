"""The typed nodes that an audience's JSON is read into."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

Facts = Literal["orders", "events", "answers"]


@dataclass(frozen=True, slots=True)
class Condition:
    """One question about a customer, or inside a History about each of its facts."""

    field: str
    asks: str
    value: Any


@dataclass(frozen=True, slots=True)
class Period:
    """When a fact must lie: in the last `last_days`, at least `before_days` ago, from `since` to `until` (civil days of
    the shop, both included). Nothing set is ever; what lies in the future never counts."""

    last_days: int | None = None
    before_days: int | None = None
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class History:
    """How often a customer did something, or what their orders come to.

    `of` is the name of the event or survey ("" is any survey). `sums` is "" (count the facts), "total" or "revenue" of
    orders; `value` is then a decimal string in the shop's currency. `where` must all hold of a fact that counts.
    """

    facts: Facts
    of: str
    sums: str
    asks: str
    value: Any
    period: Period
    where: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """`all` or `any` of the nodes, or `not` the only one."""

    joins: str
    nodes: "tuple[Node, ...]"


Node = Condition | History | Group


def leaves(node: Node) -> Iterator[Condition | History]:
    """Yield every condition of the tree."""
    if isinstance(node, Group):
        for inner in node.nodes:
            yield from leaves(inner)
    else:
        yield node


def uses_history(node: Node) -> bool:
    """Whether the tree asks about facts, of which there are many more than customers."""
    return any(isinstance(leaf, History) for leaf in leaves(node))
