"""`manage.py up`: migrates, loads the demo into an empty database, and runs everything until Ctrl-C."""

import fcntl
import os
import socket
import urllib.error
import urllib.request
from argparse import ArgumentParser
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import redis
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from campaigns.models import Customer
from microattentions.installation import demo_keys, demo_keys_path
from microattentions.up.broker import EmbeddedBroker, NoBrokerError, embedded_broker
from microattentions.up.child import Child
from microattentions.up.processes import environment, manage, system
from microattentions.up.supervisor import Supervisor

READY_SECONDS = 90


class Command(BaseCommand):
    """Web, worker, beat, an embedded broker and the demo's simulated shop under one supervisor."""

    help = "Start the whole system and keep it running until Ctrl-C."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--no-demo", action="store_true", help="leave an empty database empty")
        parser.add_argument("--no-shop", action="store_true", help="do not start the demo's simulated shop")

    def handle(self, *_args: Any, **options: Any) -> None:
        lock = take_data_dir(settings.DATA_DIR)
        refuse_busy_port(settings.HOST, settings.PORT)
        supervisor = Supervisor(
            state_file=settings.DATA_DIR / "up.json", say=self.say, about={"address": address(), "redis_url": ""}
        )
        supervisor.listen()
        try:
            self.run(supervisor, with_demo=not options["no_demo"], with_shop=not options["no_shop"])
        finally:
            supervisor.stop()
            lock.close()
        self.say("Stopped.")

    def run(self, supervisor: Supervisor, *, with_demo: bool, with_shop: bool) -> None:
        """Start everything in order, say where it is, and keep it alive."""
        redis_url = self.start_broker(supervisor)
        env = environment(redis_url)
        self.say("Bringing the database up to date …")
        call_command("migrate", interactive=False, verbosity=0)
        empty = not Customer.objects.exists()
        connection.close()
        if empty and with_demo and supervisor.run_once(manage("demo"), env) != 0:
            if supervisor.stopping:
                return
            raise CommandError("The demo could not be loaded; `manage.py up --no-demo` starts without it.")
        for child in system(env, with_shop=with_shop and bool(demo_keys(settings.DATA_DIR))):
            supervisor.start(child)
        if supervisor.keep_alive(until=web_answers, timeout=READY_SECONDS):
            self.welcome()
        elif not supervisor.stopping:
            raise CommandError(f"The web server does not answer; see {settings.DATA_DIR / 'logs' / 'web.log'}")
        supervisor.keep_alive()
        self.say("Stopping …")

    def start_broker(self, supervisor: Supervisor) -> str:
        """Start the embedded broker unless REDIS_URL names another one; return the address of the one to use."""
        if os.environ.get("REDIS_URL"):
            broker, url = None, str(settings.REDIS_URL)
        else:
            broker = make_broker()
            url = broker.url
            log = settings.DATA_DIR / "logs" / "broker.log"
            supervisor.about["redis_url"] = url
            supervisor.start(Child("broker", broker.command, dict(os.environ), log, grace_seconds=5))
        if not supervisor.keep_alive(until=lambda: broker_answers(url), timeout=10) and not supervisor.stopping:
            where = "REDIS_URL" if broker is None else "The embedded broker"
            raise CommandError(f"{where} does not answer.")
        supervisor.about["redis_url"] = url
        return url

    def welcome(self) -> None:
        """Print where it runs and how to enter."""
        keys = demo_keys(settings.DATA_DIR)
        lines = [f"Microattentions runs at {address()}"]
        if keys:
            lines.append(f"  Sign in as {keys['username']} with the password {keys['password']}")
            lines.append(f"  The demo's API key is in {demo_keys_path(settings.DATA_DIR)}")
        else:
            lines.append("  Make a login: manage.py createsuperuser; an API key: manage.py create_api_key NAME")
        lines.append(f"  Logs are in {settings.DATA_DIR / 'logs'}. Ctrl-C stops everything.")
        self.say("\n".join(lines))

    def say(self, text: str) -> None:
        """Print for the operator, at once even into a pipe; a closed terminal is no reason to stop badly."""
        with suppress(OSError, ValueError):
            self.stdout.write(text)
            self.stdout.flush()


def address() -> str:
    """Return the address to open in a browser on this machine."""
    host = "127.0.0.1" if settings.HOST in ("0.0.0.0", "::", "") else settings.HOST  # noqa: S104 - read, not bound
    return f"http://{'[' + host + ']' if ':' in host else host}:{settings.PORT}"


def take_data_dir(data_dir: Path) -> Any:
    """Return a lock on `data_dir`, held while the file is open; raises CommandError where another supervisor has it."""
    file = (data_dir / "up.lock").open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise CommandError(
            f"Another `manage.py up` already runs on {data_dir}. Stop it first, or choose another DATA_DIR."
        ) from None
    return file


def refuse_busy_port(host: str, port: int) -> None:
    """Raise CommandError where somebody already listens on the port."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with closing(socket.socket(family)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise CommandError(
                f"Port {port} on {host} cannot be used ({error.strerror}). Choose another one: PORT={port + 1} make run"
            ) from None


def make_broker() -> EmbeddedBroker:
    """Return the embedded broker; raises CommandError where this machine has none."""
    try:
        return embedded_broker(settings.DATA_DIR)
    except NoBrokerError as error:
        raise CommandError(str(error)) from None


def broker_answers(url: str) -> bool:
    """Tell whether a PING comes back."""
    try:
        with closing(redis.Redis.from_url(url, socket_connect_timeout=1, socket_timeout=1)) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False


def web_answers() -> bool:
    """Tell whether the web server answers."""
    try:
        with urllib.request.urlopen(f"{address()}/healthz", timeout=2) as answer:  # noqa: S310 - our own address
            return bool(answer.status == 200)
    except urllib.error.HTTPError:
        return True  # it speaks, even if not to this Host name
    except OSError:
        return False
