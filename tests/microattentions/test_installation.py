"""What an installation keeps for itself."""

import stat
from pathlib import Path

from microattentions.installation import demo_keys, demo_keys_path, installation_secret, write_private


def test_secret_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    first = installation_secret(tmp_path)

    assert installation_secret(tmp_path) == first
    assert len(first) >= 48
    assert stat.S_IMODE((tmp_path / "secret_key").stat().st_mode) == 0o600


def test_secret_of_two_installations_differs(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()

    assert installation_secret(tmp_path) != installation_secret(tmp_path / "other")


def test_private_file_is_replaced_in_one_step(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    write_private(path, '{"a": 1}')
    write_private(path, '{"b": 2}')

    assert path.read_text() == '{"b": 2}'
    assert [entry.name for entry in tmp_path.iterdir()] == ["keys.json"]


def test_demo_keys_without_a_demo_are_none(tmp_path: Path) -> None:
    assert demo_keys(tmp_path) == {}

    write_private(demo_keys_path(tmp_path), '{"username": "demo", "password": "p", "api_key": "k"}')
    assert demo_keys(tmp_path)["api_key"] == "k"
