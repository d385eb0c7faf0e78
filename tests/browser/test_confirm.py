"""The question before what cannot be undone: read, refused and answered by keyboard."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import keep_picture, sign_in
from tests.browser.test_every_page import faults

ASKED = {
    "en": "Stop all sending now? Messages already queued will wait.",
    "fr": "Arrêter tous les envois maintenant ? Les messages déjà en file attendront.",
}


@pytest.mark.parametrize("language", ["en", "fr"])
def test_sending_stops_only_after_the_question_was_answered(page: Page, language: str) -> None:
    sign_in(page, language)
    page.evaluate("window.hesitates = true")
    stop, resume = page.locator('.stops button[value="1"]'), page.locator('.stops button[value="0"]')
    box = page.get_by_role("alertdialog", name=ASKED[language])
    stop.dblclick()
    expect(box).to_be_visible()
    keep_picture(page, f"confirm-{language}")
    assert faults(page) == []
    page.set_viewport_size({"width": 390, "height": 844})
    keep_picture(page, f"confirm-{language}-phone")
    page.keyboard.press("Escape")
    expect(box).to_be_hidden()
    expect(stop).to_be_focused()
    page.keyboard.press("Enter")
    expect(box.locator('[value="yes"]')).to_be_focused()
    # Who answers at once has not read.
    page.wait_for_timeout(400)
    page.keyboard.press("Enter")
    expect(resume).to_be_visible()
    resume.click()
    expect(stop).to_be_visible()
