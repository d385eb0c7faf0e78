"""Every page of the studio answers 200 without breaking its policy; axe-core finds nothing on the main ones."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Server, sign_in

AXE: Final = (Path(__file__).parent / "vendor" / "axe" / "axe.min.js").read_text(encoding="utf-8")
# WCAG 2.2 AA, and what axe counts as best practice.
RULES: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# Fills the shop with one of everything, beside the server.
FILL: Final = """
from datetime import UTC, datetime, timedelta
from campaigns import clock
from campaigns.models import *
from tests import cast
from triggers.dispatch import dispatch
from triggers.models import Circuit
from triggers.planner import plan
now = clock.now()
cast.shop()
buyer, other = cast.customer("page-1", first_name="Ana", phone="+33639980077"), cast.customer("page-2", email="")
cast.tier("page-gold")
line = {"sku": "T", "name": "Thé", "category": "tea", "quantity": 2, "unit_price": "29.95"}
cast.order(buyer, "page-o1", now - timedelta(hours=2), lines=[line])
cast.order(other, "page-o2", now - timedelta(hours=2))
Event.objects.create(external_id="page-e", customer=buyer, name="view_item", occurred_at=now, recorded_at=now)
Answer.objects.create(external_id="page-a", customer=buyer, score=9, comment="Oui", answered_at=now, recorded_at=now)
KeyEvent.objects.create(name="view_item")
ReferralCode.objects.create(code="ANA10", customer=buyer)
Product.objects.create(sku="T", names={"fr": "Thé"})
Spend.objects.create(week="2026-01-05", channel="search", amount=12300)
Suppression.objects.create(channel="email", address_key="0" * 32, reason="bounced", created_at=now)
CustomerChange.objects.create(customer=buyer, field="language", old="fr", new="en", changed_at=now)
always = {"shop": Shop.get(), "opens": "00:00", "closes": "23:59", "weekdays": "1234567", "closed_on_holidays": False}
PermittedHours.objects.update_or_create(channel="sms", defaults=always)
for slug, channels in (("page-mail", ("email",)), ("page-sms", ("sms",))):
    cast.live_campaign(
        "post_purchase", {"anchor": "placed"}, slug=slug, launched_at=now - timedelta(days=1), channels=channels
    )
plan(now)
dispatch(now)
from tests.triggers.messages import sent
for state in ("unknown", "unconfirmed", "quarantined"):
    sent(buyer, state=state, outcome="unknown", key=f"needs:{state}")
Circuit.objects.create(provider="sendgrid", open_until=now, cause="settings", detail="401 the key was withdrawn")
"""
LISTS: Final = (
    "campaigns/customer",
    "campaigns/order",
    "campaigns/event",
    "campaigns/answer",
    "campaigns/consent",
    "campaigns/suppression",
    "campaigns/journeymoment",
    "campaigns/gesturetemplate",
    "campaigns/campaign",
    "campaigns/tier",
    "campaigns/product",
    "campaigns/keyevent",
    "campaigns/spend",
    "campaigns/referralcode",
    "campaigns/apikey",
    "triggers/occasion",
    "triggers/delivery",
    "triggers/trialmessage",
    "auth/user",
    "auth/group",
)
MAIN: Final = (
    "",
    "campaigns/customer/",
    "campaigns/journeymoment/add/",
    "campaigns/gesturetemplate/add/",
    "campaigns/campaign/add/",
    "campaigns/shop/1/change/",
    "triggers/occasion/",
    "triggers/delivery/outbox/",
    "triggers/delivery/needs-a-person/",
    "reports/",
    "reports/nps",
    "reports/shop",
    "reports/funnel",
    "reports/signals",
    "reports/bilan",
    "reports/programme",
    "reports/digest",
    "reports/page-mail/signs",
    "campaigns/spend/import/",
)


@pytest.fixture(scope="module", autouse=True)
def filled(server: Server) -> None:
    """One of everything."""
    server.shell(FILL)


def opened(page: Page, path: str) -> None:
    answer = page.goto(f"/studio/{path}")
    assert answer is not None
    assert answer.status == 200, path


def faults(page: Page) -> list[str]:
    """Return what axe says of the page in front, once it is whole: the rule and where."""
    page.wait_for_load_state()
    page.evaluate(AXE)
    found: dict[str, Any] = page.evaluate(f"axe.run(document, {{runOnly: {json.dumps(RULES)}, iframes: false}})")
    return [f"{fault['id']}: {node['html'][:160]}" for fault in found["violations"] for node in fault["nodes"]]


def first_rows(page: Page) -> Iterator[str]:
    """Yield the address of the first row of the list in front, if there is one."""
    link = page.locator("#result_list tbody th a, #result_list tbody td a").first
    if link.count():
        yield str(link.get_attribute("href")).removeprefix("/studio/")


def test_every_list_and_form_answers_without_a_breach(signed_in: Page) -> None:
    forms: list[str] = []
    for name in LISTS:
        opened(signed_in, f"{name}/")
        forms += first_rows(signed_in)
        add = signed_in.locator(".object-tools .addlink")
        if add.count():
            forms.append(str(add.get_attribute("href")).removeprefix("/studio/"))
    assert len(forms) >= 25
    for path in forms:
        opened(signed_in, path)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_main_pages_have_no_axe_violation(page: Page, language: str) -> None:
    sign_in(page, language)
    found = {}
    for path in (*MAIN, *own_pages(page)):
        opened(page, path)
        if faults_here := faults(page):
            found[path] = faults_here
    assert found == {}


def own_pages(page: Page) -> list[str]:
    """Return the pages of the newest customer, campaign and delivery, and of the campaign's report."""
    pages: list[str] = []
    for name in ("campaigns/customer", "campaigns/campaign", "triggers/delivery"):
        opened(page, f"{name}/")
        pages += first_rows(page)
    opened(page, pages[1])
    report = page.locator('.tabs a[href*="/reports/"]:not([href$="/plan"])').get_attribute("href")
    return [*pages, str(report).removeprefix("/studio/")]


def test_main_pages_fit_a_phone_without_scrolling_sideways(signed_in: Page) -> None:
    signed_in.set_viewport_size({"width": 390, "height": 844})
    too_wide = {}
    for path in (*MAIN, *own_pages(signed_in)):
        opened(signed_in, path)
        width = signed_in.evaluate("document.documentElement.scrollWidth")
        if width > 390:
            too_wide[path] = width
    assert too_wide == {}


def test_sign_in_page_has_no_axe_violation(page: Page) -> None:
    opened(page, "login/")
    assert faults(page) == []


def test_menu_opens_on_a_phone_by_keyboard(signed_in: Page) -> None:
    signed_in.set_viewport_size({"width": 390, "height": 844})
    opened(signed_in, "")
    assert not signed_in.locator(".studio-nav").is_visible()
    signed_in.locator(".menu-button").focus()
    signed_in.keyboard.press("Enter")
    expect(signed_in.locator(".studio-nav")).to_be_visible()
    expect(signed_in.locator(".menu-button")).to_have_attribute("aria-expanded", "true")


def test_all_sending_stops_and_resumes_from_any_page(signed_in: Page) -> None:
    opened(signed_in, "campaigns/order/")
    stopped = signed_in.locator(".studio-top .pill.bad")
    signed_in.click('button[name="stopped"][value="1"]')
    expect(stopped).to_be_visible()
    assert signed_in.url.endswith("/studio/campaigns/order/")
    signed_in.click('button[name="stopped"][value="0"]')
    expect(stopped).to_have_count(0)
