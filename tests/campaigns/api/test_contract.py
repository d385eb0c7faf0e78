"""schemathesis over the OpenAPI: no answer of 5xx, no status and no shape that the contract does not name."""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from campaigns.api.authentication import make_key
from microattentions.wsgi import application
from tests.campaigns.api.conftest import Api
from tests.campaigns.api.test_designs import CAMPAIGN, GESTURE, MOMENT
from tests.cast import shop

pytestmark = [pytest.mark.slow, pytest.mark.django_db]

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", application)


@pytest.fixture(autouse=True)
def open_connection() -> Iterator[None]:
    """A request through WSGI would close the connection that holds the test's transaction."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture(autouse=True)
def key(db: None) -> str:
    shop()
    api = Api(make_key("maker", ["design"])[1])
    for path, body in (("moments", MOMENT), ("gestures", GESTURE), ("campaigns", CAMPAIGN)):
        assert api.post(
            path, body | {"slug": "care"} | ({"moment": "care", "gesture": "care"} if path[0] == "c" else {})
        )
    return make_key("schemathesis", ["ingest", "read", "design", "run"])[1]


@schema.parametrize()
@settings(
    max_examples=10,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_contract(case: Any, key: str) -> None:
    # Half of the calls meet something that exists.
    if case.path_parameters and len(case.path_parameters.get("slug", "")) % 2 == 0 and "slug" in case.path_parameters:
        case.path_parameters["slug"] = "care"
    case.call_and_validate(headers={"Authorization": f"Bearer {key}"}, checks=CHECKS)
