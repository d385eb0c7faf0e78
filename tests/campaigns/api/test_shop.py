"""The shop's settings by API: read whole, changed in part, lists replaced, every fault with its path."""

from collections.abc import Callable
from datetime import date, time
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from campaigns.models import AuditEntry, BlackoutDay, ChannelCap, PermittedHours, Sender, Shop
from tests import cast
from tests.campaigns.api.conftest import Api, problem

MARIE = {
    "language": "fr",
    "email_name": "Marie, de la Maison Thé",
    "email_address": "marie@maison-the.test",
    "reply_to": "bonjour@maison-the.test",
    "sms_from": "+33939980000",
    "farewell": "Merci.\nBonne route !",
}
HOURS = {"channel": "sms", "opens": "09:30", "closes": "20:00", "weekdays": "12345", "closed_on_holidays": False}
CAPS = {"channel": "sms", "daily": 1, "weekly": 1, "monthly": 2, "commercial": 1}
CHRISTMAS = {"day": "2026-12-25", "label": "Noël"}
LISTS: dict[str, Any] = {
    "senders": [MARIE],
    "permitted_hours": [HOURS],
    "channel_caps": [CAPS],
    "blackout_days": [CHRISTMAS],
}


def audited() -> list[tuple[str, Any]]:
    return list(AuditEntry.objects.filter(kind="shop").order_by("pk").values_list("actor", "detail"))


def test_new_shop_reads_as_it_was_made(api: Api) -> None:
    shop = api.get("shop").json()
    assert (shop["name"], shop["currency"], shop["sms_price"], shop["senders"]) == ("My shop", "EUR", "0.08", [])
    hours = {"channel": "sms", "opens": "08:00", "closes": "20:00", "weekdays": "123456", "closed_on_holidays": True}
    assert shop["permitted_hours"] == [hours]
    assert not {"sending_stopped", "stopped_channels"} & shop.keys()


def test_given_fields_are_changed_and_noted_and_the_others_stay(api: Api) -> None:
    cast.shop()
    before = api.get("shop").json()
    change = {"name": "Maison Thé & Cie", "daily_cap": 2, "leap_day": "03-01", "sms_daily_budget": "12.34"}
    response = api.patch("shop", change | {"weekly_cap": before["weekly_cap"]})
    assert (response.status_code, response.json()) == (200, before | change)
    assert api.get("shop").json() == before | change
    assert Shop.get().sms_daily_budget == 1234
    ((actor, detail),) = audited()
    assert (actor, sorted(detail["fields"])) == ("API: test", sorted(change))


def test_what_was_read_can_be_sent_back_and_changes_nothing(api: Api) -> None:
    cast.shop()
    api.patch("shop", LISTS)
    whole = api.get("shop").json()
    rows = [list(model.objects.all()) for model in (Sender, PermittedHours, ChannelCap, BlackoutDay)]
    assert api.patch("shop", whole).json() == whole
    assert rows == [list(model.objects.all()) for model in (Sender, PermittedHours, ChannelCap, BlackoutDay)]
    assert len(audited()) == 1


def test_lists_replace_what_is_stored(api: Api) -> None:
    cast.shop()
    api.patch("shop", {"channel_caps": [CAPS, CAPS | {"channel": "email"}], "blackout_days": [{"day": "2026-05-01"}]})
    assert {name: rows for name, rows in api.patch("shop", LISTS).json().items() if name in LISTS} == LISTS
    (sender,) = Sender.objects.all()
    assert (sender.language, sender.farewell) == ("fr", "Merci.\nBonne route !")
    (hours,) = PermittedHours.objects.all()
    assert (hours.opens, hours.closes, hours.weekdays) == (time(9, 30), time(20), "12345")
    assert list(BlackoutDay.objects.values_list("day", "label")) == [(date(2026, 12, 25), "Noël")]
    assert api.patch("shop", {name: [] for name in LISTS}).json()["senders"] == []
    assert not Sender.objects.exists()


