"""One child process of the supervisor: started in a group of its own, stopped with it, started again with a pause."""

import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from microattentions.up.watcher import signal_group

LOG_LIMIT_BYTES = 20 * 1024 * 1024
STEADY_SECONDS = 10.0
LONGEST_PAUSE_SECONDS = 30.0


@dataclass
class Child:
    """A command to keep alive. `grace_seconds` is how long it may take to stop before it is killed."""

    name: str
    command: list[str]
    env: dict[str, str]
    log: Path
    grace_seconds: float = 8.0
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    failures: int = 0
    start_again_at: float = field(default=0.0)

    @property
    def running(self) -> bool:
        """Whether its process lives."""
        return self.process is not None and self.process.poll() is None

    def start(self) -> int:
        """Start it, its words appended to its log; return its process id."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        if self.log.exists() and self.log.stat().st_size > LOG_LIMIT_BYTES:
            self.log.replace(self.log.with_suffix(".old.log"))
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603 - our own commands, no shell
                self.command,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # A group of its own: Ctrl-C reaches the supervisor alone, and a stop reaches grandchildren too.
                start_new_session=True,
            )
        self.started_at = time.monotonic()
        return self.process.pid

    def ended(self) -> int:
        """Take note that it ended: clear its group of orphans, choose the pause; return its exit code."""
        process = self.process
        if process is None:
            raise RuntimeError(f"{self.name} was never started")
        code = process.wait()
        signal_group(process.pid, signal.SIGKILL)
        self.process = None
        if time.monotonic() - self.started_at > STEADY_SECONDS:
            self.failures = 0
        self.failures += 1
        self.start_again_at = time.monotonic() + min(LONGEST_PAUSE_SECONDS, 0.25 * 2 ** (self.failures - 1))
        return code

    def ask_to_stop(self) -> None:
        """Ask its first process to end; that one knows how to end the others."""
        if self.process is not None and self.running:
            self.process.terminate()

    def kill(self) -> None:
        """End its whole group at once."""
        if self.process is not None:
            signal_group(self.process.pid, signal.SIGKILL)
