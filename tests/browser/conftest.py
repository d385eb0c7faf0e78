"""The studio as a person meets it: a real server on a database of its own, Chromium, and ears for every complaint.

The tests never touch the server's database; what they need to know they read on the screen or ask by REST.
"""

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from django.conf import settings
from playwright.sync_api import Browser, Page, expect, sync_playwright

ROOT: Final = Path(__file__).resolve().parents[2]
CHROMIUM: Final = os.environ.get("CHROMIUM", "/usr/bin/chromium")
PICTURES: Final = os.environ.get("PICTURES", "")
ARGS: Final = [
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-gpu",
]
# The machine may be busy with other things.
PATIENCE: Final = 60_000
expect.set_options(timeout=PATIENCE)
# Tells the test of each breach of a page's policy, where the console would only print a line.
LISTEN: Final = """
document.addEventListener("securitypolicyviolation", (event) =>
  window.reportViolation(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`));
"""
# Says yes to each question; a test that wants to read one sets `hesitates`.
AGREE: Final = """
document.addEventListener("toggle", (event) => {
  if (event.target.id === "confirm" && event.newState === "open" && !window.hesitates)
    setTimeout(() => event.target.querySelector('[value="yes"]').click(), 400);
}, true);
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder drives Chromium."""
    for item in items:
        if Path(item.path).is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.browser)


class Server:
    """The studio served by gunicorn from its own data folder and database."""

    def __init__(self, folder: Path, database_url: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self.env = {
            **os.environ,
            "DATA_DIR": str(folder),
            "PORT": str(port),
            "PUBLIC_URL": self.url,
            # Nobody hears the bell: `tick` does what beat and a worker would.
            "REDIS_URL": "redis://127.0.0.1:1/0",
            "LOG_LEVEL": "WARNING",
            **({"DATABASE_URL": database_url} if database_url else {}),
        }
        self.log = (folder / "web.log").open("wb")

    def manage(self, *args: str) -> str:
        """Run one command of manage.py; return what it printed."""
        command = [sys.executable, "manage.py", *args]
        return subprocess.run(command, cwd=ROOT, env=self.env, check=True, capture_output=True, text=True).stdout

    def shell(self, code: str) -> str:
        """Run code beside the server."""
        return self.manage("shell", "-v0", "-c", code)

    def start(self) -> None:
        """Serve, and wait until the server answers."""
        command = [sys.executable, "-m", "gunicorn", "--threads", "4", "-b", self.url.removeprefix("http://")]
        self.process = subprocess.Popen(
            [*command, "microattentions.wsgi"], cwd=ROOT, env=self.env, stdout=self.log, stderr=self.log
        )
        for _attempt in range(150):
            try:
                with urllib.request.urlopen(f"{self.url}/healthz", timeout=2):
                    return
            except OSError:
                time.sleep(0.2)
        raise RuntimeError("the server does not answer")

    def stop(self) -> None:
        """End the server."""
        self.process.terminate()
        self.process.wait(timeout=20)
        self.log.close()

    def tick(self) -> None:
        """Plan and send, as beat and a worker would within the next minute."""
        self.shell(
            "from campaigns import clock; from triggers.planner import plan; from triggers.dispatch import dispatch\n"
            "plan(clock.now()); dispatch(clock.now())"
        )

    def post(self, key: str, *items: dict[str, Any]) -> list[str]:
        """Post items as the shop would; return the result of each."""
        request = urllib.request.Request(
            f"{self.url}/api/v1/batch",
            json.dumps({"batch": items}).encode(),
            {"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return [str(result["result"]) for result in json.load(answer)["results"]]
        except urllib.error.HTTPError as error:
            raise AssertionError(error.read().decode()) from error


MARIE: Final = """
from django.contrib.auth.models import User
User.objects.create_superuser("marie", "marie@studio.test", "a-long-password")
"""


@pytest.fixture(scope="session")
def new_studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], Server]]:
    """Makes a studio that is not started yet, on a database of its own with one superuser, marie, and nothing else.

    The tables are made once and copied: to make them takes longer than most tests.
    """
    databases = _Databases()
    first = tmp_path_factory.mktemp("studio")
    try:
        made = Server(first, databases.new())
        made.manage("migrate", "-v0")
        made.shell(MARIE)

        def copied() -> Server:
            folder = tmp_path_factory.mktemp("studio")
            shutil.copytree(first, folder, dirs_exist_ok=True)
            return Server(folder, databases.new())

        yield copied
    finally:
        databases.drop()


class _Databases:
    """PostgreSQL databases of our own where the tests run on PostgreSQL; else each studio has a file in its folder."""

    def __init__(self) -> None:
        default = settings.DATABASES["default"]
        self._made: list[str] = []
        self._server = None
        if not default["ENGINE"].endswith("sqlite3"):
            names = {"host": "HOST", "port": "PORT", "user": "USER", "password": "PASSWORD"}
            self._server = {name: default[key] for name, key in names.items()}

    def new(self) -> str:
        """Return the address of a new one, a copy of the first; '' where files serve."""
        if self._server is None:
            return ""
        name = f"test_browser_{secrets.token_hex(4)}"
        self._run(f'CREATE DATABASE "{name}"' + (f' TEMPLATE "{self._made[0]}"' if self._made else ""))
        self._made.append(name)
        return os.environ["DATABASE_URL"].rpartition("/")[0] + f"/{name}"

    def drop(self) -> None:
        """Drop all that were made."""
        for name in self._made:
            self._run(f'DROP DATABASE "{name}" WITH (FORCE)')

    def _run(self, sql: str) -> None:
        import psycopg

        with psycopg.connect(dbname="postgres", autocommit=True, **(self._server or {})) as connection:
            connection.execute(sql.encode())


@pytest.fixture(scope="module")
def server(new_studio: Callable[[], Server]) -> Iterator[Server]:
    """A studio with one superuser, marie, and nothing else."""
    served = new_studio()
    served.start()
    yield served
    served.stop()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One Chromium for all tests."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGS)
        yield browser
        browser.close()


@pytest.fixture
def page(server: Server, chromium: Browser) -> Iterator[Page]:
    """A fresh visitor; the test fails where any page broke its policy, logged an error or threw."""
    complaints: list[str] = []
    context = chromium.new_context(base_url=server.url, viewport={"width": 1280, "height": 800})
    context.set_default_timeout(PATIENCE)
    context.expose_binding("reportViolation", lambda source, words: complaints.append(f"{source['page'].url}: {words}"))
    context.add_init_script(LISTEN + AGREE)
    visitor = context.new_page()
    visitor.on("pageerror", lambda error: complaints.append(f"{visitor.url}: {error}"))
    visitor.on(
        "console", lambda line: complaints.append(f"{visitor.url}: {line.text}") if line.type == "error" else None
    )
    yield visitor
    context.close()
    assert complaints == []


@pytest.fixture
def signed_in(page: Page) -> Page:
    """Marie, in English."""
    sign_in(page, "en")
    return page


def keep_picture(page: Page, name: str) -> None:
    """Keep a picture of the whole page as it stands in the folder that PICTURES names: without one, nobody would look,
    and taking them takes longer than all the checks."""
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=True)


def sign_in(page: Page, language: str, name: str = "marie") -> None:
    """Choose the language on the sign-in page, as anybody can, and sign in."""
    page.goto("/studio/login/")
    page.click(f'.languages button[value="{language}"]')
    page.fill("#id_username", name)
    page.fill("#id_password", "a-long-password")
    page.click('#login-form input[type="submit"]')
    page.wait_for_url("**/studio/")
