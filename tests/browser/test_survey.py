"""A customer answers from a phone: the score that the message chose, by mouse or keyboard, without an axe fault."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Server
from tests.browser.test_every_page import faults

ASKED = """
from tests import cast
from tests.triggers.messages import sent
from triggers.links import survey_url
print(survey_url(sent(cast.customer("asked-{language}", language="{language}")).delivery_id))
"""


@pytest.mark.parametrize(("language", "thanks"), [("en", "Thank you."), ("fr", "Merci.")])
def test_one_click_in_the_message_and_one_on_the_page(server: Server, page: Page, language: str, thanks: str) -> None:
    address = server.shell(ASKED.format(language=language)).strip().splitlines()[-1]
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{address}/8")
    expect(page.locator("input:checked")).to_have_value("8")
    assert faults(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.locator("input:checked").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("input:checked")).to_have_value("9")
    page.locator("button").click()
    expect(page.locator("h1")).to_have_text(thanks)
    assert faults(page) == []
    told = server.shell("from campaigns.models import Answer\nprint(Answer.objects.latest('pk').score)")
    assert told.strip().endswith("9")
