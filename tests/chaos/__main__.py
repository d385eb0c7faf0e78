"""`python -m tests.chaos [--profile full] [--faults kills,clock] [--seed 7] [--mutants]`: prints the table.

Uses DATABASE_URL's server (a database of its own, dropped afterwards), else SQLite in a folder of its own. Ends with 1
where an invariant is broken, or where a mutant went unnoticed.
"""

import argparse
import logging
import os
import platform
import random
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

LEASE_SECONDS = 2


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--profile", choices=("short", "full"), default="short")
    parser.add_argument("--faults", default="", help="names with commas between; all without")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--mutants", action="store_true", help="show that each mutant turns the suite red")
    parser.add_argument("--mutant", default="", help="break one thing, and stop at the first red line")
    given = parser.parse_args()
    if given.mutants:
        return judge_mutants(given.seed)
    with tempfile.TemporaryDirectory(prefix="chaos-") as folder, database(Path(folder)):
        return run(Path(folder), given)


@contextmanager
def database(folder: Path) -> Iterator[None]:
    """Point the environment at an empty database."""
    quick = {
        "DATA_DIR": str(folder / "data"),
        "DISPATCH_LEASE_SECONDS": str(LEASE_SECONDS),
        "DISPATCH_CONNECTIONS": "4",
        "SENDGRID_API_KEY": "SG.chaos",
        "RECIPIENT_ALLOW_LIST": "@maison-the.test",
        "LOG_LEVEL": "ERROR",
        "DJANGO_SETTINGS_MODULE": "microattentions.settings",
        "SECRET_KEY": "a-secret-of-the-chaos-that-protects-nothing-at-all-0123456789",
    }
    os.environ.update(quick)
    url = os.environ.get("DATABASE_URL", "")
    if not url.startswith("postgres"):
        os.environ.pop("DATABASE_URL", None)
        yield
        return
    import psycopg

    parts, name = urlsplit(url), f"chaos_{uuid.uuid4().hex[:12]}"
    maintenance = urlunsplit(parts._replace(path="/postgres"))
    with psycopg.connect(maintenance, autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{name}"'.encode())
    os.environ["DATABASE_URL"] = urlunsplit(parts._replace(path=f"/{name}"))
    try:
        yield
    finally:
        with psycopg.connect(maintenance, autocommit=True) as server:
            server.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'.encode())


def run(folder: Path, given: argparse.Namespace) -> int:
    """Run the faults and print the table; return 1 where a line is red."""
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection, connections

    from tests.chaos.arena import Arena, Row
    from tests.chaos.faults import FAULTS
    from tests.chaos.mutants import MUTANTS

    # Forged callbacks and broken connections are what is asked for; what goes wrong is in the table.
    logging.disable(logging.CRITICAL)
    call_command("migrate", verbosity=0)
    if given.mutant:
        MUTANTS[given.mutant][0]()
    wanted = set(filter(None, given.faults.split(",")))
    print(f"seed {given.seed}, {given.profile} profile, {connection.vendor}, {platform.machine()}, "
          f"{os.cpu_count()} cores, {datetime.now(UTC):%Y-%m-%d}", flush=True)  # fmt: skip
    rows: list[Row] = []
    print(line("fault", "amount", "doubles", "lost", "false accepted", "unknown", "after withdrawal", "s"), flush=True)
    for fault in FAULTS:
        if (wanted and fault.name not in wanted) or (fault.postgresql_only and connection.vendor == "sqlite"):
            continue
        began = time.monotonic()
        with Arena(folder / fault.name, given.seed) as arena:
            row = fault.run(arena, fault.amount(given.profile))
        took = f"{time.monotonic() - began:.0f}"
        numbers = (row.doubles, row.lost, row.false_accepted, row.unknown, row.after_withdrawal)
        print(line(row.fault, row.amount, *map(str, numbers), took), flush=True)
        for what in row.wrong[:5]:
            print(f"    wrong: {what}", flush=True)
        rows.append(row)
        if given.mutant and row.red:
            break
    connections.close_all()
    return int(any(row.red for row in rows))


def line(*cells: str) -> str:
    """Return one line of the table, in Markdown."""
    widths = (58, 24, 7, 4, 14, 7, 16, 4)
    return "| " + " | ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)) + " |"


def judge_mutants(seed: int) -> int:
    """Run each mutant against the faults that should notice it; return 1 where one goes unnoticed."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "microattentions.settings")
    django.setup()
    from tests.chaos.mutants import MUTANTS

    caught = 0
    for name, (_mutate, faults) in MUTANTS.items():
        command = [sys.executable, "-m", "tests.chaos", "--mutant", name, "--faults", ",".join(faults)]
        done = subprocess.run([*command, "--seed", str(seed)], capture_output=True, text=True, check=False)
        red = done.returncode == 1 and "Traceback" not in done.stderr
        caught += red
        print(f"{'red' if red else 'GREEN'}: {name}", flush=True)
        print("".join(f"    {text}\n" for text in (done.stdout + done.stderr[-2000:]).splitlines()[2:]), end="")
    print(f"{caught} of {len(MUTANTS)} mutants turned the suite red")
    return int(caught < len(MUTANTS))


if __name__ == "__main__":
    sys.exit(main())
