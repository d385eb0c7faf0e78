"""Keys, scopes, rates and idempotency of the API."""

from collections.abc import Callable
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from campaigns.api.authentication import make_key
from campaigns.models import ApiKey, Event, IdempotentRequest
from tests.campaigns.api.conftest import Api, problem

EVENT = {"id": "e-1", "anonymous_id": "v-1", "name": "page_view", "occurred_at": "2025-02-01T09:20:00+01:00"}


def test_without_a_key_everything_is_401(db: None) -> None:
    for method, path in [
        ("GET", "customers/c"),
        ("POST", "batch"),
        ("GET", "campaigns"),
        ("POST", "campaigns/x/launch"),
    ]:
        response = Client().generic(method, f"/api/v1/{path}", b"{}", content_type="application/json")
        assert problem(response) == (401, [])
        assert response["WWW-Authenticate"] == 'Bearer realm="microattentions"'


@pytest.mark.parametrize("change", ["revoked_at", "expires_at"])
def test_dead_key_is_401(db: None, change: str) -> None:
    row, key = make_key("old", ["read"])
    setattr(row, change, timezone.now() - timedelta(seconds=1))
    row.save()
    assert problem(Api(key).get("campaigns")) == (401, [])


def test_wrong_key_is_401(db: None) -> None:
    _row, key = make_key("shop", ["read"])
    assert problem(Api(key[:-1] + "é").get("campaigns")) == (401, [])


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("GET", "campaigns", "read"),
        ("GET", "orders/o", "read"),
        ("PUT", "orders/o", "ingest"),
        ("POST", "batch", "ingest"),
        ("POST", "moments", "design"),
        ("PATCH", "campaigns/x", "design"),
        ("POST", "campaigns/x/approve", "run"),
        ("POST", "campaigns/x/submit", "design"),
    ],
)
def test_scope_matrix(api_with: Callable[..., Api], method: str, path: str, scope: str) -> None:
    others = [other for other in ApiKey.Scope.values if other != scope]
    assert problem(api_with(*others).send(method, path, {})) == (403, [])
    assert api_with(scope).send(method, path, {}).status_code not in (401, 403)


def test_key_is_stored_as_a_hash_and_its_use_noted_once_a_minute(db: None) -> None:
    row, key = make_key("shop", ["read"])
    assert key not in str(ApiKey.objects.values().get())
    Api(key).get("campaigns")
    row.refresh_from_db()
    first = row.last_used_at
    assert first is not None
    Api(key).get("campaigns")
    row.refresh_from_db()
    assert row.last_used_at == first


def test_create_api_key_prints_the_key_alone_on_its_last_line(db: None) -> None:
    out = StringIO()
    call_command("create_api_key", "shop", "--scopes", "ingest,read", stdout=out)
    key = out.getvalue().splitlines()[-1]
    assert Api(key).get("campaigns").status_code == 200
    with pytest.raises(CommandError):
        call_command("create_api_key", "shop", "--scopes", "everything")


def test_unknown_address_method_and_media_type_are_problems(api: Api) -> None:
    assert problem(api.get("nothing")) == (404, [])
    assert problem(api.post("nothing/at/all", {})) == (404, [])
    response = api.send("DELETE", "batch")
    assert problem(response) == (405, [])
    form = api.client.post("/api/v1/batch", {"a": 1}, headers=api.headers)
    assert problem(form) == (415, [])
    accept = api.client.get("/api/v1/campaigns", headers=api.headers | {"Accept": "text/csv"})
    assert problem(accept) == (406, [])


def test_same_idempotency_key_replays(api: Api) -> None:
    first = api.post("events", EVENT, **{"Idempotency-Key": "k-1"})
    again = api.post("events", EVENT, **{"Idempotency-Key": "k-1"})
    assert (first.status_code, first.json()) == (again.status_code, again.json()) == (201, first.json())
    assert again["Idempotency-Replayed"] == "true"
    assert Event.objects.count() == 1


def test_idempotency_key_with_another_body_is_422(api: Api) -> None:
    api.post("events", EVENT, **{"Idempotency-Key": "k-1"})
    assert problem(api.post("events", EVENT | {"id": "e-2"}, **{"Idempotency-Key": "k-1"})) == (422, [])
    assert Event.objects.count() == 1


def test_idempotency_key_of_a_running_request_is_409_until_its_lease_ends(api: Api) -> None:
    api.post("events", EVENT, **{"Idempotency-Key": "k-1"})
    IdempotentRequest.objects.update(status=0)
    response = api.post("events", EVENT, **{"Idempotency-Key": "k-1"})
    assert problem(response) == (409, [])
    assert response["Retry-After"] == "1"
    IdempotentRequest.objects.update(created_at=timezone.now() - timedelta(minutes=2))
    assert api.post("events", EVENT, **{"Idempotency-Key": "k-1"}).status_code == 200


def test_refused_request_leaves_its_idempotency_key_free(api: Api) -> None:
    assert problem(api.post("events", {"id": "e-1"}, **{"Idempotency-Key": "k-1"}))[0] == 400
    assert api.post("events", EVENT, **{"Idempotency-Key": "k-1"}).status_code == 201


def test_keys_of_two_shops_do_not_meet(api: Api, api_with: Callable[..., Api]) -> None:
    api.post("events", EVENT, **{"Idempotency-Key": "k-1"})
    assert api_with("ingest").post("events", EVENT | {"id": "e-2"}, **{"Idempotency-Key": "k-1"}).status_code == 201


def test_bad_idempotency_key_is_a_fault(api: Api) -> None:
    assert problem(api.post("events", EVENT, **{"Idempotency-Key": "x" * 201})) == (400, ["Idempotency-Key"])


def test_rate_limit_says_when_to_come_back(api: Api, settings: pytest.FixtureRequest) -> None:
    settings.API_REQUESTS_A_MINUTE = 2  # type: ignore[attr-defined]
    answers = [api.get("campaigns") for _ in range(5)]
    limited = [answer for answer in answers if answer.status_code == 429]
    assert len(limited) >= 1
    assert problem(limited[0]) == (429, [])
    assert 1 <= int(limited[0]["Retry-After"]) <= 61
