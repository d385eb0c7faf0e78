"""Customers: whole or in part, older versions, the ledger of changes."""

from datetime import UTC, date, datetime

import pytest

from campaigns.address import address_key
from campaigns.models import Customer, CustomerChange
from tests.campaigns.ingest.conftest import NOW, customer, event, order, post

pytestmark = pytest.mark.usefixtures("rows")


def changes() -> list[tuple[str, object, object]]:
    return list(CustomerChange.objects.order_by("pk").values_list("field", "old", "new"))


def test_first_import_is_no_change(rows: None) -> None:
    post(order())
    assert post(customer(birth_date="1988-03-14", language="fr")) == ["updated"]
    row = Customer.objects.get()
    assert (row.birth_year, row.birth_day, row.birth_date_changed_on, row.created_at) == (1988, 314, None, NOW)
    assert changes() == []


def test_replaced_values_go_to_the_ledger(rows: None) -> None:
    post(customer(birth_date="1988-03-14", language="fr", email="claire@boutique.test"))
    post(customer(birth_date="1988-03-15", language="en", email="", updated_at="2026-02-10T23:30:00Z"))
    assert sorted(changes()) == [
        ("birth_date", "1988-03-14", "1988-03-15"),
        ("email", "claire@boutique.test", ""),
        ("language", "fr", "en"),
    ]
    # The civil day of the shop, in Paris.
    assert Customer.objects.get().birth_date_changed_on == date(2026, 2, 11)
    assert CustomerChange.objects.first().changed_at == datetime(2026, 2, 10, 23, 30, tzinfo=UTC)  # type: ignore[union-attr]


def test_year_added_to_a_birthday_is_no_new_birth_date(rows: None) -> None:
    post(customer(birth_date="--03-14"))
    post(customer(birth_date="1988-03-14"))
    assert Customer.objects.get().birth_date_changed_on is None


def test_birth_date_removed_counts_as_replaced_lest_it_return_as_another(rows: None) -> None:
    post(customer(birth_date="1988-03-14"))
    post(customer())
    post(customer(birth_date="1988-03-20"))
    assert Customer.objects.get().birth_date_changed_on == date(2026, 3, 1)


def test_older_version_changes_nothing(rows: None) -> None:
    post(customer(points=5, updated_at="2026-02-02T00:00:00Z"))
    assert post(customer(points=9, updated_at="2026-02-01T00:00:00Z")) == ["unchanged"]
    assert Customer.objects.get().points == 5
    assert post(customer(points=9, updated_at="2026-02-02T00:00:00Z")) == ["updated"]


def test_whole_customer_empties_what_is_left_out(rows: None) -> None:
    post(customer(first_name="Claire", tags=["a"], attributes={"b": 1}, email="claire@boutique.test"))
    post(customer(first_name="Claire"))
    row = Customer.objects.get()
    assert (row.first_name, row.tags, row.attributes, row.email, row.email_key) == ("Claire", [], {}, "", "")


def test_addresses_have_keys(rows: None) -> None:
    post(customer(email="claire@boutique.test", phone="+33639980001"))
    row = Customer.objects.get()
    assert (row.email_key, row.phone_key) == (address_key("claire@boutique.test"), address_key("+33639980001"))


def test_same_id_twice_behaves_as_one_after_the_other(rows: None) -> None:
    assert post(customer(language="fr"), customer(language="fr"), customer(language="en")) == [
        "created",
        "unchanged",
        "updated",
    ]
    assert changes() == [("language", "fr", "en")]


def test_totals_survive_an_update_of_the_profile(rows: None) -> None:
    post(order())
    post(customer(first_name="Claire"))
    assert Customer.objects.get().orders_count == 1


def test_refused_event_leaves_no_bare_customer(rows: None) -> None:
    post(event())
    assert post(event(customer="stranger")) == ["rejected"]
    assert list(Customer.objects.values_list("external_id", flat=True)) == ["c-1"]
