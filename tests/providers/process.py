"""Starts a simulator as its own process, for as long as a test needs it."""

import json
import smtplib
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Running:
    """A simulator that runs: where it listens, and what it has taken."""

    port: int
    path: Path
    process: subprocess.Popen[str]
    name: str

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def log(self) -> list[dict[str, Any]]:
        """Return the messages taken so far, in order."""
        return [json.loads(line) for line in self.path.read_text(encoding="utf-8").splitlines()]

    def unanswered(self) -> int:
        """Return how often it has left open whether it took a message: no answer, one too late, or an error of its
        own."""
        faults = self.path.with_suffix(".faults")
        drawn = faults.read_text(encoding="utf-8").split() if faults.exists() else []
        return sum(kind in ("500", "drop", "garbage", "reset", "slow") for kind in drawn)

    def misbehave(self, faults: dict[str, float], seed: int = 1) -> None:
        """Draw faults from now on (tests/providers/faults.py); an empty dict ends them."""
        mode = json.dumps({"faults": faults, "seed": seed})
        if self.name == "smtp":
            with smtplib.SMTP("127.0.0.1", self.port, timeout=5) as client:
                assert client.docmd("XMODE", mode)[0] == 250
            return
        request = urllib.request.Request(f"{self.url}/_mode", mode.encode(), method="PUT")
        with urllib.request.urlopen(request, timeout=5):
            pass


@contextmanager
def running(name: str, log: Path, *options: str, port: int = 0) -> Iterator[Running]:
    """Run `tests.providers.<name>` on loopback until the end of the block."""
    log.touch()
    command = [sys.executable, "-m", f"tests.providers.{name}", "--port", str(port), "--log", str(log), *options]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield Running(int(process.stdout.readline()), log, process, name)
    finally:
        process.kill()
        process.wait()
