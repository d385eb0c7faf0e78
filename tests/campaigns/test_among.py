"""`__among` finds what is named, whatever signs the names hold, on either database."""

import pytest

from campaigns.models import Customer
from tests import cast

NAMES = ('say "tea"', "back\\slash", "a,b", "{braces}", "NULL", "null", "it's", "é\n", " ", "%s")


@pytest.mark.django_db
def test_texts_with_every_sign_an_array_knows_are_found() -> None:
    for name in NAMES:
        cast.customer(name)
    cast.customer("somebody else")
    assert set(Customer.objects.filter(external_id__among=set(NAMES)).values_list("external_id", flat=True)) == set(
        NAMES
    )


@pytest.mark.django_db
def test_whole_numbers_are_found_and_none_among_none() -> None:
    claire, malik = cast.claire(), cast.malik()
    assert set(Customer.objects.filter(pk__among={claire.pk, -1})) == {claire}
    assert set(Customer.objects.filter(pk__among=set())) == set()
    assert set(Customer.objects.exclude(pk__among={claire.pk})) == {malik}
    assert set(Customer.objects.filter(pk__among={claire.pk, None})) == {claire}
