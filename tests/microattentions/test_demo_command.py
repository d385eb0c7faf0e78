"""`manage.py demo`: only into an empty shop, only where nothing can leave the machine."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command

from tests import cast

pytestmark = pytest.mark.django_db


def test_demo_in_a_shop_with_customers_refuses() -> None:
    cast.claire()

    with pytest.raises(CommandError, match="not empty"):
        call_command("demo")


@pytest.mark.parametrize("name", ["SENDGRID_API_KEY", "TWILIO_ACCOUNT_SID", "PRODUCTION"])
def test_demo_beside_live_providers_refuses(settings: Any, name: str) -> None:
    setattr(settings, name, "live")

    with pytest.raises(CommandError, match=name):
        call_command("demo")


def test_demo_command_leaves_a_login_and_a_key(settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path

    call_command("demo", customers=20)

    keys = json.loads((tmp_path / "demo.json").read_text())
    assert (tmp_path / "demo.json").stat().st_mode & 0o077 == 0
    assert get_user_model().objects.get(username=keys["username"]).check_password(keys["password"])
    assert keys["api_key"].startswith("ma_")
