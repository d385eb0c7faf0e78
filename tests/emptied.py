"""Emptying a database of tests although its audit log refuses to be emptied."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection

from campaigns.audit import ALLOW, REFUSE


@contextmanager
def audit_log_emptied_too() -> Iterator[None]:
    """Let Django's flush empty the audit log: on SQLite it uses DELETE, which the log refuses."""
    if connection.vendor != "sqlite":
        yield
        return
    flush, operations = connection.ops.sql_flush, connection.ops

    def around(*args: Any, **kwargs: Any) -> list[str]:
        return [*ALLOW["sqlite"], *flush(*args, **kwargs), *REFUSE["sqlite"]]

    operations.sql_flush = around  # type: ignore[method-assign]
    yield
    operations.sql_flush = flush  # type: ignore[method-assign]
