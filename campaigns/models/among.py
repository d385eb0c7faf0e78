"""The look-up `pk__among={…}`: `__in` with all values as one parameter, in the ORM and in SQL of our own.

A batch names its rows several times; with a parameter each, a statement of 500 took longer to write than to answer.
Hand over a set: Django would ask each element of a list whether it is an expression.
"""

import json
from collections.abc import Collection
from typing import Any

from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Field, ForeignKey, Lookup
from django.db.models.sql.compiler import SQLCompiler


@ForeignKey.register_lookup
@Field.register_lookup
class Among(Lookup):
    """Whether a column is one of some whole numbers or texts; of none where there are none."""

    lookup_name = "among"
    prepare_rhs = False

    def as_sql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_context: Any
    ) -> tuple[str, tuple[Any, ...]]:
        """Return the condition of either database."""
        lhs, params = self.process_lhs(compiler, connection)
        return f"{lhs} {among_sql()}", (*params, among_param(self.rhs))


def among_sql() -> str:
    """Return what follows a column to ask whether it is among one parameter's values."""
    if connection.vendor == "postgresql":
        return "= ANY(%s)"
    return "IN (SELECT value FROM json_each(%s))"


def among_param(values: Collection[Any]) -> str:
    """Return the parameter that `among_sql` compares with."""
    return array_text(values) if connection.vendor == "postgresql" else json.dumps(list(values))


def array_text(values: Collection[Any]) -> str:
    """Return `values` as PostgreSQL writes an array of them.

    psycopg asks of each element how it is written: with the lists of a batch that took longer than its queries.
    """
    return f"{{{','.join([str(value) if type(value) is int else _quoted(value) for value in values])}}}"


def _quoted(value: Any) -> str:
    if value is None:
        return "NULL"
    text = (value if isinstance(value, str) else str(value)).replace("\\", r"\\").replace('"', r"\"")
    return f'"{text}"'
