"""The pages of the measure over a demo shop: on a desktop, a phone and paper, in both languages, pictures included."""

import base64
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PATIENCE, Server, keep_picture, sign_in
from tests.browser.test_every_page import faults

# Small, but whole: every page of it has its charts.
CUSTOMERS: Final = "2000"
SEED: Final = """
from datetime import timedelta
from decimal import Decimal
from triggers.models import GlobalHoldout
drawn = GlobalHoldout.objects.get()
GlobalHoldout.objects.create(epoch="earlier", share=Decimal("0.3"), since=drawn.since - timedelta(days=91))
"""
# Each page with the drawing that it must have, and a word of each language that it must say.
PAGES: Final = {
    "birthday-gift/": ("conversion", "Verdict", "Verdict"),
    "funnel": ("funnel", "Step by step", "Étape par étape"),
    "signals?weeks=12": ("signals", "What comes before a purchase", "Ce qui précède un achat"),
    "nps": ("nps", "Month by month", "Mois par mois"),
    "birthday-gift/signs": ("signs", "What the gesture moved", "Ce que le geste a fait bouger"),
    "birthday-wish/plan": ("", "Control groups compared", "Groupes de contrôle comparés"),
    "bilan": ("gained", "Money gained", "L’argent gagné"),
    "programme": ("conversion", "May this be believed?", "Peut-on s’y fier"),
    "shop": ("sales", "Sales month by month", "Ventes mois par mois"),
    "together": ("goal-0", "All campaigns together", "Toutes les campagnes ensemble"),
    "digest": ("", "This week", "Cette semaine"),
}
# What A4 leaves within its margins, in CSS pixels.
PAPER: Final = 700


@pytest.fixture(scope="module")
def server(new_studio: Callable[[], Server]) -> Iterator[Server]:
    """A studio with the demo shop, marie, and an epoch before the demo's own global control group.

    The demo did not know it when it sent: that one must be refused.
    """
    served = new_studio()
    served.manage("demo", "--customers", CUSTOMERS)
    served.shell(SEED)
    served.start()
    yield served
    served.stop()


def opened(page: Page, path: str) -> None:
    answer = page.goto(f"/studio/reports/{path}")
    assert answer is not None
    assert answer.status == 200, path


def drawn(page: Page, name: str) -> None:
    """The drawing is there, hidden from who cannot see it; the same figures stand in a table or a list near it."""
    chart = page.locator(f'[data-plot="{name}"]')
    expect(chart.locator("canvas").first).to_be_visible()
    assert chart.get_attribute("aria-hidden") == "true"
    card = page.locator("section.card", has=chart)
    assert card.locator("table tbody tr, ul.signals > li").count() >= 1, name


def width(page: Page) -> int:
    return int(page.evaluate("document.documentElement.scrollWidth"))


@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_page_on_desktop_phone_and_paper(page: Page, language: str) -> None:
    sign_in(page, language)
    page.context.set_default_timeout(PATIENCE)
    found: dict[str, object] = {}
    for path, (plot, english, french) in PAGES.items():
        name = re.sub(r"\W+", "-", path.strip("/"))
        page.set_viewport_size({"width": 1280, "height": 800})
        opened(page, path)
        expect(page.locator("#content")).to_contain_text(re.compile(re.escape(french if language == "fr" else english)))
        if plot:
            drawn(page, plot)
        if faults_here := faults(page):
            found[path] = faults_here
        keep_picture(page, f"{name}-{language}")
        page.set_viewport_size({"width": 390, "height": 844})
        if (phone := width(page)) > 390:
            found[f"{path} on a phone"] = phone
        keep_picture(page, f"{name}-{language}-phone")
        page.emulate_media(media="print")
        page.set_viewport_size({"width": PAPER, "height": 990})
        page.wait_for_timeout(50)
        if (paper := width(page)) > PAPER:
            found[f"{path} on paper"] = paper
        if plot:
            expect(page.locator(f'[data-plot="{plot}"] canvas').first).to_be_visible()
        assert not page.locator(".studio-side, .object-tools, .picture, .choose").locator("visible=true").count()
        keep_picture(page, f"{name}-{language}-print")
        page.emulate_media(media="screen")
    assert found == {}


def test_every_export_answers(signed_in: Page) -> None:
    answered = 0
    for path in PAGES:
        opened(signed_in, path)
        links = signed_in.locator('.object-tools a[href*=".csv"], .object-tools a[href*=".json"]')
        for address in [str(link.get_attribute("href")) for link in links.all()]:
            answer = signed_in.request.get(address)
            assert answer.status == 200, address
            assert len(answer.body()) > 20, address
            answered += 1
    assert answered >= 10


def test_a_chart_is_saved_as_a_picture(signed_in: Page, tmp_path: Path) -> None:
    opened(signed_in, "birthday-gift/")
    with signed_in.expect_download() as told:
        signed_in.click('button[data-picture="conversion"]')
    assert told.value.suggested_filename == "conversion.png"
    told.value.save_as(tmp_path / "conversion.png")
    picture = (tmp_path / "conversion.png").read_bytes()
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    wide, high = (int.from_bytes(picture[at : at + 4], "big") for at in (16, 20))
    chart = signed_in.locator('[data-plot="conversion"]').bounding_box()
    assert chart is not None
    assert (wide, high) == (2 * round(chart["width"]), 2 * (round(chart["height"]) + 44))
    # More than one colour: the drawing is on it, not the paper alone.
    colours = signed_in.evaluate(
        """async (data) => {
          const image = new Image(); image.src = `data:image/png;base64,${data}`; await image.decode();
          const canvas = document.createElement("canvas"); canvas.width = image.width; canvas.height = image.height;
          const pen = canvas.getContext("2d"); pen.drawImage(image, 0, 0);
          const pixels = new Uint32Array(pen.getImageData(0, 0, image.width, image.height).data.buffer);
          return new Set(pixels).size;
        }""",
        base64.b64encode(picture).decode(),
    )
    assert colours > 10


def test_programme_stands_above_the_campaigns(signed_in: Page) -> None:
    opened(signed_in, "")
    verdict = signed_in.locator("section.verdict")
    said = verdict.locator(".verdict-sentence").inner_text()
    verdict.get_by_role("link", name="How this is known").click()
    expect(signed_in.locator("section.verdict .verdict-sentence")).to_have_text(said)
