"""The ear for the bell, in a process whose broker is out of reach."""

import os
import subprocess
import sys
import time

RING = """
import django
django.setup()
from campaigns import bell
bell.ring([1, 2, 3], {bell.Fact.ORDER: bell.ANY_TIME})
"""


def test_ring_without_a_broker_is_quick_and_raises_nothing() -> None:
    env = os.environ | {"REDIS_URL": "redis://127.0.0.1:9/0", "DJANGO_SETTINGS_MODULE": "microattentions.settings"}
    loaded = time.monotonic()
    subprocess.run([sys.executable, "-c", RING.replace("bell.ring", "print")], env=env, check=True)
    start = time.monotonic()
    done = subprocess.run([sys.executable, "-c", RING], env=env, check=True, capture_output=True, text=True)
    assert "nobody heard the bell" in done.stderr
    assert time.monotonic() - start < (start - loaded) + 5
