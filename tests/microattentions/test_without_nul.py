"""A NUL in the address is a bad request, on the studio's pages and the public ones."""

import pytest
from django.test import Client


@pytest.mark.parametrize("address", ["/studio/analytics/nps", "/studio/campaigns/customer/"])
def test_address_with_a_nul_is_a_bad_request(marie: Client, address: str) -> None:
    assert marie.get(address, {"survey": "a\0b", "q": "\0"}).status_code == 400
