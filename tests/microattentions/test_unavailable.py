"""While the database is away every page says 503 and when to come back; any other fault stays a 500."""

from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.urls import path

from microattentions import urls


def broken(_request: Any) -> HttpResponse:
    raise ZeroDivisionError


handler500 = urls.handler500
urlpatterns = [*urls.urlpatterns, path("broken", broken)]


@pytest.fixture
def away(settings: Any) -> Any:
    """A database that refuses connections."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite is never out of reach")
    connection.close()
    known = connection.settings_dict["PORT"]
    connection.settings_dict["PORT"] = "1"
    yield
    connection.close()
    connection.settings_dict["PORT"] = known


@pytest.mark.django_db(transaction=True)
def test_page_that_needs_the_database_is_503(marie: Client, away: Any) -> None:
    marie.raise_request_exception = False
    answer = marie.get("/studio/")
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")


@pytest.mark.urls("tests.microattentions.test_unavailable")
def test_fault_of_ours_stays_a_500() -> None:
    assert Client(raise_request_exception=False).get("/broken").status_code == 500
