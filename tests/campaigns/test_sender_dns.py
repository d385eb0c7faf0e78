"""SPF, DKIM and DMARC of the senders' domains, asked of a real name server on loopback."""

from collections.abc import Iterator
from typing import Any

import pytest

from campaigns import sender_dns
from campaigns.launch_problems import launch_problems
from tests import cast
from tests.providers.dns import name_server

GOOD = {
    "maison-the.test": "v=spf1 include:sendgrid.net ~all",
    "s1._domainkey.maison-the.test": "k=rsa; t=s; p=MIGfMA0",
    "_dmarc.maison-the.test": "v=DMARC1; p=none",
}


@pytest.fixture(autouse=True)
def nothing_known() -> Iterator[None]:
    sender_dns._known.clear()
    yield
    sender_dns._known.clear()


def found(settings: Any, records: dict[str, str], *addresses: str) -> list[str]:
    with name_server(records) as server:
        settings.DNS_SERVER = server
        return sender_dns.dns_problems(addresses or ("bonjour@maison-the.test",))


def test_sound_domain_has_no_problems(settings: Any) -> None:
    assert found(settings, GOOD) == []


@pytest.mark.parametrize(
    ("missing", "problem"),
    [
        ("maison-the.test", "has no SPF record"),
        ("s1._domainkey.maison-the.test", "has no DKIM key under s1, s2"),
        ("_dmarc.maison-the.test", "has no DMARC record"),
    ],
)
def test_each_missing_record_is_named(settings: Any, missing: str, problem: str) -> None:
    (told,) = found(settings, {name: text for name, text in GOOD.items() if name != missing})
    assert problem in told


def test_policy_of_the_parent_domain_counts(settings: Any) -> None:
    sub = {name.replace("maison", "news.maison", 1): text for name, text in GOOD.items() if "dmarc" not in name}
    policy = {"_dmarc.maison-the.test": "v=DMARC1; p=reject"}
    assert found(settings, sub | policy, "bonjour@news.maison-the.test") == []


def test_revoked_key_is_none(settings: Any) -> None:
    (told,) = found(settings, GOOD | {"s1._domainkey.maison-the.test": "v=DKIM1; p="})
    assert "DKIM" in told


def test_selectors_can_be_named(settings: Any) -> None:
    settings.DKIM_SELECTORS = ["mail"]
    assert len(found(settings, GOOD)) == 1
    assert found(settings, GOOD | {"mail._domainkey.maison-the.test": "v=DKIM1; p=MIGf"}) == []


def test_silent_dns_is_told_apart(settings: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(sender_dns, "SECONDS", 0.2)
    settings.DNS_SERVER = "127.0.0.1:9"
    assert sender_dns.dns_problems(["bonjour@maison-the.test"]) == [
        "The DNS did not answer about maison-the.test: try again in a moment."
    ]


def test_what_is_well_is_not_asked_again(settings: Any) -> None:
    assert found(settings, GOOD) == []
    assert found(settings, {}) == []


@pytest.mark.django_db
def test_launch_of_an_email_campaign_waits_for_the_dns(settings: Any) -> None:
    campaign = cast.live_campaign()
    assert launch_problems(campaign) == []
    settings.CHECK_SENDER_DNS = True
    with name_server(GOOD | {"maison-the.test": "hello"}) as server:
        settings.DNS_SERVER = server
        (problem,) = launch_problems(campaign)
    assert problem == "maison-the.test has no SPF record: add the TXT record your provider names."
