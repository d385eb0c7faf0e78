"""Events and orders stored through `/api/v1/batch`, beside the bare `jsonb_to_recordset` insert of the same rows.

`run()` makes a throw-away PostgreSQL database on the server of DATABASE_URL, starts our own web server on it, and lets
as many clients post as connections insert. The bare insert writes into a table of the same columns, types and indexes
that has no foreign keys. Rounds of both alternate, so that a busy machine slows both. By itself:
`python -m bench.ingest`.
"""

import http.client
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any, Final

from bench import throwaway
from bench.figures import Figure, peak_memory, rate

SIDE_BY_SIDE: Final = 4
ROUNDS: Final = 5
BATCH: Final = 1000
CUSTOMERS: Final = 20_000
START: Final = datetime(2025, 1, 1, tzinfo=UTC)
EVENT_COLUMNS: Final = (
    "external_id varchar(200), customer_id bigint, anonymous_id varchar(200), name varchar(100), "
    "occurred_at timestamptz, properties jsonb, recorded_at timestamptz"
)
ORDER_COLUMNS: Final = (
    "external_id varchar(200), customer_id bigint, placed_at timestamptz, status varchar(10), channel varchar(40), "
    "gift bool, test bool, total bigint, tax bigint, shipping bigint, discount bigint, refunded bigint, "
    "discount_codes jsonb, lines jsonb, updated_at timestamptz, created_at timestamptz"
)


def event(number: int) -> dict[str, Any]:
    """Return an event of the usual size."""
    return {
        "type": "event",
        "id": f"e-{number}",
        "customer": f"c-{number * 7919 % CUSTOMERS}",
        "name": ("view_item", "add_to_cart", "page_view")[number % 3],
        "occurred_at": (START + timedelta(seconds=number)).isoformat(),
        "properties": {"sku": f"TEA-{number % 500}", "price": 12.5, "source": "newsletter", "position": number % 9},
    }


def order(number: int) -> dict[str, Any]:
    """Return an order of two lines."""
    placed = (START + timedelta(minutes=number)).isoformat()
    line = {"name": "Thé vert", "category": "tea", "quantity": 2, "unit_price": "12.50"}
    return {
        "type": "order",
        "id": f"o-{number}",
        "customer": f"c-{number * 7919 % CUSTOMERS}",
        "placed_at": placed,
        "currency": "EUR",
        "total": "50.00",
        "tax": "8.33",
        "shipping": "4.90",
        "status": "paid",
        "channel": "web",
        "lines": [{"sku": "TEA-1"} | line, {"sku": "TEA-2"} | line],
        "updated_at": placed,
    }


def event_row(item: dict[str, Any], ids: dict[str, int]) -> dict[str, Any]:
    """Return the row that an event becomes."""
    names = ("name", "occurred_at", "properties")
    row = {"external_id": item["id"], "customer_id": ids[item["customer"]], "anonymous_id": ""}
    return row | {name: item[name] for name in names} | {"recorded_at": START.isoformat()}


def order_row(item: dict[str, Any], ids: dict[str, int]) -> dict[str, Any]:
    """Return the row that an order becomes."""
    names = ("placed_at", "status", "channel", "lines", "updated_at")
    money = {"total": 5000, "tax": 833, "shipping": 490, "discount": 0, "refunded": 0}
    row = {"external_id": item["id"], "customer_id": ids[item["customer"]], "gift": False, "test": False}
    rest = {"discount_codes": [], "created_at": START.isoformat()}
    return row | {name: item[name] for name in names} | money | rest


def run(size: int = 20_000) -> list[Figure]:
    """Return the figures for rounds of `size` events and `size` / 2 orders; raises RuntimeError without PostgreSQL."""
    with throwaway.database("ingest") as url, tempfile.TemporaryDirectory() as folder:
        own = {"DATABASE_URL": url, "DATA_DIR": folder, "API_REQUESTS_A_MINUTE": "0", "LOG_LEVEL": "WARNING"}
        return _measure(size, os.environ | own)


