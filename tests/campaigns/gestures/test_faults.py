"""Whatever is wrong with a text can be said in both languages: a percent sign too few would be an error of its own."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.utils import translation

from campaigns import gestures
from campaigns.gestures.check import text_problems
from campaigns.gestures.faults import TextFault
from campaigns.models import Variant


def sentences() -> Iterator[str]:
    """Every sentence that a module of campaigns/gestures marks for the catalogue."""
    for path in sorted(Path(gestures.__path__[0]).glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "gettext_noop":
                (marked,) = node.args
                assert isinstance(marked, ast.Constant), path
                yield str(marked.value)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_fault_is_said(language: str) -> None:
    told = set(sentences())
    assert len(told) > 30
    with translation.override(language):
        for sentence in told:
            names = dict.fromkeys(re.findall(r"%\((\w+)\)s", sentence), "…")
            said = str(TextFault(sentence, line=3, **names))
            assert "%(" not in said
            assert "%%" not in said
            assert language == "en" or not said.endswith(sentence), sentence


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "Text: line 1: this is not a text; go through a list with {% for … %}"),
        ("fr", "Texte\N{NO-BREAK SPACE}: ligne 1"),
    ],
)
def test_a_list_that_is_printed_is_told_with_the_remedy(language: str, said: str) -> None:
    variant = Variant(channel="email", language="fr", subject="Merci", body="<p>{{ order.lines }}</p>")
    with translation.override(language):
        assert said in " ".join(map(str, text_problems(variant)))
