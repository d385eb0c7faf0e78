"""Any audience chooses in SQL whom a plain reading of its tree chooses, customer by customer."""

import pytest
from django.utils import translation
from hypothesis import HealthCheck, given, settings

from campaigns.audience import audience_faults, audience_q, audience_sentence
from campaigns.models import Consent, Customer
from tests.campaigns.audience.conftest import NOW
from tests.campaigns.audience.plain import inside
from tests.campaigns.audience.trees import Tree, audiences, leaves

_FAST = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@_FAST
@given(tree=leaves)
def test_condition_chooses_as_read(crowd: list[Customer], tree: Tree) -> None:
    chooses_as_read(crowd, tree)


@_FAST
@given(tree=audiences)
def test_tree_chooses_as_read(crowd: list[Customer], tree: Tree) -> None:
    chooses_as_read(crowd, tree)


@pytest.mark.slow
@settings(_FAST, max_examples=3000)
@given(tree=audiences)
def test_many_trees_choose_as_read(crowd: list[Customer], tree: Tree) -> None:
    chooses_as_read(crowd, tree)


def chooses_as_read(crowd: list[Customer], tree: Tree) -> None:
    assert audience_faults(tree) == []
    wanted = {customer.external_id for customer in crowd if inside(tree, customer, NOW)}
    found = Customer.objects.filter(audience_q(tree, now=NOW))
    assert set(found.values_list("external_id", flat=True)) == wanted
    behind = Consent.objects.filter(audience_q(tree, "customer__", now=NOW), channel="email")
    mailed = {customer.external_id for customer in crowd if customer.email_marketing}
    assert set(behind.values_list("customer__external_id", flat=True)) == wanted & mailed
    for language in ("en", "fr"):
        with translation.override(language):
            assert "%" not in audience_sentence(tree)
