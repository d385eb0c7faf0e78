"""A PostgreSQL database for the time of one measure, and the process of its own that measures in it."""

import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

from bench.figures import Figure


@contextmanager
def database(measure: str) -> Iterator[str]:
    """Yield the address of a new database on the server of DATABASE_URL, dropped at the end.

    Raises RuntimeError where DATABASE_URL is no PostgreSQL.
    """
    url = os.environ.get("DATABASE_URL", "")
    if not url.startswith("postgres"):
        raise RuntimeError(f"{measure} is measured on a PostgreSQL: DATABASE_URL must name one")
    import psycopg

    name = f"bench_{measure}_{uuid.uuid4().hex[:8]}"
    parts = urlsplit(url)
    with psycopg.connect(urlunsplit(parts._replace(path="/postgres")), autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{name}"'.encode())
        try:
            yield urlunsplit(parts._replace(path=f"/{name}"))
        finally:
            server.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())


def measured(measure: str, size: int) -> list[Figure]:
    """Return what `python -m bench.<measure> --measure <size>` prints last, run on a database of its own: the peak
    memory of that process is then the measure's alone."""
    with database(measure) as url:
        command = [sys.executable, "-m", f"bench.{measure}", "--measure", str(size)]
        environment = os.environ | {"DATABASE_URL": url, "LOG_LEVEL": "ERROR"}
        done = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    figures: list[Figure] = json.loads(done.stdout.splitlines()[-1])
    return figures


def main(run: Callable[..., list[Figure]], measure: Callable[[int], list[Figure]]) -> None:
    """Be the measuring process, or `python -m bench.<measure> [size]`: print the figures, a line each."""
    if sys.argv[1:2] == ["--measure"]:
        print(json.dumps(measure(int(sys.argv[2]))))
    else:
        for figure in run(*map(int, sys.argv[1:2])):
            print(json.dumps(figure, ensure_ascii=False))


def set_up() -> None:
    """Load Django on the database of this process."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "microattentions.settings")
    django.setup()


def migrate() -> None:
    """Make the tables."""
    from django.core.management import call_command

    call_command("migrate", verbosity=0)


# Building an index over all rows takes a fraction of what keeping it for each row would.
_BARE: Final = """
    CREATE TEMP TABLE bench_index AS SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
        AND tablename IN ('campaigns_customer', 'campaigns_order', 'campaigns_event')
        AND indexname NOT IN (SELECT conname FROM pg_constraint);
    DO $$ DECLARE found record; BEGIN
        FOR found IN SELECT indexname FROM bench_index LOOP EXECUTE format('DROP INDEX %I', found.indexname); END LOOP;
    END $$;
"""
_INDEXED: Final = """
    SET maintenance_work_mem = '1GB';
    DO $$ DECLARE found record; BEGIN
        FOR found IN SELECT indexdef FROM bench_index LOOP EXECUTE found.indexdef; END LOOP;
    END $$;
    RESET maintenance_work_mem;
"""


def fill(statements: str) -> None:
    """Run the statements that fill the tables, make them as ready as an old database, and say how long that took."""
    began = time.perf_counter()
    sql(_BARE)
    sql(statements)
    sql(_INDEXED)
    sql("VACUUM ANALYZE")
    print(f"filled in {time.perf_counter() - began:.0f} s", file=sys.stderr)


def sql(statement: str) -> list[tuple[Any, ...]]:
    """Run a statement (or several) and return the rows of the last."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []


def seconds(job: Callable[[], object]) -> float:
    """Return how long `job` takes, after a checkpoint: what was written before is not its affair."""
    sql("CHECKPOINT")
    began = time.perf_counter()
    job()
    return time.perf_counter() - began
