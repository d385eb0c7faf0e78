"""Done-when 7: from an empty shop to a message in the outbox and a report, in English and in French."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import translation
from playwright.sync_api import Page, expect

from tests.browser.conftest import Server, sign_in

BODIES = {
    "en": "<p>Dear {{ customer.first_name }}, thank you for your order {{ order.id }}.</p>",
    "fr": "<p>Chère {{ customer.first_name }}, merci pour votre commande {{ order.id }}.</p>",
}
SUBJECTS = {"en": "Thank you, {{ customer.first_name }}", "fr": "Merci, {{ customer.first_name }}"}
SEEN = {"en": "Dear Nora, thank you for your order en-1.", "fr": "Chère Nora, merci pour votre commande fr-1."}


def said(language: str, english: str) -> str:
    """Return the words of the screen."""
    with translation.override(language):
        return translation.gettext(english)


def save(page: Page) -> None:
    page.click('input[name="_save"]')
    expect(page.locator(".errorlist")).to_have_count(0)


def name_it(page: Page, name: str) -> None:
    """Write the name; its key follows by itself."""
    page.fill("#id_name", name)
    page.press("#id_name", "Tab")
    expect(page.locator("#id_slug")).not_to_have_value("")


def introduce_the_shop(page: Page, language: str) -> None:
    page.click(f'.studio-nav a:text-is("{said(language, "Settings")}")')
    page.fill("#id_name", "Maison Thé")
    page.fill("#id_language", language)
    if page.locator("#id_senders-0-language").count() == 0:
        page.click("#senders-group .add-row a")
    page.fill("#id_senders-0-language", language)
    page.fill("#id_senders-0-email_name", "Maison Thé")
    page.fill("#id_senders-0-email_address", "bonjour@maison-the.test")
    save(page)
    expect(page.locator(".messagelist .success")).to_be_visible()


def make_a_key(page: Page, language: str) -> str:
    """Make an API key in the browser and return it, as it is shown this once."""
    page.goto("/studio/campaigns/apikey/add/")
    page.fill("#id_name", f"shop {language}")
    page.check('input[name="scopes"][value="ingest"]')
    save(page)
    key = page.inner_text(".messagelist .warning code")
    page.reload()
    assert key not in page.content()
    return key


def make_a_moment(page: Page, language: str) -> None:
    page.click(f'.studio-nav a:text-is("{said(language, "Moments")}")')
    page.click(".object-tools .addlink")
    name_it(page, f"Moment {language}")
    page.check('input[name="kind"][value="post_purchase"]')
    page.select_option("#id_rule__post_purchase__anchor", "placed")
    sentence = said(language, "As soon as %(order)s") % {"order": said(language, "an order is placed")}
    expect(page.locator("#sentence")).to_have_text(sentence)
    expect(page.locator("#id_rule__birthday__send_hour")).to_be_hidden()
    save(page)
    expect(page.locator("#result_list")).to_contain_text(sentence)


def write_a_gesture(page: Page, language: str) -> None:
    page.click(f'.studio-nav a:text-is("{said(language, "Gestures")}")')
    page.click(".object-tools .addlink")
    name_it(page, f"Geste {language}")
    page.fill("#id_variants-0-language", language)
    page.fill("#id_variants-0-subject", SUBJECTS[language])
    page.fill("#id_variants-0-body", "{{ customer.first_nam }}")
    expect(page.locator("#variants-0 .text-check")).to_contain_text("customer.first_name")
    page.fill("#id_variants-0-body", BODIES[language])
    expect(page.locator("#variants-0 .text-check")).to_contain_text(said(language, "can be sent"))
    save(page)
    expect(page.locator("#result_list")).to_contain_text(f"Geste {language}")


def build_a_campaign(page: Page, language: str) -> None:
    page.click(f'.studio-nav a:text-is("{said(language, "Campaigns")}")')
    page.click(".object-tools .addlink")
    name_it(page, f"Campagne {language}")
    page.select_option("#id_moment", label=f"Moment {language}")
    page.select_option("#id_gesture", label=f"Geste {language}")
    page.select_option('select[name="audience__ask"]', "country|in")
    page.fill('input[name="audience__value"]', "FR, CA")
    page.fill("#id_holdout_share", "0")
    page.fill("#id_cost_email", "0.01")
    save(page)
    expect(page.locator("h1")).to_have_text(f"Campagne {language}")
    expect(page.locator(".facts").first).to_contain_text({"en": "FR or CA", "fr": "FR ou CA"}[language])


def step(page: Page, name: str) -> None:
    # The page in front may say that something succeeded already.
    with page.expect_navigation():
        page.click(f'button[name="step"][value="{name}"]')
    expect(page.locator(".messagelist .success")).to_be_visible()


@pytest.mark.parametrize("language", ["en", "fr"])
def test_marie_builds_and_runs_a_campaign_from_nothing(page: Page, server: Server, language: str) -> None:
    sign_in(page, language)
    expect(page.locator("html")).to_have_attribute("lang", language)
    introduce_the_shop(page, language)
    key = make_a_key(page, language)
    now = datetime.now(UTC)
    before = (now - timedelta(days=9)).isoformat()
    who = {"type": "customer", "id": f"nora-{language}", "email": f"nora.{language}@maison-the.test"}
    nora = who | {
        "first_name": "Nora",
        "last_name": "Blanc",
        "language": language,
        "country": "FR",
        "updated_at": before,
    }
    consent = {"type": "consent", "customer": nora["id"], "channel": "email", "purpose": "marketing", "granted": True}
    assert server.post(key, nora, consent | {"source": "checkout", "given_at": before}) == ["created", "created"]

    make_a_moment(page, language)
    write_a_gesture(page, language)
    build_a_campaign(page, language)

    page.fill("#preview-q", nora["email"])
    page.click("#on-customer [role=search] button")
    page.click("#on-customer .list a")
    expect(page.frame_locator("#on-customer iframe").locator("body")).to_contain_text("Nora")
    page.click("section[aria-labelledby=send-test] button")
    expect(page.locator(".messagelist .success")).to_contain_text("marie@studio.test")
    step(page, "approve")
    step(page, "launch")
    page.click('button[name="step"][value="pause"]')
    expect(page.locator(".titles .pill")).to_have_text(said(language, "paused"))
    step(page, "resume")

    placed = datetime.now(UTC).isoformat()
    order = {"type": "order", "id": f"{language}-1", "customer": nora["id"], "placed_at": placed, "updated_at": placed}
    assert server.post(key, order | {"currency": "EUR", "total": "59.90", "status": "paid"}) == ["created"]
    server.tick()

    page.reload()
    expect(page.locator("section[aria-labelledby=outcome]")).to_contain_text(said(language, "due"))
    page.click(f'.tabs a:text-is("{said(language, "Occasions")}")')
    expect(page.locator("#result_list")).to_contain_text("Nora Blanc")
    page.click("#result_list tbody th a")
    expect(page.locator("h1")).to_contain_text("Nora Blanc")

    page.click(f'.studio-nav a:text-is("{said(language, "Messages")}")')
    message = page.locator("article.mail").first
    expect(message).to_contain_text(nora["email"])
    expect(message.frame_locator("iframe").locator("body")).to_contain_text(SEEN[language])

    page.click(f'.studio-nav a:text-is("{said(language, "Campaigns")}")')
    page.click(f'#result_list a:text-is("Campagne {language}")')
    page.click(f'.tabs a:text-is("{said(language, "Report")}")')
    expect(page.locator("h1")).to_contain_text(f"Campagne {language}")
    page.go_back()
    step(page, "end")
