"""Conditions on JSON columns that both databases answer alike: by type, and never with NULL.

SQLite compares a text with a number without a word, PostgreSQL orders them by type, and either says NULL of a key that
is not there, whose negation Django does not catch. These lookups say true or false.
"""

import json
from typing import Any

from django.db.models import JSONField, Lookup

Sql = tuple[str, tuple[Any, ...]]


class _JsonLookup(Lookup):
    """A lookup whose right side is no JSON value of the column's kind."""

    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> Sql:
        """Return the condition in the database's own words."""
        column, params = self.process_lhs(compiler, connection)
        words = self.on_postgresql if connection.vendor == "postgresql" else self.on_sqlite
        return words(column, tuple(params))

    def on_postgresql(self, column: str, params: tuple[Any, ...]) -> Sql:
        """Return the condition on a jsonb column."""
        raise NotImplementedError

    def on_sqlite(self, column: str, params: tuple[Any, ...]) -> Sql:
        """Return the condition on a text column that holds JSON."""
        raise NotImplementedError


@JSONField.register_lookup
class HasTag(_JsonLookup):
    """`tags__has_tag="vip"`: the JSON list holds this text."""

    lookup_name = "has_tag"

    def on_postgresql(self, column: str, params: tuple[Any, ...]) -> Sql:
        """See _JsonLookup."""
        return f"{column} @> to_jsonb(%s::text)", (*params, self.rhs)

    def on_sqlite(self, column: str, params: tuple[Any, ...]) -> Sql:
        """See _JsonLookup."""
        return f"EXISTS (SELECT 1 FROM json_each({column}) WHERE value = %s)", (*params, self.rhs)  # noqa: S608


@JSONField.register_lookup
class HasLine(_JsonLookup):
    """`lines__has_line=("sku", "TEA-1")`: an object of the JSON list has this text under this key."""

    lookup_name = "has_line"

    def on_postgresql(self, column: str, params: tuple[Any, ...]) -> Sql:
        """See _JsonLookup."""
        key, text = self.rhs
        return f"{column} @> %s::jsonb", (*params, json.dumps([{key: text}]))

    def on_sqlite(self, column: str, params: tuple[Any, ...]) -> Sql:
        """See _JsonLookup."""
        key, text = self.rhs
        sql = f"EXISTS (SELECT 1 FROM json_each({column}) WHERE json_extract(value, %s) = %s)"  # noqa: S608
        return sql, (*params, f'$."{key}"', text)


@JSONField.register_lookup
class HoldsScalar(_JsonLookup):
    """`attributes__holds=("shoe_size", "at_least", 38)`: what stands under the key is of the value's type, and fits.

    It can be asked `is` (a text, number or boolean), `in` (texts), `at_least` and `at_most` (a number).
    """

    lookup_name = "holds"

    def on_postgresql(self, column: str, params: tuple[Any, ...]) -> Sql:
        """See _JsonLookup."""
        key, asks, value = self.rhs
        found, given = f"({column} -> %s::text)", (*params, key)
        if asks in _COMPARES:
            sql = f"COALESCE(jsonb_typeof{found} = 'number' AND {found} {_COMPARES[asks]} %s::jsonb, false)"
            return sql, (*given, *given, json.dumps(value))
        wanted = value if asks == "in" else [value]
        options = ", ".join(["%s::jsonb"] * len(wanted))
        return f"COALESCE({found} IN ({options}), false)", (*given, *map(json.dumps, wanted))

    def on_sqlite(self, column: str, params: tuple[Any, ...]) -> Sql:
        """See _JsonLookup."""
        key, asks, value = self.rhs
        given = (*params, f'$."{key}"')
        kind, found = f"json_type({column}, %s)", f"json_extract({column}, %s)"
        if isinstance(value, bool):
            return f"COALESCE({kind} = %s, 0)", (*given, "true" if value else "false")
        kinds = "('text')" if isinstance(value, str | list) else "('integer', 'real')"
        wanted = value if asks == "in" else [value]
        compares = _COMPARES.get(asks)
        fits = f"{compares} %s" if compares else f"IN ({', '.join(['%s'] * len(wanted))})"
        return f"COALESCE({kind} IN {kinds} AND {found} {fits}, 0)", (*given, *given, *wanted)


_COMPARES = {"at_least": ">=", "at_most": "<="}
