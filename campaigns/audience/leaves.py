"""Each condition of an audience by itself: is it true of one customer? What a page answers who asks "why not?"."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from campaigns.audience.parse import parse_audience
from campaigns.audience.query import node_q
from campaigns.audience.tree import leaves
from campaigns.audience.words import node_sentence
from campaigns.models import Customer


@dataclass(frozen=True, slots=True)
class Leaf:
    """One condition in words, and whether the customer meets it."""

    sentence: str
    holds: bool


def audience_leaves(tree: Any, customer: Customer, now: datetime) -> list[Leaf]:
    """Return every condition of an audience with whether it holds for `customer` at `now`; raises ValidationError.

    A condition under a `not` is answered as it stands, not turned round.
    """
    own = Customer.objects.filter(pk=customer.pk)
    return [
        Leaf(node_sentence(leaf), own.filter(node_q(leaf, now=now)).exists()) for leaf in leaves(parse_audience(tree))
    ]
