"""`external_id__among=ids`: many values in one parameter.

A thousand placeholders cost more in Django and the driver than the query costs in the database.
"""

import json
from collections.abc import Collection
from typing import Any

from django.db import connection
from django.db.models import Field, ForeignKey, Lookup


@ForeignKey.register_lookup
@Field.register_lookup
class Among(Lookup):
    """Whether the column is one of a collection of plain strings or integers."""

    lookup_name = "among"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        """Return the condition of either database."""
        column, params = self.process_lhs(compiler, connection)
        return f"{column} {among_sql()}", (*params, among_param(self.rhs))


def among_sql() -> str:
    """Return what follows a column to ask whether it is among the values of one parameter."""
    if connection.vendor == "postgresql":
        return "= ANY(%s)"
    return "IN (SELECT value FROM json_each(%s))"


def among_param(values: Collection[Any]) -> Any:
    """Return the parameter that `among_sql` compares with."""
    return list(values) if connection.vendor == "postgresql" else json.dumps(list(values))
