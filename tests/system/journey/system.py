"""The whole system under its own supervisor, beside a SendGrid and a Twilio simulator, on a simulated clock."""

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import requests
from celery import Celery

ROOT = Path(__file__).resolve().parents[3]
READY_SECONDS = 60
TICK_SECONDS = 120


def free_port() -> int:
    """Return a loopback port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(condition: Callable[[], bool], *, seconds: float, what: str, pause: float = 0.05) -> None:
    """Return when `condition` holds; raises TimeoutError naming `what` otherwise."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"{what} took more than {seconds} s")
        time.sleep(pause)


@dataclass
class System:
    """One running system. `rows` asks its database; `post` its REST API; `tick` moves its clock and plans and sends."""

    folder: Path
    database_url: str
    redis_url: str
    extra_env: dict[str, str] = field(default_factory=dict)
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.port, self.sendgrid_port, self.twilio_port = free_port(), free_port(), free_port()
        self.clock = self.folder / "clock"
        self.session = requests.Session()
        self._broker: Celery | None = None

    @property
    def env(self) -> dict[str, str]:
        """The environment of every process of the system."""
        own = {
            "DATA_DIR": str(self.folder / "data"),
            "CLOCK_FILE": str(self.clock),
            "PORT": str(self.port),
            "SECRET_KEY": "a-secret-of-the-journey-that-protects-nothing-at-all-0123456789",
            "SENDGRID_API_KEY": "SG.journey",
            "SENDGRID_HOST": f"http://127.0.0.1:{self.sendgrid_port}",
            "TWILIO_ACCOUNT_SID": "AC0123456789abcdef0123456789abcdef",
            "TWILIO_AUTH_TOKEN": "12345",
            "TWILIO_HOST": f"http://127.0.0.1:{self.twilio_port}",
            "RECIPIENT_ALLOW_LIST": "@journey.test,+3363998",
            "API_REQUESTS_A_MINUTE": "0",
            "LOG_LEVEL": "WARNING",
        }
        given = {"DATABASE_URL": self.database_url} if self.database_url else {}
        given |= {"REDIS_URL": self.redis_url, "CELERY_QUEUE": self.folder.name} if self.redis_url else {}
        inherited = {k: v for k, v in os.environ.items() if k not in {"DATABASE_URL", "REDIS_URL", "DATA_DIR"}}
        return inherited | own | given | self.extra_env

    def manage(self, *words: str) -> str:
        """Run a management command to its end and return what it printed."""
        command = [sys.executable, "manage.py", *words]
        done = subprocess.run(command, cwd=ROOT, env=self.env, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{' '.join(words)}: {done.stdout}{done.stderr}")
        return done.stdout

    def start(self, *, now: datetime) -> None:
        """Start the simulators and the supervisor; return when the web server answers."""
        self.set_clock(now)
        for name, port in (("sendgrid", self.sendgrid_port), ("twilio", self.twilio_port)):
            log = self.folder / f"{name}.log"
            self._popen(sys.executable, "-m", f"tests.providers.{name}", "--port", str(port), "--log", str(log))
        self._popen(sys.executable, "manage.py", "up", "--no-demo", "--no-shop")
        wait_until(self._answers, seconds=READY_SECONDS, what="the start of the system", pause=0.2)
        key = self.manage("create_api_key", "journey", "--scopes", "ingest,read,design,run").split()[-1]
        self.session.headers["Authorization"] = f"Bearer {key}"

    def _popen(self, *command: str) -> None:
        with (self.folder / "processes.log").open("ab") as log:
            process = subprocess.Popen(
                command, cwd=ROOT, env=self.env, stdout=log, stderr=log, stdin=subprocess.DEVNULL
            )
        self.processes.append(process)

    def _answers(self) -> bool:
        for process in self.processes:
            if process.poll() is not None:
                raise RuntimeError((self.folder / "processes.log").read_text())
        with suppress(requests.ConnectionError, requests.ReadTimeout):
            return requests.get(self.url("/readyz"), timeout=5).status_code == 200
        return False

    def stop(self) -> None:
        """Stop everything cleanly; kill what does not."""
        for process in reversed(self.processes):
            process.send_signal(signal.SIGTERM)
        for process in self.processes:
            try:
                process.wait(timeout=40)
            except subprocess.TimeoutExpired:
                process.kill()

    def url(self, path: str) -> str:
        """Return the address of a page of the system."""
        return f"http://127.0.0.1:{self.port}{path}"

    def state(self) -> dict[str, Any]:
        """Return what the supervisor says of itself: children's process ids, the broker's address."""
        state: dict[str, Any] = json.loads((self.folder / "data" / "up.json").read_text())
        return state

    def set_clock(self, now: datetime) -> None:
        """Set business time for every process; the file is replaced whole, so that nobody reads half an instant."""
        fresh = self.clock.with_suffix(".new")
        fresh.write_text(now.isoformat(), encoding="ascii")
        fresh.replace(self.clock)

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Call the REST API and return its JSON; raises RuntimeError with the problem it answered."""
        answer = self.session.request(method, self.url(f"/api/v1{path}"), json=body, timeout=60)
        if not answer.ok:
            raise RuntimeError(f"{method} {path}: {answer.status_code} {answer.text[:2000]}")
        return answer.json() if answer.content else None

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Return the rows of a read-only query on the system's database."""
        with self._connection() as connection, closing(connection.cursor()) as cursor:
            cursor.execute(sql)
            rows: list[tuple[Any, ...]] = cursor.fetchall()
            return rows

    @contextmanager
    def _connection(self) -> Iterator[Any]:
        if not hasattr(self, "_database"):
            if self.database_url.startswith("postgres"):
                import psycopg

                self._database: Any = psycopg.connect(self.database_url, autocommit=True)
            else:
                path = self.folder / "data" / "microattentions.sqlite3"
                self._database = sqlite3.connect(path, timeout=20, isolation_level=None)
        yield self._database

    def tick(self, now: datetime) -> None:
        """Set the clock, ring for a plan as beat would, and return when it is made and everything due is sent."""
        self.set_clock(now)
        self._ask("triggers.plan")
        instant = f"{now.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
        if self.database_url.startswith("postgres"):
            instant += "+00"
        planned = f"SELECT 1 FROM triggers_heartbeat WHERE name = 'plan' AND business_at >= '{instant}'"
        waiting = (
            "SELECT 1 FROM triggers_delivery WHERE (state = 'planned'"
            f" AND not_before <= '{instant}') OR state IN ('claimed', 'sending') LIMIT 1"
        )
        what = f"the tick of {instant}"
        wait_until(lambda: bool(self.rows(planned)), seconds=TICK_SECONDS, what=what, pause=0.002)
        wait_until(lambda: not self.rows(waiting), seconds=TICK_SECONDS, what=what, pause=0.002)

    def _ask(self, task: str) -> None:
        if self._broker is None:
            self._broker = Celery(broker=self.redis_url or self.state()["redis_url"])
        queue = self.folder.name if self.redis_url else "microattentions"
        self._broker.send_task(task, queue=queue, ignore_result=True)

    def log(self, provider: str) -> list[dict[str, Any]]:
        """Return what a simulator accepted, in order."""
        lines = (self.folder / f"{provider}.log").read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines]
