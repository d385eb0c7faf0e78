"""From review to stop, in English and in French: written by one, approved by another, dry, to a share, to all."""

from datetime import UTC, datetime
from typing import Final

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Server, keep_picture, sign_in
from tests.browser.test_every_page import faults
from tests.browser.test_first_campaign import said, step

SEED: Final = """
from decimal import Decimal
from django.contrib.auth.models import Group, User
from campaigns import clock, launch
from campaigns.api.authentication import make_key
from campaigns.models import AuditEntry, Campaign
from tests import cast
if not User.objects.filter(username="dora").exists():
    dora = User.objects.create_user("dora", password="a-long-password", is_staff=True)
    dora.groups.add(Group.objects.get(name="designer"))
fields = dict(slug="care-{language}", status="draft", launched_at=None)
row = cast.live_campaign("post_purchase", {{"anchor": "placed"}}, **fields)
AuditEntry.objects.create(
    at=clock.now(), actor="marie", action="created", kind="campaign", subject_id=row.pk, subject=row.slug
)
for number in range(40):
    cast.customer(f"{language}-{{number}}")
_row, key = make_key("shop-{language}", ["ingest"])
print(row.pk, key)
"""


def orders(server: Server, key: str, language: str, wave: str) -> None:
    """Everybody places an order now."""
    now = datetime.now(UTC).isoformat()
    server.post(
        key,
        *(
            {
                "type": "order",
                "id": f"{language}-{wave}-{number}",
                "customer": f"{language}-{number}",
                "placed_at": now,
                "updated_at": now,
                "currency": "EUR",
                "total": "59.90",
                "status": "paid",
            }
            for number in range(40)
        ),
    )
    server.tick()


def outcome(page: Page, decision: str) -> int:
    """How many occasions stand under a decision on the campaign's page, 0 where there is none."""
    page.reload()
    link = page.locator(f'section[aria-labelledby=outcome] a[href*="decision__exact={decision}"]')
    return sum(int(text) for text in link.all_inner_texts())


def look(page: Page, name: str) -> None:
    """Hold the page against axe and a phone."""
    keep_picture(page, name)
    assert faults(page) == [], name
    page.set_viewport_size({"width": 390, "height": 844})
    keep_picture(page, f"{name}-phone")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390, name
    page.set_viewport_size({"width": 1280, "height": 800})


@pytest.mark.parametrize("language", ["en", "fr"])
def test_campaign_is_reviewed_run_dry_launched_to_a_share_then_to_all_and_stopped(
    page: Page, chromium: Browser, server: Server, language: str
) -> None:
    pk, key = server.shell(SEED.format(language=language)).split()[-2:]
    address = f"/studio/campaigns/campaign/{pk}/"
    designer = chromium.new_page(base_url=server.url)
    sign_in(designer, language, "dora")
    designer.goto(address)
    expect(designer.locator('button[value="approve"]')).to_have_count(0)
    step(designer, "submit")
    designer.close()

    sign_in(page, language)
    page.goto(address)
    expect(page.locator(".titles .pill")).to_have_text(said(language, "in review"))
    expect(page.locator(".note.warn")).to_contain_text({"en": "your own work", "fr": "votre propre travail"}[language])
    look(page, f"review-{language}")
    page.focus("#what-must-change")
    page.keyboard.type("Trois lignes suffisent.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("section[aria-labelledby=sent-back]")).to_contain_text("Trois lignes suffisent.")
    look(page, f"sent-back-{language}")
    step(page, "submit")
    page.click('button[name="step"][value="approve"]')
    expect(page.locator(".messagelist .warning")).to_be_visible()
    step(page, "shadow")
    expect(page.locator(".titles .pill")).to_have_text(said(language, "dry run"))
    orders(server, key, language, "dry")
    assert outcome(page, "would_send") == 40
    look(page, f"dry-{language}")

    page.select_option("#share", "0.25")
    step(page, "canary")
    expect(page.locator(".titles h2")).to_contain_text("25 %")
    orders(server, key, language, "some")
    few = outcome(page, "due")
    assert 0 < few < 40
    look(page, f"share-{language}")
    step(page, "launch")
    server.tick()
    assert outcome(page, "due") == 40
    assert outcome(page, "would_send") == 40
    page.click('button[name="step"][value="pause"]')
    expect(page.locator(".titles .pill")).to_have_text(said(language, "paused"))
    step(page, "resume")
    step(page, "end")
    expect(page.locator("section[aria-labelledby=history] li")).to_have_count(11)
    look(page, f"ended-{language}")

    page.goto("/studio/triggers/delivery/needs-a-person/")
    page.click('#stops button[name="stopped"][value="1"] >> nth=1')
    expect(page.locator(".studio-top .pill.bad")).to_contain_text("SMS")
    look(page, f"stops-{language}")
    page.click('#stops button[name="stopped"][value="0"]')
    expect(page.locator(".studio-top .pill.bad")).to_have_count(0)
    page.goto("/studio/triggers/globalholdout/group/")
    look(page, f"group-{language}")
    page.goto("/studio/campaigns/auditentry/")
    expect(page.locator("#result_list")).to_contain_text("dora")
    look(page, f"audit-{language}")
