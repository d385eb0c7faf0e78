"""Temporary tables and views that stand before the real ones of one connection, under the same names.

Both databases look for a name among a connection's temporary tables first, so code that knows nothing of it reads and
writes the shadows. They vanish with the connection; and inside `only_shadows` the database itself refuses any write to
a real table.
"""

import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from django.db import DatabaseError, connection, transaction
from django.db.models import Model

# Rows made in a shadow are numbered from here: no link in a rehearsed message can lead to a real delivery.
FIRST_ID: Final = 10**15


def real(table: str) -> str:
    """Return the SQL name of the real table that a shadow hides."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_schema()")
            return f'{connection.ops.quote_name(cursor.fetchone()[0])}."{table}"'
    return f'main."{table}"'


def columns(model: type[Model]) -> list[str]:
    """Return the columns of a model's table, in order, those that the database computes left out."""
    return [str(field.column) for field in model._meta.concrete_fields if not field.generated]


def table_of(model: type[Model]) -> str:
    """Return the name of a model's table."""
    return str(model._meta.db_table)


def execute(sql: str, params: Sequence[Any] = ()) -> int:
    """Run one statement and return how many rows it touched."""
    with connection.cursor() as cursor:
        cursor.execute(sql, params or None)
        return int(cursor.rowcount)


def create_table(model: type[Model], *, name: str = "") -> str:
    """Make an empty shadow of a model's table, with its indexes and without its foreign keys; return its name."""
    table = table_of(model)
    name = name or table
    if connection.vendor == "postgresql":
        execute(
            f'CREATE TEMP TABLE "{name}" (LIKE {real(table)} INCLUDING DEFAULTS INCLUDING CONSTRAINTS'
            " INCLUDING INDEXES INCLUDING IDENTITY INCLUDING GENERATED)"
        )
        if model._meta.auto_field is not None:
            execute(f'ALTER TABLE "{name}" ALTER COLUMN "id" RESTART WITH {FIRST_ID}')
        return name
    for sql in _sqlite_definitions(table, name):
        execute(sql.replace("%", "%%"))
    if model._meta.auto_field is not None:
        execute("INSERT INTO temp.sqlite_sequence (name, seq) VALUES (%s, %s)", (name, FIRST_ID))
    return name


def _sqlite_definitions(table: str, name: str) -> Iterator[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT sql FROM main.sqlite_master WHERE type = 'table' AND name = %s", (table,))
        (made,) = cursor.fetchone()
        cursor.execute(
            "SELECT name, sql FROM main.sqlite_master WHERE type = 'index' AND tbl_name = %s AND sql IS NOT NULL",
            (table,),
        )
        indexes = cursor.fetchall()
    # A foreign key of a temporary table could only lead to another one.
    bare = re.sub(r'\s+REFERENCES\s+"[^"]+"\s*\([^)]*\)(\s+DEFERRABLE INITIALLY DEFERRED)?', "", made)
    yield re.sub(rf'^CREATE TABLE "{table}"', f'CREATE TEMP TABLE "{name}"', bare)
    for index, sql in indexes:
        named = sql.replace(f'"{index}" ON "{table}"', f'temp."{name}_{index}" ON "{name}"', 1)
        assert named != sql, f"the index {index} is written in a way not known here"
        yield named


def know_well(name: str) -> None:
    """Let PostgreSQL look at what is in a shadow: of temporary tables it knows nothing by itself, and read five million
    customers for each batch of five hundred."""
    if connection.vendor == "postgresql":
        execute(f'ANALYZE "{name}"')


def create_view(table: str, select: str) -> None:
    """Make a view that hides a real table; `select` names the real one by `real`."""
    execute(f'CREATE TEMP VIEW "{table}" AS {select}')


@contextmanager
def dropping() -> Iterator[None]:
    """Drop every temporary table and view of this connection at the end; where that fails, close the connection."""
    before = _temporary()
    try:
        yield
    finally:
        # What a broken transaction made goes with it.
        if not connection.needs_rollback:
            try:
                _drop(before)
            except DatabaseError:
                connection.close()
                raise


def _temporary() -> set[tuple[str, str]]:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT CASE relkind WHEN 'v' THEN 'view' ELSE 'table' END, relname FROM pg_class"
                " WHERE relnamespace = pg_my_temp_schema() AND relkind IN ('r', 'v')"
            )
        else:
            cursor.execute("SELECT type, name FROM sqlite_temp_master WHERE type IN ('table', 'view')")
        return {(kind, name) for kind, name in cursor.fetchall() if not name.startswith("sqlite_")}


def _drop(before: set[tuple[str, str]]) -> None:
    place = "pg_temp" if connection.vendor == "postgresql" else "temp"
    # Views first: they look into the tables.
    for kind, name in sorted(_temporary() - before, reverse=True):
        execute(f'DROP {kind.upper()} {place}."{name}"')


@contextmanager
def only_shadows() -> Iterator[None]:
    """One transaction in which the database refuses to write to any table that is not temporary.

    PostgreSQL's read-only transactions may write temporary tables; SQLite is asked through its authorizer, and then
    begins without taking the lock of a writer.
    """
    if connection.vendor == "postgresql":
        with transaction.atomic():
            execute("SET TRANSACTION READ ONLY")
            yield
        return
    raw: Any = connection
    mode, raw.transaction_mode = raw.transaction_mode, "DEFERRED"
    raw.ensure_connection()
    raw.connection.set_authorizer(_refuse_real)
    try:
        with transaction.atomic():
            yield
    finally:
        raw.connection.set_authorizer(None)
        raw.transaction_mode = mode


_WRITES: Final = (sqlite3.SQLITE_INSERT, sqlite3.SQLITE_UPDATE, sqlite3.SQLITE_DELETE)


def _refuse_real(action: int, table: str | None, _column: str | None, database: str | None, _by: str | None) -> int:
    # The first use of json_each declares itself, which SQLite takes for a line of its own catalogue.
    real_table = database == "main" and not (table or "").startswith("sqlite_")
    return sqlite3.SQLITE_DENY if action in _WRITES and real_table else sqlite3.SQLITE_OK
