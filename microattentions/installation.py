"""What one installation keeps for itself in DATA_DIR: its secret and the door keys of its demo. No Django in here."""

import json
import os
import secrets
from pathlib import Path
from typing import Any


def write_private(path: Path, text: str) -> None:
    """Write `text` to `path` in one step, readable by its owner alone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    draft.replace(path)


def installation_secret(data_dir: Path) -> str:
    """Return the secret of the installation in `data_dir`, made at its first use and kept there with mode 0600."""
    path = data_dir / "secret_key"
    if not path.exists():
        draft = data_dir / f"secret_key.{os.getpid()}"
        write_private(draft, secrets.token_urlsafe(48))
        try:
            # Two processes may start an installation at once: a link, unlike a rename, lets only the first one win.
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text(encoding="utf-8").strip()


def demo_keys_path(data_dir: Path) -> Path:
    """Return where the demo leaves its login and its API key."""
    return data_dir / "demo.json"


def demo_keys(data_dir: Path) -> dict[str, str]:
    """Return `username`, `password` and `api_key` of the demo in `data_dir`; empty where no demo was loaded."""
    path = demo_keys_path(data_dir)
    if not path.exists():
        return {}
    keys: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return {name: str(value) for name, value in keys.items()}
