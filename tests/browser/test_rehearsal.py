"""A marketer builds an audience, rehearses, and reads why one customer got nothing, in English and in French."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Server, sign_in
from tests.browser.test_every_page import faults, opened

SHOP = """
from datetime import timedelta
from campaigns import clock
from tests import cast
now = clock.now()
cast.shop()
claire, malik = cast.claire(), cast.malik(email_marketing=False)
for number in range(3):
    cast.order(claire, f"c-{number}", now - timedelta(days=2 * number + 1))
cast.order(malik, "m-1", now - timedelta(days=6))
cast.live_campaign("post_purchase", {"anchor": "placed"}, slug="thanks", launched_at=None, status="draft", name="Merci")
"""
RUN = "from triggers.rehearsal import queue; queue.run_waiting()"


@pytest.fixture(scope="module", autouse=True)
def thanks(server: Server) -> None:
    """A draft that thanks for orders, and four orders of the past."""
    server.shell(SHOP)


def campaign_address(page: Page) -> str:
    opened(page, "campaigns/campaign/")
    return str(page.locator("#result_list a", has_text="Merci").first.get_attribute("href"))


def test_audience_is_said_and_counted_while_it_is_edited(signed_in: Page) -> None:
    signed_in.goto(campaign_address(signed_in) + "change/")
    told = signed_in.locator(".audience-told")
    expect(told).to_contain_text("of 2 customers")
    signed_in.select_option('select[name="audience__ask"]', "country|is")
    signed_in.fill('input[name="audience__value"]', "FR")
    expect(told).to_contain_text("Has the country FR")
    expect(told).to_contain_text("A pour pays FR")
    expect(told.locator(".audience-count b")).to_have_text("1")
    expect(told).to_contain_text("Claire Petit")
    assert faults(signed_in) == []


@pytest.mark.parametrize(
    ("language", "rehearse", "cancelled", "skipped", "why"),
    [
        ("en", "Rehearse", "cancelled", "No consent", "The campaign does not run."),
        ("fr", "Lancer la répétition", "annulée", "Pas de consentement", "La campagne n’est pas en cours."),
    ],
)
def test_campaign_is_rehearsed_and_says_why_not(
    server: Server, page: Page, language: str, rehearse: str, cancelled: str, skipped: str, why: str
) -> None:
    server.shell("from triggers.models import Rehearsal; Rehearsal.objects.all().delete()")
    sign_in(page, language)
    page.goto(campaign_address(page))
    page.locator(".tabs a[href*='rehearsal']").click()
    page.select_option("#rehearsal-days", "7")
    page.get_by_role("button", name=rehearse).click()
    expect(page.locator("#rehearsal-progress progress")).to_be_visible()
    assert faults(page) == []
    page.locator("#rehearsal-progress button").click()
    expect(page.locator("#content")).to_contain_text(cancelled)
    page.select_option("#rehearsal-days", "7")
    page.get_by_role("button", name=rehearse).click()
    expect(page.locator("#rehearsal-progress progress")).to_be_visible()
    server.shell(RUN)
    # The page polls, and loads itself anew once it is done.
    expect(page.locator(".figures .figure dd").first).to_contain_text("3")
    expect(page.locator(".list.bars")).to_contain_text(skipped)
    expect(page.locator("#rehearsal-chart canvas")).to_be_visible()
    page.locator("details.rehearsed summary").first.click()
    expect(page.locator("details.rehearsed iframe").first).to_be_visible()
    assert faults(page) == []
    opened(page, "campaigns/customer/")
    with page.expect_navigation():
        page.get_by_role("link", name="Malik Tremblay").click()
    assert faults(page) == []
    page.locator("#why-campaign").select_option(label="Merci")
    page.locator("form:has(#why-campaign) button").click()
    expect(page.locator("#verdict")).to_have_text(why)
    expect(page.locator("table.data")).to_contain_text(skipped)
    assert faults(page) == []


def test_rehearsal_and_reasons_fit_a_phone(server: Server, signed_in: Page) -> None:
    signed_in.set_viewport_size({"width": 390, "height": 844})
    signed_in.goto(campaign_address(signed_in))
    with signed_in.expect_navigation():
        signed_in.locator(".tabs a[href*='rehearsal']").click()
    assert signed_in.evaluate("document.documentElement.scrollWidth") <= 390
    opened(signed_in, "campaigns/customer/")
    signed_in.get_by_role("link", name="Malik Tremblay").click()
    signed_in.locator("form:has(#why-campaign) button").click()
    signed_in.wait_for_url("**campaign=*")
    assert signed_in.evaluate("document.documentElement.scrollWidth") <= 390
