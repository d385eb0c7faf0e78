"""Keeps the children alive until told to stop, then stops them all; DATA_DIR/up.json says who runs."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from microattentions.installation import write_private
from microattentions.up import watcher
from microattentions.up.child import Child

POLL_SECONDS = 0.2
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Supervisor:
    """Runs children under a watcher that cleans up behind us, should we be killed.

    `say` prints one line for the operator; `about` is added to `state_file`, which lists each child's process id.
    """

    def __init__(self, *, state_file: Path, say: Callable[[str], None], about: dict[str, Any]) -> None:
        self.state_file = state_file
        self.say = say
        self.about = about
        self.children: list[Child] = []
        self.stops = 0
        self._watcher: subprocess.Popen[str] | None = None

    @property
    def stopping(self) -> bool:
        """Whether somebody asked us to stop."""
        return self.stops > 0

    def listen(self) -> None:
        """Take SIGINT, SIGTERM and SIGHUP as the wish to stop; the second one stops without waiting."""
        for number in STOP_SIGNALS:
            signal.signal(number, lambda *_: setattr(self, "stops", self.stops + 1))

    def start(self, child: Child) -> None:
        """Start `child` and keep it alive from now on."""
        if self.stopping:
            return
        if child not in self.children:
            self.children.append(child)
        pid = child.start()
        self._tell_watcher(f"+{pid}")
        self._write_state()

    def run_once(self, command: list[str], env: dict[str, str]) -> int:
        """Run a command to its end on our own terminal; return its exit code, negative where a stop cut it short."""
        process = subprocess.Popen(command, env=env, start_new_session=True)  # noqa: S603 - our own commands, no shell
        self._tell_watcher(f"+{process.pid}")
        while process.poll() is None:
            if self.stopping:
                process.terminate()
                process.wait(timeout=10)
                break
            time.sleep(POLL_SECONDS)
        self._tell_watcher(f"-{process.pid}")
        return process.returncode

    def keep_alive(self, until: Callable[[], bool] = lambda: False, timeout: float | None = None) -> bool:
        """Restart what ends, until `until` holds (True), time runs out, or somebody asked us to stop (False)."""
        end = None if timeout is None else time.monotonic() + timeout
        while not self.stopping:
            if until():
                return True
            if end is not None and time.monotonic() > end:
                return False
            for child in self.children:
                self._look_after(child)
            if self._watcher is not None and self._watcher.poll() is not None:
                self._start_watcher()
            time.sleep(POLL_SECONDS)
        return False

    def stop(self) -> None:
        """Stop the children, the broker (started first) when nobody needs it any more, then the watcher."""
        self._stop_all(self.children[1:])
        self._stop_all(self.children[:1])
        if self._watcher is not None and self._watcher.stdin is not None:
            self._watcher.stdin.close()
            self._watcher.wait(timeout=watcher.PATIENCE_SECONDS + 2)
        self.state_file.unlink(missing_ok=True)

    def _stop_all(self, children: list[Child]) -> None:
        for child in children:
            child.ask_to_stop()
        asked_at = time.monotonic()
        while waited_for := [child for child in children if child.running]:
            for child in waited_for:
                if self.stops > 1 or time.monotonic() - asked_at > child.grace_seconds:
                    child.kill()
            time.sleep(0.05)
        for child in children:
            if child.process is not None:
                pid = child.process.pid
                child.ended()
                self._tell_watcher(f"-{pid}")

    def _look_after(self, child: Child) -> None:
        if child.running:
            return
        if child.process is not None:
            pid, code = child.process.pid, child.ended()
            self._tell_watcher(f"-{pid}")
            pause = max(0.0, child.start_again_at - time.monotonic())
            self.say(f"{child.name} ended ({exit_words(code)}); starting again in {pause:.1f} s. See {child.log}")
        elif time.monotonic() >= child.start_again_at:
            self.start(child)

    def _start_watcher(self) -> None:
        self._watcher = subprocess.Popen(  # noqa: S603 - our own file
            [sys.executable, watcher.__file__],
            stdin=subprocess.PIPE,
            start_new_session=True,
            text=True,
        )
        for child in self.children:
            if child.process is not None and child.running:
                self._tell_watcher(f"+{child.process.pid}")
        self._write_state()

    def _tell_watcher(self, line: str) -> None:
        if self._watcher is None:
            self._start_watcher()
        if self._watcher is None or self._watcher.stdin is None:
            raise RuntimeError("the watcher has no input")
        stream: IO[str] = self._watcher.stdin
        try:
            stream.write(line + "\n")
            stream.flush()
        except BrokenPipeError:
            # It was killed: keep_alive starts a new one, which is told the whole list.
            self._watcher.wait()

    def _write_state(self) -> None:
        state = self.about | {
            "supervisor": os.getpid(),
            "watcher": self._watcher.pid if self._watcher else None,
            "children": {
                child.name: child.process.pid for child in self.children if child.process is not None and child.running
            },
        }
        write_private(self.state_file, json.dumps(state, indent=2) + "\n")


def exit_words(code: int) -> str:
    """Return a child's exit code in words."""
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"killed by signal {-code}"
