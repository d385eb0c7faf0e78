"""The recipes of docs/ work: their code is run as it stands on the page."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from campaigns import moment_kinds
from tests import cast
from tests.triggers.world import stored
from triggers.guards import chain
from triggers.planner import plan

pytestmark = pytest.mark.django_db

DOCS = Path(__file__).parents[2] / "docs"
NOW = cast.at("2026-05-04 12:00")


def run_page(name: str) -> dict[str, Any]:
    """Run the page's Python and return what it defines."""
    (code,) = re.findall(r"```python\n(.*?)```", (DOCS / name).read_text(encoding="utf-8"), re.DOTALL)
    defined: dict[str, Any] = {"__name__": "recipe"}
    exec(code, defined)
    return defined


def test_moment_kind_of_the_recipe_is_planned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moment_kinds, "_kinds", dict(moment_kinds._kinds))
    verdict = run_page("add-a-moment-kind.md")["Verdict"]()
    moment_kinds.register(verdict)
    for who, hours, score in ((cast.claire(), 2, 6), (cast.malik(), 1, 0), (cast.priya(), 2, 7)):
        at = NOW - timedelta(hours=hours)
        who.answers.create(external_id=f"a-{who.external_id}", score=score, answered_at=at, recorded_at=at)
    cast.live_campaign("verdict", {"delay_hours": 2}, slug="pardon")
    plan(NOW)
    assert list(stored()) == [("pardon", "claire", "answer:a-claire")]
    sentence = verdict.sentence(moment_kinds.parse_rule("verdict", {"delay_hours": 2}))
    assert sentence == "2 hours after an answer of at most 6"


def test_guard_of_the_recipe_skips(monkeypatch: pytest.MonkeyPatch) -> None:
    guard = run_page("add-a-guard.md")["TOO_YOUNG"]
    monkeypatch.setattr(chain, "DEFINITE", (*chain.DEFINITE, guard))
    cast.claire(birth_year=2015, birth_day=504)
    cast.malik(birth_year=1980, birth_day=504)
    cast.priya(birth_day=504)
    cast.live_campaign(slug="fete")
    plan(cast.at("2026-05-04 20:00"))
    reasons = {customer: told.reason for (_slug, customer, _key), told in stored().items()}
    assert reasons == {"claire": "too_young", "malik": "", "priya": ""}