@pytest.mark.parametrize(
    ("change", "faults"),
    [
        ({"colour": "red"}, ["colour"]),
        ({"sending_stopped": True}, ["sending_stopped"]),
        ({"name": ""}, ["name"]),
        ({"name": None}, ["name"]),
        ({"name": "Maison\nThé"}, ["name"]),
        ({"name": "\0"}, ["name"]),
        ({"website": "javascript:alert(1)"}, ["website"]),
        ({"country": ""}, ["country"]),
        ({"country": "XX"}, ["country"]),
        ({"timezone": "Paris"}, ["timezone"]),
        ({"timezone": ""}, ["timezone"]),
        ({"language": "français"}, ["language"]),
        ({"language": ""}, ["language"]),
        ({"daily_cap": "1"}, ["daily_cap"]),
        ({"daily_cap": True}, ["daily_cap"]),
        ({"daily_cap": 0, "weekly_cap": 71}, ["daily_cap", "weekly_cap"]),
        ({"leap_day": "02-29"}, ["leap_day"]),
        ({"sms_price": "0.081"}, ["sms_price"]),
        ({"sms_price": 0.08}, ["sms_price"]),
        ({"sms_price": "99999999", "website": "x"}, ["sms_price", "website"]),
        ({"senders": [MARIE, MARIE | {"language": "FR"}]}, ["senders.1.language"]),
        ({"senders": [MARIE | {"language": ""}]}, ["senders.0.language"]),
        ({"senders": [MARIE | {"email_name": "Marie\r\nBcc: all@maison-the.test"}]}, ["senders.0.email_name"]),
        ({"senders": [MARIE | {"email_address": ""}]}, ["senders.0.email_address"]),
        ({"senders": [MARIE | {"farewell": "x" * 501}]}, ["senders.0.farewell"]),
        ({"senders": [MARIE | {"colour": "red"}]}, ["senders.0.colour"]),
        ({"permitted_hours": [HOURS, HOURS]}, ["permitted_hours.1.channel"]),
        ({"permitted_hours": [HOURS | {"closes": "09:30"}]}, ["permitted_hours.0.closes"]),
        ({"permitted_hours": [HOURS | {"opens": "25:00"}]}, ["permitted_hours.0.opens"]),
        ({"permitted_hours": [HOURS | {"weekdays": "0"}]}, ["permitted_hours.0.weekdays"]),
        ({"permitted_hours": [HOURS | {"weekdays": ""}]}, ["permitted_hours.0.weekdays"]),
        ({"channel_caps": [CAPS | {"daily": 0}]}, ["channel_caps.0.daily"]),
        ({"channel_caps": [CAPS | {"channel": "fax"}]}, ["channel_caps.0.channel"]),
        ({"blackout_days": [CHRISTMAS, CHRISTMAS]}, ["blackout_days.1.day"]),
        ({"blackout_days": [{"day": "2026-02-30"}]}, ["blackout_days.0.day"]),
    ],
)
def test_faults_have_paths_and_nothing_is_stored(api: Api, change: dict[str, Any], faults: list[str]) -> None:
    cast.shop()
    before = api.get("shop").json()
    good = {"postal_address": "2 rue du Thé", "monthly_cap": 7, "blackout_days": [{"day": "2026-11-11"}]}
    assert problem(api.patch("shop", good | change)) == (400, faults)
    assert api.get("shop").json() == before
    assert audited() == []


@pytest.mark.parametrize("body", [None, [], 1, b"{"])
def test_body_that_is_no_object_is_refused(api: Api, body: Any) -> None:
    assert problem(api.patch("shop", body)) == (400, [""])


def test_currency_is_only_read(api: Api) -> None:
    cast.shop()
    assert problem(api.patch("shop", {"currency": "CHF", "name": "Maison Tee"})) == (409, ["currency"])
    assert api.patch("shop", {"currency": "EUR"}).status_code == 200
    assert (Shop.get().currency, Shop.get().name) == ("EUR", "Maison Thé")


def test_what_the_studio_stored_otherwise_does_not_stand_in_the_way(api: Api) -> None:
    shop = cast.shop(timezone="Mars/Olympus", country="XX")
    PermittedHours.objects.create(shop=shop, channel="sms", opens="08:00:30", closes="20:00", weekdays="61")
    response = api.patch("shop", {"name": "Maison Thé II"})
    assert response.status_code == 200
    assert [(hours["opens"], hours["weekdays"]) for hours in response.json()["permitted_hours"]] == [("08:00:30", "16")]


def test_change_leaves_the_stop_switches_alone(api: Api) -> None:
    cast.shop(sending_stopped=True, stopped_channels=["sms"])
    with CaptureQueriesContext(connection) as asked:
        api.patch("shop", {"name": "Maison Thé II"})
    writes = [query["sql"] for query in asked if query["sql"].startswith('UPDATE "campaigns_shop"')]
    assert [("name" in sql, "stopped" in sql) for sql in writes] == [(True, False)]
    assert (Shop.get().sending_stopped, Shop.get().stopped_channels) == (True, ["sms"])


def test_settings_need_their_scopes(api_with: Callable[..., Api]) -> None:
    assert problem(api_with("ingest", "run").get("shop")) == (403, [])
    assert problem(api_with("read", "design").patch("shop", {"name": "x"})) == (403, [])
