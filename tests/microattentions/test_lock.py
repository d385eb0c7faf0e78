"""The lock and the migrations are fit for a stranger's machine."""

import re
import tomllib
from io import StringIO
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.core.management import call_command

PUBLIC = {"pypi.org", "files.pythonhosted.org"}


def test_lock_names_public_hosts_only() -> None:
    lock = (settings.BASE_DIR / "uv.lock").read_text(encoding="utf-8")

    assert {urlsplit(url).hostname for url in re.findall(r'https?://[^"\s]+', lock)} == PUBLIC
    assert "file:" not in lock


def test_lock_holds_what_the_project_names() -> None:
    project = tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lock = tomllib.loads((settings.BASE_DIR / "uv.lock").read_text(encoding="utf-8"))
    (ours,) = (package for package in lock["package"] if package["name"] == project["name"])

    named = {re.split(r"[\[<>=]", requirement)[0] for requirement in project["dependencies"]}
    assert named == {requirement["name"] for requirement in ours["dependencies"]}


@pytest.mark.django_db
def test_models_have_no_change_without_migration() -> None:
    call_command("makemigrations", check=True, dry_run=True, stdout=StringIO())
