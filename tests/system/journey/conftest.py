"""A database and a broker for a whole system: SQLite and Valkey, or PostgreSQL and Redis where the run names them."""

import os
import uuid
from collections.abc import Iterator
from urllib.parse import urlsplit, urlunsplit

import pytest


@pytest.fixture
def journey_database() -> Iterator[tuple[str, str]]:
    """Yield (DATABASE_URL, REDIS_URL) of an empty system, '' for the embedded ones; dropped afterwards."""
    url = os.environ.get("DATABASE_URL", "")
    if not url.startswith("postgres"):
        yield "", ""
        return
    import psycopg

    name = f"journey_{uuid.uuid4().hex[:12]}"
    parts = urlsplit(url)
    maintenance = urlunsplit(parts._replace(path="/postgres"))
    with psycopg.connect(maintenance, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
    try:
        yield urlunsplit(parts._replace(path=f"/{name}")), os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/0")
    finally:
        with psycopg.connect(maintenance, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'.encode())
