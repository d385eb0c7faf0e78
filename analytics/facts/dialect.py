"""The few words of SQL about time that PostgreSQL and SQLite spell differently."""

from datetime import datetime, timedelta
from typing import Any

from django.db import connection


def instant(value: datetime) -> Any:
    """Return an aware instant as a parameter of a written-out statement."""
    return connection.ops.adapt_datetimefield_value(value)


def plus(column: str, length: timedelta) -> str:
    """Return the SQL of an instant `length` after `column`."""
    if connection.vendor == "postgresql":
        return f"({column} + interval '{length.total_seconds():.0f} seconds')"
    # Django's own function, which keeps the text form in which SQLite compares instants.
    return f"django_format_dtdelta('+', {column}, {length // timedelta(microseconds=1)})"


def fence() -> str:
    """Return what stands at the end of a subquery that is not to be unfolded into the query around it, where each
    expression would be worked out anew for every mention."""
    return "OFFSET 0" if connection.vendor == "postgresql" else "LIMIT -1"


def weeks_between(later: str, earlier: str) -> str:
    """Return the SQL of the whole weeks (of 7 × 24 hours) from one instant to one that is not earlier."""
    if connection.vendor == "postgresql":
        return f"CAST(FLOOR(DATE_PART('epoch', {later} - {earlier}) / 604800) AS integer)"
    return f"django_timestamp_diff({later}, {earlier}) / 604800000000"


def whole_days(later: str, earlier: str) -> str:
    """Return the SQL of the whole days (of 24 hours) between two instants."""
    if connection.vendor == "postgresql":
        # A float, unlike EXTRACT, whose decimals are slow; instants have whole microseconds, which it holds exactly.
        return f"CAST(FLOOR(DATE_PART('epoch', {later} - {earlier}) / 86400) AS integer)"
    # A ten-thousandth of a second more: julianday is a float, and a day exactly must not be the day before.
    return f"CAST(julianday({later}) - julianday({earlier}) + 1e-9 AS integer)"


def bits(column: str, count: int) -> str:
    """Return the aggregate that has bit n set where `column` is the nth of `count` parameters in some row."""
    if connection.vendor == "postgresql":
        places = " ".join(f"WHEN %s THEN {1 << place}" for place in range(count))
        return f"BIT_OR(CASE {column} {places} ELSE 0 END)"
    return " + ".join(f"MAX(CASE {column} WHEN %s THEN {1 << place} ELSE 0 END)" for place in range(count))


def rows(statement: str, params: list[Any]) -> list[tuple[Any, ...]]:
    """Return what a written-out statement answers: small aggregates, never facts."""
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return list(cursor.fetchall())
