"""The audit log: written by one verb, and changed by nobody, whoever holds the database."""

import pytest
from django.db import DatabaseError, transaction
from django.test import Client

from campaigns import audit
from campaigns.models import AuditEntry, Tier
from tests import cast
from tests.campaigns.api.conftest import Api, api  # noqa: F401 - a fixture
from tests.campaigns.api.test_designs import designed  # noqa: F401 - a fixture

NOW = cast.at("2026-03-14 12:00")
Action = AuditEntry.Action


def told() -> list[tuple[str, str, str]]:
    return list(AuditEntry.objects.order_by("pk").values_list("actor", "action", "subject"))


@pytest.mark.django_db
def test_update_and_delete_of_an_entry_fail_in_the_database() -> None:
    audit.note(Action.LAUNCHED, cast.live_campaign(slug="care"), by="marie", now=NOW)
    for change in (
        lambda: AuditEntry.objects.update(actor="paul"),
        lambda: AuditEntry.objects.all().delete(),
        lambda: AuditEntry.objects.all()._raw_delete("default"),
    ):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            change()
    assert told() == [("marie", "launched", "care")]


def test_api_and_studio_note_who_designed_what(designed: Api, marie: Client) -> None:  # noqa: F811
    designed.patch("campaigns/care", {"priority": 3})
    designed.patch("campaigns/care", {"priority": 3})
    assert told()[-2:] == [("API: test", "created", "Care"), ("API: test", "edited", "Care")]
    assert AuditEntry.objects.first().detail == {"fields": ["priority"]}  # type: ignore[union-attr]
    tier = {"name": "Or", "slug": "or", "basis": "orders", "period": "ever", "threshold": 3, "rank": 1}
    marie.post("/studio/campaigns/tier/add/", tier)
    gold = Tier.objects.get()
    marie.post(f"/studio/campaigns/tier/{gold.pk}/change/", tier | {"rank": 2})
    marie.post(f"/studio/campaigns/tier/{gold.pk}/delete/", {"post": "yes"})
    assert told()[-3:] == [("marie", "created", "Or"), ("marie", "edited", "Or"), ("marie", "deleted", "Or")]
    page = marie.get("/studio/campaigns/auditentry/").content.decode()
    assert "API: test" in page
    assert "marie" in page
