"""`python -m tests.chaos [--profile full] [--faults kills,clock] [--seed 7] [--mutants] [--write]`: prints the table.

Uses DATABASE_URL's server (a database of its own, dropped afterwards), else SQLite in a folder of its own; REDIS_URL,
else a Valkey of its own. Ends with 1 where an invariant is broken, or where a mutant went unnoticed. A run that was
broken off goes on with `--faults`; `--write` puts each line into docs/chaos.md as it comes, in place of an older one.
"""

import argparse
import json
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
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit, urlunsplit

from microattentions.up.broker import embedded_broker
from tests.chaos.cluster import VARIABLE, cluster, possible

if TYPE_CHECKING:
    from tests.chaos.arena import Row
    from tests.chaos.faults import Fault

LEASE_SECONDS = 2
TABLE = Path(__file__).resolve().parents[2] / "docs" / "chaos.md"
HEAD = ("fault", "amount", "doubles", "lost", "false accepted", "unknown", "quarantined", "after withdrawal", "s")

# Of what was wrong with a fault, and of what its workers said.
_SHOWN: Final = 10


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--profile", choices=("short", "full"), default="short")
    parser.add_argument("--faults", default="", help="names with commas between; all without")
    parser.add_argument("--share", type=float, default=1.0, help="of each amount")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--write", action="store_true", help="keep each line in docs/chaos.md")
    parser.add_argument("--mutants", action="store_true", help="show that each mutant turns the suite red")
    parser.add_argument("--mutant", default="", help="break one thing, and stop at the first red line")
    parser.add_argument("--row", action="store_true", help="print bare rows, for a run within a run")
    given = parser.parse_args()
    if given.mutants:
        return judge_mutants(given.seed)
    with tempfile.TemporaryDirectory(prefix="chaos-") as folder, database(Path(folder)), broker(Path(folder)):
        return run(Path(folder), given)


@contextmanager
def broker(folder: Path) -> Iterator[None]:
    """Point REDIS_URL at a Valkey of our own unless it is set."""
    if os.environ.get("REDIS_URL"):
        yield
        return
    embedded = embedded_broker(folder)
    process = subprocess.Popen(embedded.command, stdout=subprocess.DEVNULL)
    os.environ["REDIS_URL"] = embedded.url
    try:
        yield
    finally:
        process.kill()
        process.wait()


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

    from tests.chaos.faults import FAULTS
    from tests.chaos.mutants import BY_SMTP, MUTANTS

    # Forged callbacks and broken connections are what is asked for; what goes wrong is in the table.
    logging.disable(logging.CRITICAL)
    call_command("migrate", verbosity=0)
    if given.mutant:
        (MUTANTS | BY_SMTP)[given.mutant][0]()
    wanted = set(filter(None, given.faults.split(",")))
    if unknown := wanted - {fault.name for fault in FAULTS}:
        print(f"no such fault: {', '.join(sorted(unknown))}; there are {', '.join(fault.name for fault in FAULTS)}")
        return 2
    part = f", {given.share:g} of each amount" if given.share != 1 else ""
    about = (
        f"{given.profile} profile{part}, {connection.vendor}, "
        f"{platform.machine()}, {os.cpu_count()} cores, {datetime.now(UTC):%Y-%m-%d}, seed {given.seed}"
    )
    if not given.row:
        print(about, flush=True)
        print(line(*HEAD), flush=True)
    rows: list[Row] = []
    for fault in FAULTS:
        if (wanted and fault.name not in wanted) or (fault.postgresql_only and connection.vendor == "sqlite"):
            continue
        if fault.own_cluster and not os.environ.get(VARIABLE):
            row = run_in_own_cluster(folder, fault, given)
        else:
            row = run_one(folder, fault, given)
        connections.close_all()
        if row is None:
            print(f"    {fault.name} is left out: it needs initdb and setpriv", flush=True)
            continue
        print(json.dumps(asdict(row)) if given.row else line(*cells(row)), flush=True)
        for what in [] if given.row else row.wrong[:_SHOWN]:
            print(f"    wrong: {what}", flush=True)
        rows.append(row)
        if given.write:
            keep(row, fault.name, about, connection.vendor)
        if given.mutant and row.red:
            break
    return int(any(row.red for row in rows))


