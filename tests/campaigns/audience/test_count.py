"""Counting an audience: exactly, by an estimate that says so, and exactly again slice by slice."""

import pytest
from django.core.exceptions import ValidationError

from campaigns.audience import count
from campaigns.audience.count import Count, Progress, count_on, quick_count, sample_of
from campaigns.models import Customer
from tests import cast
from tests.campaigns.audience.conftest import NOW

BOUGHT = {"history": "orders", "is": "at_least", "value": 1}
FRENCH = {"field": "country", "is": "is", "value": "FR"}


@pytest.fixture
def many(db: None) -> None:
    cast.shop()
    people = Customer.objects.bulk_create(
        Customer(external_id=f"c-{n}", country="FR" if n % 4 else "CA", created_at=NOW) for n in range(400)
    )
    for person in people[::4]:
        cast.order(person, f"o-{person.external_id}", NOW)


def test_small_base_is_counted_exactly(many: None) -> None:
    assert quick_count(BOUGHT, NOW) == Count(100, 400, 100, 100)


def test_attributes_of_a_large_base_are_counted_exactly(many: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(count, "SMALL", 10)
    assert quick_count(FRENCH, NOW) == Count(300, 400, 300, 300)


def test_history_of_a_large_base_is_estimated_with_its_range(many: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(count, "SMALL", 10)
    monkeypatch.setattr(count, "SAMPLE", 200)
    found = quick_count(BOUGHT, NOW)
    assert (found.exact, found.sampled, found.of) == (False, 200, 400)
    assert found.low <= 100 <= found.high
    assert found == quick_count(BOUGHT, NOW)


def test_exact_count_goes_on_slice_by_slice(many: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(count, "_FIRST_SLICE", 50)
    progress, steps = Progress(), 0
    while not progress.done:
        progress, steps = count_on(BOUGHT, NOW, progress, seconds=1e-9), steps + 1
    assert (progress.found, progress.percent) == (100, 100)
    assert steps >= 8


def test_nobody_is_counted_in_an_empty_shop(db: None) -> None:
    assert quick_count(BOUGHT, NOW) == Count(0, 0, 0, 0)
    assert count_on(BOUGHT, NOW, Progress()) == Progress(0, 0, 0)
    assert Progress(0, 0, 0).done


def test_sample_is_of_the_audience(many: None) -> None:
    assert [person.external_id for person in sample_of(BOUGHT, NOW, 3)] == ["c-0", "c-100", "c-104"]


def test_bad_audience_is_refused(db: None) -> None:
    with pytest.raises(ValidationError):
        quick_count({"field": "x"}, NOW)
