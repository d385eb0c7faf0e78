"""The French catalogue is whole: nothing said in English alone, nothing fuzzy, and compiled as it is written."""

import ast
import gettext
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).resolve().parents[1]
CATALOGUE: Final = Path("locale/fr/LC_MESSAGES/django.po")
_LINE: Final = re.compile(r'(msgctxt|msgid|msgid_plural|msgstr|msgstr\[\d\]) (".*")')
_BLANK: Final = re.compile(r"%\((\w+)\)[sd]|%[sd]")


@dataclass
class Message:
    """One entry: its words by their keyword (`msgid`, `msgid_plural`, `msgstr[0]` …) and whether it is fuzzy."""

    words: dict[str, str] = field(default_factory=dict)
    fuzzy: bool = False

    def french(self) -> list[str]:
        return [said for keyword, said in self.words.items() if keyword.startswith("msgstr")]


def messages(catalogue: Path) -> Iterator[Message]:
    """Yield the entries of a .po file, without its header."""
    for block in catalogue.read_text(encoding="utf-8").split("\n\n"):
        message, keyword = Message(), ""
        for line in block.splitlines():
            if line.startswith("#,"):
                message.fuzzy = "fuzzy" in line
            elif started := _LINE.fullmatch(line):
                keyword = started[1]
                message.words[keyword] = ast.literal_eval(started[2])
            elif line.startswith('"'):
                message.words[keyword] += ast.literal_eval(line)
        if message.words.get("msgid"):
            yield message


def test_every_message_has_its_french_and_none_is_fuzzy() -> None:
    wanting = [m.words["msgid"] for m in messages(ROOT / CATALOGUE) if m.fuzzy or not all(m.french())]
    assert wanting == []


def test_french_fills_in_the_same_blanks() -> None:
    different = [
        m.words["msgid"]
        for m in messages(ROOT / CATALOGUE)
        if any(sorted(_BLANK.findall(said)) != sorted(_BLANK.findall(m.words["msgid"])) for said in m.french()[-1:])
    ]
    assert different == []


def test_compiled_catalogue_is_that_of_the_source() -> None:
    with (ROOT / CATALOGUE).with_suffix(".mo").open("rb") as compiled:
        known = gettext.GNUTranslations(compiled)
    for message in messages(ROOT / CATALOGUE):
        words = message.words
        if "msgid_plural" in words:
            said = [known.ngettext(words["msgid"], words["msgid_plural"], number) for number in (1, 2)]
        elif "msgctxt" in words:
            said = [known.pgettext(words["msgctxt"], words["msgid"])]
        else:
            said = [known.gettext(words["msgid"])]
        assert said == message.french()


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("xgettext") is None, reason="gettext's tools are not installed")
def test_catalogue_holds_every_message_of_the_sources(tmp_path: Path) -> None:
    for name in ("campaigns", "triggers", "analytics", "microattentions", "templates", "locale"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", "migrations"))
    shutil.copy(ROOT / "manage.py", tmp_path)
    extract = [sys.executable, "manage.py", "makemessages", "-l", "fr", "--no-location", "--no-obsolete"]
    subprocess.run(extract, cwd=tmp_path, check=True, capture_output=True)
    wanting = [m.words["msgid"] for m in messages(tmp_path / CATALOGUE) if m.fuzzy or not all(m.french())]
    assert wanting == []
