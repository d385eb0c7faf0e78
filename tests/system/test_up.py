"""The supervisor, with real processes: Ctrl-C, a killed child, a killed supervisor, a busy port."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from microattentions.up.broker import free_port

pytestmark = pytest.mark.system


class System:
    """`manage.py up` on an empty data folder of its own, with the embedded broker."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.port = free_port()
        env = {name: value for name, value in os.environ.items() if name not in ("REDIS_URL", "DATABASE_URL")}
        self.env = env | {"DATA_DIR": str(data_dir), "PORT": str(self.port), "PYTHONUNBUFFERED": "1"}
        self.process = self.start()

    def start(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, str(settings.BASE_DIR / "manage.py"), "up", "--no-demo", "--no-shop"],
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def state(self) -> dict[str, Any]:
        loaded: dict[str, Any] = json.loads((self.data_dir / "up.json").read_text())
        return loaded

    def running(self) -> bool:
        return (self.data_dir / "up.json").exists() and "beat" in self.state()["children"] and self.answers()

    def answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def groups(self) -> set[int]:
        """The process groups of the children and of the watcher."""
        state = self.state()
        return {*state["children"].values(), state["watcher"]}


def wait_until(condition: Callable[[], bool], seconds: float = 120) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.1)
    return False


def members(groups: set[int]) -> list[int]:
    """The living processes of these groups, zombies of an absent init not counted."""
    listing = subprocess.run(["ps", "-eo", "pid=,pgid=,stat="], capture_output=True, text=True, check=True).stdout
    rows = (line.split() for line in listing.splitlines())
    return [int(pid) for pid, group, stat in rows if int(group) in groups and not stat.startswith("Z")]


@pytest.fixture
def system(tmp_path: Path) -> Iterator[System]:
    system = System(tmp_path)
    groups: set[int] = set()
    try:
        assert wait_until(lambda: system.running() or system.process.poll() is not None)
        assert system.process.poll() is None, system.process.communicate()[0]
        groups = system.groups()
        yield system
    finally:
        # Told, not killed: killed children were started again in groups that we did not see.
        if system.process.poll() is None:
            system.process.terminate()
            try:
                system.process.communicate(timeout=60)
            except subprocess.TimeoutExpired:
                system.process.kill()
        for group in groups:
            for pid in members({group}):
                os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_up_told_to_stop_leaves_nothing_behind(system: System, number: signal.Signals) -> None:
    groups = system.groups()

    system.process.send_signal(number)
    output, _ = system.process.communicate(timeout=90)

    assert system.process.returncode == 0
    assert "Stopped." in output
    assert members(groups) == []
    assert not (system.data_dir / "up.json").exists()


def restarted(system: System, name: str, before: int) -> bool:
    return bool(system.state()["children"].get(name, before) != before)


def test_up_with_killed_children_starts_them_again(system: System) -> None:
    for name in ("web", "worker", "beat", "broker"):
        before = system.state()["children"][name]

        os.kill(before, signal.SIGKILL)

        assert wait_until(partial(restarted, system, name, before)), name
        assert members({before}) == []
        assert wait_until(system.answers)


def test_up_killed_leaves_nothing_behind(system: System) -> None:
    groups = system.groups()
    assert len(members(groups)) > len(groups), "web and worker have children of their own"

    system.process.kill()

    assert wait_until(lambda: members(groups) == [], seconds=60)


def test_up_with_its_watcher_killed_still_leaves_nothing_behind(system: System) -> None:
    watcher = system.state()["watcher"]

    os.kill(watcher, signal.SIGKILL)
    assert wait_until(lambda: system.state()["watcher"] != watcher)
    groups = system.groups()
    system.process.kill()

    assert wait_until(lambda: members(groups) == [], seconds=60)


def test_up_started_twice_on_one_data_dir_refuses(system: System) -> None:
    second = system.start()
    output, _ = second.communicate(timeout=60)

    assert second.returncode == 1
    assert "already runs" in output


def test_up_on_a_busy_port_says_so(tmp_path: Path) -> None:
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]
        ended = subprocess.run(
            [sys.executable, str(settings.BASE_DIR / "manage.py"), "up", "--no-demo"],
            env=os.environ | {"DATA_DIR": str(tmp_path), "PORT": str(port)},
            capture_output=True,
            text=True,
            timeout=90,
        )

    assert ended.returncode == 1
    assert f"Port {port}" in ended.stderr
    assert "Traceback" not in ended.stderr
