"""A Valkey of its own for a test: the workers' shared memory, empty."""

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from microattentions.up.broker import embedded_broker
from triggers import redis_link


@pytest.fixture
def broker(tmp_path: Path, settings: Any) -> Iterator[None]:
    """Start it, point REDIS_URL at it, and end it."""
    embedded = embedded_broker(tmp_path)
    process = subprocess.Popen(embedded.command, stdout=subprocess.DEVNULL)
    settings.REDIS_URL = embedded.url
    redis_link._silent_until = 0.0
    while redis_link.ask(lambda client: client.ping()) is None:
        redis_link._silent_until = 0.0
        time.sleep(0.02)
    yield
    process.kill()
    process.wait()