def run_one(folder: Path, fault: "Fault", given: argparse.Namespace) -> "Row":
    """Run one fault in an arena of its own."""
    from tests.chaos.arena import Arena

    began = time.monotonic()
    with Arena(folder / fault.name, given.seed, fault.provider) as arena:
        row = fault.run(arena, max(1, round(fault.amount(given.profile) * given.share)))
        if row.red:
            row.wrong += arena.complaints()
    row.seconds = time.monotonic() - began
    return row


def run_in_own_cluster(folder: Path, fault: "Fault", given: argparse.Namespace) -> "Row | None":
    """Run one fault in a process of its own on a PostgreSQL of its own; None where there is no initdb."""
    from tests.chaos.arena import Row

    if not possible():
        return None
    same = ["--profile", given.profile, "--share", str(given.share), "--seed", str(given.seed)]
    command = [sys.executable, "-m", "tests.chaos", "--row", "--faults", fault.name, *same]
    with cluster(folder) as environment:
        done = subprocess.run(command, env=os.environ | environment, capture_output=True, text=True, check=False)
    try:
        return Row(**json.loads(done.stdout.splitlines()[-1]))
    except (IndexError, ValueError) as error:
        raise RuntimeError(f"{fault.name} broke off: {done.stderr[-2000:]}") from error


def cells(row: "Row") -> tuple[str, ...]:
    """Return one line of the table."""
    numbers = (row.doubles, row.lost, row.false_accepted, row.unknown, row.quarantined, row.after_withdrawal)
    return (row.fault, row.amount, *map(str, numbers), f"{row.seconds:.0f}")


def keep(row: "Row", name: str, about: str, vendor: str) -> None:
    """Put the line into docs/chaos.md, in place of the same fault's on the same database."""
    text = TABLE.read_text(encoding="utf-8")
    mark = f"<!-- {name} {vendor} -->"
    verdict = "**red**" if row.red else "held"
    written = f"| {' | '.join((*cells(row), vendor, verdict, about.rpartition(', seed')[0]))} | {mark}"
    lines = [known for known in text.splitlines() if not known.endswith(mark)]
    at = max(
        (place for place, known in enumerate(lines) if known.startswith("|") and known.endswith("-->")), default=None
    )
    if at is None:
        at = max(place for place, known in enumerate(lines) if known.startswith("|---"))
    lines.insert(at + 1, written)
    TABLE.write_text("\n".join(lines) + "\n", encoding="utf-8")


def line(*cells: str) -> str:
    """Return one line of the table, in Markdown."""
    widths = (58, 24, 7, 4, 14, 7, 11, 16, 4)
    return "| " + " | ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)) + " |"


def judge_mutants(seed: int) -> int:
    """Run each mutant against the faults that should notice it; return 1 where one goes unnoticed."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "microattentions.settings")
    django.setup()
    from tests.chaos.mutants import BY_SMTP, MUTANTS

    caught = set()
    for name, (_mutate, faults) in (MUTANTS | BY_SMTP).items():
        command = [sys.executable, "-m", "tests.chaos", "--mutant", name, "--faults", ",".join(faults)]
        done = subprocess.run([*command, "--seed", str(seed)], capture_output=True, text=True, check=False)
        red = done.returncode == 1 and "Traceback" not in done.stderr
        if red:
            caught.add(name)
        print(f"{'red' if red else 'GREEN'}: {name}", flush=True)
        print("".join(f"    {text}\n" for text in (done.stdout + done.stderr[-2000:]).splitlines()[2:]), end="")
    print(f"{len(caught & MUTANTS.keys())} of {len(MUTANTS)} mutants turned the suite red")
    print(f"{len(caught & BY_SMTP.keys())} of {len(BY_SMTP)} more, by SMTP")
    return int(len(caught) < len(MUTANTS | BY_SMTP))


if __name__ == "__main__":
    sys.exit(main())
