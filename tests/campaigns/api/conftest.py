"""A shop's HTTP client with a key, for the tests of the API."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from campaigns.api.authentication import make_key


class Api:
    """Sends JSON with a key."""

    def __init__(self, key: str) -> None:
        self.client = Client()
        self.headers = {"Authorization": f"Bearer {key}"}

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """Return the response to `body`, sent as JSON unless it is bytes."""
        raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        return self.client.generic(
            method, f"/api/v1/{path}", raw, content_type="application/json", headers=self.headers | headers
        )

    def get(self, path: str) -> Any:
        return self.send("GET", path)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.send("POST", path, body, **headers)

    def put(self, path: str, body: Any) -> Any:
        return self.send("PUT", path, body)

    def patch(self, path: str, body: Any) -> Any:
        return self.send("PATCH", path, body)


@pytest.fixture
def api(db: None) -> Api:
    """A client with every scope."""
    return Api(make_key("test", ["ingest", "read", "design", "run"])[1])


@pytest.fixture
def api_with(db: None) -> Callable[..., Api]:
    """Makes a client with some scopes."""
    return lambda *scopes: Api(make_key("test", scopes)[1])


def problem(response: Any) -> tuple[int, list[str]]:
    """Return the status and the paths of a problem, having checked its form."""
    assert response["Content-Type"] == "application/problem+json", (response.status_code, response.content)
    body = json.loads(response.content)
    assert set(body) == {"title", "status", "detail", "errors"}
    assert body["status"] == response.status_code
    return response.status_code, [error["path"] for error in body["errors"]]
