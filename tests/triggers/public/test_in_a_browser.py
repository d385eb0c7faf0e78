"""The unsubscribe page on a small phone, under the real content policy: it looks, works and complains of nothing."""

import os

import pytest
from playwright.sync_api import sync_playwright
from pytest_django.live_server_helper import LiveServer

from campaigns.models import Customer
from tests import cast
from tests.triggers.messages import sent
from triggers.links import unsubscribe_url

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_a_customer_leaves_with_one_tap(live_server: LiveServer) -> None:
    attempt = sent(cast.claire(language="en"))
    address = live_server.url + "/u/" + unsubscribe_url(attempt.delivery_id).rpartition("/")[2]
    complaints: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 320, "height": 568})
        page.on("console", lambda message: complaints.append(message.text))
        page.on("requestfailed", lambda request: complaints.append(request.url))
        page.goto(address)
        button = page.get_by_role("button", name="No longer write to me")
        box = button.bounding_box()
        wide = page.evaluate("document.documentElement.scrollWidth")
        colour = button.evaluate("element => getComputedStyle(element).backgroundColor")
        button.click()
        heading = page.get_by_role("heading").inner_text()
        cookies = page.context.cookies()
        browser.close()
    assert box is not None
    assert (box["height"] >= 44, wide, colour) == (True, 320, "rgb(47, 111, 94)")
    assert (heading, cookies, complaints) == ("It is done.", [], [])
    assert Customer.objects.get().email_marketing is False
