"""Audiences: a typed JSON tree of conditions on a customer and their history, checked, said in words, compiled to SQL.

`{}` is everybody. A node is `{"all": [...]}`, `{"any": [...]}`, `{"not": {...}}`, a condition on the customer such as
`{"field": "points", "is": "at_least", "value": 100}`, or one on what they did, such as `{"history": "events",
"of": "price_page_viewed", "is": "at_least", "value": 2, "last_days": 30}`. docs/shop-developer.md has the grammar.
"""

from campaigns.audience.leaves import Leaf, audience_leaves
from campaigns.audience.parse import audience_faults, parse_audience
from campaigns.audience.query import audience_q
from campaigns.audience.tree import uses_history
from campaigns.audience.words import audience_sentence

__all__ = [
    "Leaf",
    "audience_faults",
    "audience_leaves",
    "audience_q",
    "audience_sentence",
    "parse_audience",
    "uses_history",
]
