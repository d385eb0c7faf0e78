"""A second opinion on the contracts: Prism, a validating mock server made from the official OpenAPI files."""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from pytest_django import Settings

from tests.providers.openapi import SENDGRID, TWILIO
from tests.triggers.channels.conftest import SID, WITHOUT_DATA, sms, words
from triggers.channels import Verdict
from triggers.channels.sendgrid import SendGrid
from triggers.channels.twilio import Twilio

PRISM = "@stoplight/prism-cli@5"
START_SECONDS = 240

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("npx") is None, reason="npx (Node.js) is not on this machine"),
    pytest.mark.skipif(not SENDGRID.exists(), reason=WITHOUT_DATA),
]


@contextmanager
def prism(contract: Path, log: Path) -> Iterator[str]:
    """Serve `contract`; skips where npm cannot bring Prism."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = ["npx", "--yes", PRISM, "mock", "--errors", "-h", "127.0.0.1", "-p", str(port), str(contract)]
    with log.open("wb") as output:
        server = subprocess.Popen(command, stdout=output, stderr=output, start_new_session=True)
    try:
        end = time.monotonic() + START_SECONDS
        while "Prism is listening" not in log.read_text():
            if server.poll() is not None or time.monotonic() > end:
                pytest.skip(f"npx could not start {PRISM}: {log.read_text()[-500:]}")
            time.sleep(0.2)
        yield f"http://127.0.0.1:{port}"
    finally:
        # The whole group: npx ends without its node.
        with suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGKILL)
        server.wait()


def test_what_we_send_to_sendgrid_passes_prism(tmp_path: Path, settings: Settings) -> None:
    settings.SENDGRID_API_KEY = "SG.test"
    with prism(SENDGRID, tmp_path / "prism.log") as url:
        settings.SENDGRID_HOST = url
        assert SendGrid().send(words()).verdict is Verdict.ACCEPTED
        assert SendGrid().send(words(recipient="nobody")).verdict is not Verdict.ACCEPTED


def test_what_we_send_to_twilio_passes_prism(tmp_path: Path, settings: Settings) -> None:
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN = SID, "token"
    settings.PUBLIC_URL = "https://micro.test"
    with prism(TWILIO, tmp_path / "prism.log") as url:
        settings.TWILIO_HOST = url
        assert Twilio().send(sms()).verdict is Verdict.ACCEPTED
