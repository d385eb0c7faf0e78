"""What happens to whole servers: a backup restored, the web server killed while facts come in, PostgreSQL restarted."""

import json
import os
import shutil
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections import Counter
from contextlib import suppress
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.contrib.auth.models import User
from django.db import close_old_connections, connection, connections
from django.test import Client

from campaigns import clock
from campaigns.api.authentication import make_key
from campaigns.models import Customer, Order
from microattentions.up.broker import free_port
from microattentions.up.processes import web_command
from tests.chaos.arena import Arena, Row
from tests.chaos.cluster import restart
from triggers import epoch, redis_link
from triggers.dispatch import dispatch
from triggers.models import Epoch
from triggers.planner import plan


def backups_restored(arena: Arena, amount: int) -> Row:
    """Put an hour-old copy of the database in place of the database: nothing may be sent until it is released.

    Each round one of the two witnesses is lost as well. The shop posts the lost hour's orders again, and new ones.
    """
    row = Row("hour-old backup restored", f"{amount}")
    for number in range(amount):
        arena.orders(10)
        plan(clock.now())
        dispatch(limit=5)
        backup = _copy_database(arena.folder / f"backup-{number}")
        arena.set_clock(clock.now() + timedelta(hours=1))
        first = Order.objects.count()
        arena.orders(10)
        plan(clock.now())
        dispatch()
        lost_orders = [f"o-c-{index}" for index in range(first, first + 10)]
        _restore_database(backup)
        if number % 2:
            epoch.path().unlink()
        else:
            redis_link.ask(lambda redis: redis.flushdb())
        before = len(arena.sink.log())
        arena.orders(10, last=clock.now())
        if {order.external_id for order in Order.objects.order_by("-pk")[:10]} != set(lost_orders):
            row.wrong.append("the shop did not post the same orders again")
        plan(clock.now())
        workers = [arena.fork(partial(dispatch, seconds=2)) for _worker in range(2)]
        for worker in workers:
            arena.reap(worker)
        dispatch()
        if len(arena.sink.log()) != before or Epoch.get().held_at is None:
            row.wrong.append("a restored database sent without being released")
        arena.set_clock(clock.now() + timedelta(minutes=10))
        epoch.release(by="chaos", skip_lost=True, now=clock.now())
        arena.set_clock(clock.now() + timedelta(minutes=10))
        arena.orders(5)
        plan(clock.now())
        dispatch()
    arena.settle()
    sent = Counter(line["to"] for line in arena.sink.log())
    row.doubles = sum(times - 1 for times in sent.values())
    row.lost = sum(email not in sent for email in Customer.objects.values_list("email", flat=True))
    return row


