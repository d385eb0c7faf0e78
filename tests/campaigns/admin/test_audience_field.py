"""An audience as lines of a form."""

import pytest
from django.core.exceptions import ValidationError

from campaigns.admin.audience_field import AudienceField, as_lines, as_tree
from campaigns.audience import parse_audience

LINES = [
    ("country|in", "FR, CA"),
    ("points|at_least", "100"),
    ("total_spent|at_least", "50.00"),
    ("tags|has", "vip"),
    ("attributes|is", "shoe_size = 38"),
]
TREE = {
    "all": [
        {"field": "country", "is": "in", "value": ["FR", "CA"]},
        {"field": "points", "is": "at_least", "value": 100},
        {"field": "total_spent", "is": "at_least", "value": "50.00"},
        {"field": "tags", "is": "has", "value": "vip"},
        {"field": "attributes.shoe_size", "is": "is", "value": 38},
    ]
}


def test_lines_become_a_tree_that_parses() -> None:
    tree = as_tree("all", LINES)
    assert tree == TREE
    parse_audience(tree)


def test_tree_becomes_the_same_lines() -> None:
    assert as_lines(TREE) == ("all", LINES)


def test_lines_left_empty_are_everybody() -> None:
    assert as_tree("any", [("", ""), ("country|is", " ")]) == {}


def test_single_condition_is_a_list_of_one() -> None:
    assert as_lines({"field": "tier", "is": "is", "value": "gold"}) == ("all", [("tier|is", "gold")])


@pytest.mark.parametrize("tree", [{"not": {"field": "tier", "is": "is", "value": "gold"}}, {"any": [{"all": []}]}])
def test_tree_that_is_no_list_is_not_shown_as_one(tree: dict[str, object]) -> None:
    assert as_lines(tree) is None


def test_fault_names_its_line(db: None) -> None:
    with pytest.raises(ValidationError) as refused:
        AudienceField().clean(as_tree("all", [("country|is", "FR"), ("points|at_least", "many")]))
    assert refused.value.messages == ["line 2: is not a whole number from 0"]