def _measure(size: int, environment: dict[str, str]) -> list[Figure]:
    def manage(*words: str) -> str:
        command = [sys.executable, "manage.py", *words]
        return subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout

    manage("migrate", "--verbosity=0")
    key = manage("create_api_key", "bench", "--scopes", "ingest").splitlines()[-1]
    with _web(environment) as (port, web):
        post = _Poster(port, key)
        post.all([{"type": "customer", "id": f"c-{number}"} for number in range(CUSTOMERS)])
        events = _compare(environment["DATABASE_URL"], "campaigns_event", EVENT_COLUMNS, post, event, event_row, size)
        _execute(
            environment["DATABASE_URL"],
            "INSERT INTO campaigns_tier (slug, name, basis, period, threshold, rank) VALUES "
            "('silver', 'Silver', 'spent', 'ever', 10000, 1), ('gold', 'Gold', 'spent', 'ever', 20000, 2), "
            "('regular', 'Regular', 'orders', 'ever', 2, 0)",
        )
        orders = _compare(
            environment["DATABASE_URL"], "campaigns_order", ORDER_COLUMNS, post, order, order_row, size // 2
        )
        memory = max(_peak_memory(pid) for pid in _children(web.pid))
    of = "the bare insert"
    return [
        rate("events by /batch", events[0], "events/s", events[1], 0.4, of),
        rate("orders by /batch, with totals and tiers", orders[0], "orders/s", orders[1], 0.12, of),
        peak_memory("web process", 300, memory),
    ]


def _compare(
    url: str,
    table: str,
    columns: str,
    post: "_Poster",
    item: Callable[[int], dict[str, Any]],
    as_row: Callable[[dict[str, Any], dict[str, int]], dict[str, Any]],
    size: int,
) -> tuple[float, float]:
    """Return (rows a second through the API, rows a second bare), medians of the rounds."""
    _execute(url, f"CREATE TABLE bare_{table} (LIKE {table} INCLUDING ALL)")
    ids = dict(_execute(url, "SELECT external_id, id FROM campaigns_customer"))
    names = ", ".join(part.split()[0] for part in columns.split(", "))
    insert = (
        f"INSERT INTO bare_{table} ({names}) SELECT {names} FROM jsonb_to_recordset(%s::jsonb) AS x({columns}) "
        "ON CONFLICT (external_id) DO NOTHING"
    )
    ours, bare = [], []
    for number in range(ROUNDS + 1):
        items = [item(n) for n in range(number * size, (number + 1) * size)]
        bodies = [json.dumps([as_row(i, ids) for i in part]) for part in _parts(items)]
        bare.append(size / _insert_all(url, insert, bodies))
        ours.append(size / post.all(items))
    stored = _execute(url, f"SELECT (SELECT count(*) FROM {table}), (SELECT count(*) FROM bare_{table})")[0]
    assert stored == (size * (ROUNDS + 1),) * 2, stored
    # The first round warms both up.
    return median(ours[1:]), median(bare[1:])


class _Poster:
    """Posts batches, some side by side, each over its own kept-alive connection."""

    def __init__(self, port: int, key: str) -> None:
        self.port = port
        self.headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}

    def all(self, items: Sequence[dict[str, Any]]) -> float:
        """Return the seconds that posting `items` takes; every one must be created."""
        bodies = [json.dumps({"batch": part}).encode() for part in _parts(items)]
        return _side_by_side(self._post, bodies)

    def _post(self, bodies: list[bytes]) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        for body in bodies:
            connection.request("POST", "/api/v1/batch", body, self.headers)
            with connection.getresponse() as response:
                told = response.read()
                assert response.status == 200, told
                assert told.count(b'"created"') == min(BATCH, body.count(b'"type"')), told[:500]
        connection.close()


def _insert_all(url: str, insert: str, bodies: list[str]) -> float:
    import psycopg

    def insert_some(mine: list[str]) -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            for body in mine:
                connection.execute(insert.encode(), [body])

    return _side_by_side(insert_some, bodies)


def _side_by_side[T](work: Callable[[list[T]], None], parts: list[T]) -> float:
    start = time.perf_counter()
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        for done in [pool.submit(work, parts[first::SIDE_BY_SIDE]) for first in range(SIDE_BY_SIDE)]:
            done.result()
    return time.perf_counter() - start


def _parts(items: Sequence[dict[str, Any]]) -> list[Sequence[dict[str, Any]]]:
    return [items[first : first + BATCH] for first in range(0, len(items), BATCH)]


def _execute(url: str, statement: str) -> list[tuple[Any, ...]]:
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


@contextmanager
def _web(environment: dict[str, str]) -> "Iterator[tuple[int, subprocess.Popen[bytes]]]":
    """Start the web server of `make run` and yield its port and process."""
    from microattentions.up.processes import web_command

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    web = subprocess.Popen(web_command("127.0.0.1", port), env=environment)
    try:
        for _attempt in range(100):
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                time.sleep(0.1)
        yield port, web
    finally:
        web.terminate()
        web.wait(timeout=20)


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _peak_memory(pid: int) -> float:
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) / 1024 if found else 0.0


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "microattentions.settings")
    print(json.dumps(run(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000), indent=1, ensure_ascii=False))