def _copy_database(target: Path) -> str:
    """Return the name under which a copy of the database is kept."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM INTO %s", [str(target)])
        return str(target)
    name = f"{connection.settings_dict['NAME']}_{target.name.replace('-', '_')}"
    _on_server(f'CREATE DATABASE "{name}" TEMPLATE "{connection.settings_dict["NAME"]}"')
    return name


def _restore_database(copy: str) -> None:
    own = str(connection.settings_dict["NAME"])
    if connection.vendor == "sqlite":
        connections.close_all()
        for suffix in ("-wal", "-shm"):
            Path(own + suffix).unlink(missing_ok=True)
        shutil.copyfile(copy, own)
        return
    _on_server(f'DROP DATABASE "{own}" WITH (FORCE)', f'ALTER DATABASE "{copy}" RENAME TO "{own}"')


def _on_server(*statements: str) -> None:
    connections.close_all()
    known = connection.settings_dict
    reached = {"host": known["HOST"], "port": known["PORT"], "user": known["USER"], "password": known["PASSWORD"]}
    with psycopg.connect(dbname="postgres", autocommit=True, **{k: v for k, v in reached.items() if v}) as server:
        for statement in statements:
            server.execute(statement.encode())


def web_killed(arena: Arena, amount: int) -> Row:
    """Kill -9 a process of the web server, or all of it, while a shop posts; it posts again until it is told yes."""
    _row, key = make_key("Chaos", ["ingest"])
    port = free_port()
    web = _start_web(port, arena.folder)
    acknowledged = 0
    try:
        for number in range(amount):
            items = [item for index in range(number * 20, number * 20 + 20) for item in _facts(index)]
            stop_at = time.monotonic() + 180
            victims = [web.pid, *_children(web.pid)]
            killing = arena.random.uniform(0, 0.15)
            poster = arena.fork(partial(_post_until_acknowledged, port, key, items, stop_at))
            time.sleep(killing)
            victim = arena.random.choice(victims)
            with suppress(ProcessLookupError):
                os.kill(victim, signal.SIGKILL)
            if victim == web.pid:
                _kill_group(web)
                web = _start_web(port, arena.folder)
            acknowledged += 20 * (arena.reap(poster) == 0)
    finally:
        _kill_group(web)
    plan(clock.now())
    arena.settle()
    row = arena.check("kill -9 the web server during ingest", f"{amount} over {amount * 20} orders")
    stored = Counter(Order.objects.values_list("external_id", flat=True))
    row.lost += amount * 20 - len(stored)
    if acknowledged < amount * 20:
        row.wrong.append(f"only {acknowledged} orders were acknowledged")
    if wrong := Customer.objects.exclude(orders_count=1, total_spent=5990).count():
        row.wrong.append(f"{wrong} customers whose totals are wrong")
    return row


def _facts(index: int) -> list[dict[str, Any]]:
    name, now = f"w-{index}", clock.now().isoformat()
    order = {"type": "order", "id": f"o-{name}", "customer": name, "placed_at": now, "updated_at": now}
    return [
        {"type": "customer", "id": name, "email": f"{name}@maison-the.test", "first_name": "N", "language": "fr"},
        {"type": "consent", "customer": name, "channel": "email", "granted": True, "given_at": "2025-01-01T00:00:00Z"},
        order | {"currency": "EUR", "total": "59.90", "status": "paid"},
    ]


def _post_until_acknowledged(port: int, key: str, items: list[dict[str, Any]], stop_at: float) -> None:
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    body = json.dumps({"batch": items}).encode()
    while time.monotonic() < stop_at:
        with suppress(OSError, urllib.error.URLError, ValueError):
            request = urllib.request.Request(f"http://127.0.0.1:{port}/api/v1/batch", body, headers)
            with urllib.request.urlopen(request, timeout=10) as answer:
                if all(result["result"] != "rejected" for result in json.load(answer)["results"]):
                    return
        time.sleep(0.1)
    raise TimeoutError("never acknowledged")


def _start_web(port: int, folder: Path) -> subprocess.Popen[bytes]:
    with (folder / "web.log").open("ab") as log:
        environment = os.environ | {"CLOCK_FILE": settings.CLOCK_FILE}
        return subprocess.Popen(
            web_command("127.0.0.1", port), env=environment, stdout=log, stderr=log, start_new_session=True
        )


def _children(pid: int) -> list[int]:
    listed = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in listed.read_text().split()] if listed.exists() else []


def _kill_group(web: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(web.pid, signal.SIGKILL)
    web.wait()


def postgresql_restarted(arena: Arena, amount: int) -> Row:
    """Restart a PostgreSQL of our own while workers send and pages are asked for: 503 and when to come back, no 500."""
    arena.orders(amount * 30)
    plan(clock.now())
    arena.sink.misbehave({"slow:0.01": 1.0})
    workers = [arena.work(), arena.work()]
    asking = arena.fork(partial(_ask_pages, arena.folder / "answers"))
    for number in range(amount):
        time.sleep(arena.random.uniform(0.1, 0.6))
        arena.note_in_flight()
        connections.close_all()
        restart(("immediate", "fast")[number % 2])
        _wait_for_database()
        arena.note_in_flight()
        for worker in workers:
            arena.kill(worker)
        workers = [arena.work(), arena.work()]
    time.sleep(1)
    arena.kill(asking)
    arena.settle()
    row = arena.check("PostgreSQL restarted", f"{amount} over {amount * 30} sends")
    answers = Counter((arena.folder / "answers").read_text().split())
    if set(answers) - {"fine", "503"} or not answers["fine"]:
        row.wrong.append(f"pages answered {dict(answers)}")
    row.amount += f", {answers['fine']} pages, {answers['503']} × 503"
    return row


def _wait_for_database() -> None:
    end = time.monotonic() + 30
    while time.monotonic() < end:
        with suppress(Exception):
            connections.close_all()
            connection.ensure_connection()
            return
        time.sleep(0.1)
    raise TimeoutError("PostgreSQL did not come back")


def _ask_pages(path: Path) -> None:
    """Ask for a page that reads the session, the user and the shop, again and again; write down what it answered."""
    client = Client(raise_request_exception=False)
    client.force_login(User.objects.create_superuser("chaos"))
    with path.open("a") as answers:
        while True:
            # As a server does before each request, and the test client keeps Django from.
            close_old_connections()
            answer = client.get("/studio/campaigns/shop/")
            told = "503" if answer.status_code == 503 and answer.has_header("Retry-After") else f"{answer.status_code}?"
            answers.write("fine\n" if answer.status_code == 302 else f"{told}\n")
            answers.flush()
            time.sleep(0.05)
