"""The look-up `pk__among=[…]`: `__in` with the whole list as one parameter.

A batch names its rows several times; with a parameter each, a statement of 500 took longer to write than to answer.
"""

import json
from collections.abc import Iterable
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Field, IntegerField, Lookup
from django.db.models.sql.compiler import SQLCompiler


@Field.register_lookup
class Among(Lookup):
    """Whether a column is one of some whole numbers or texts; of none where the list is empty."""

    lookup_name = "among"
    prepare_rhs = False

    def __init__(self, lhs: Any, rhs: Iterable[Any]) -> None:
        super().__init__(lhs, list(rhs))

    def as_sql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_context: Any
    ) -> tuple[str, tuple[Any, ...]]:
        """Return the condition for SQLite, by its JSON functions."""
        lhs, params = self.process_lhs(compiler, connection)
        return f"{lhs} IN (SELECT value FROM json_each(%s))", (*params, json.dumps(self.rhs))  # noqa: S608

    def as_postgresql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_context: Any
    ) -> tuple[str, tuple[Any, ...]]:
        """Return the condition for PostgreSQL, by an array."""
        lhs, params = self.process_lhs(compiler, connection)
        kind = "bigint" if isinstance(self.lhs.output_field, IntegerField) else "text"
        return f"{lhs} = ANY(%s::{kind}[])", (*params, self.rhs)
