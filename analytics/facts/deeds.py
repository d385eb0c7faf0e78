"""Who did one thing when, customers and strangers: an event of a name, or an order."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from analytics.facts.dialect import instant, rows
from analytics.facts.windows import Period

ORDER: Final = "order"

type Sql = tuple[str, list[Any]]

# The index is by name first: looking for the next name each time reads one entry a name, where DISTINCT reads all.
_NAMES: Final = """
WITH RECURSIVE known(name) AS (
    SELECT MIN(name) FROM campaigns_event
    UNION ALL
    SELECT (SELECT MIN(name) FROM campaigns_event WHERE name > known.name) FROM known WHERE known.name IS NOT NULL
)
SELECT name FROM known WHERE name IS NOT NULL
"""


class Who(StrEnum):
    """Customers, or visitors who never signed in (a visitor who did is that customer)."""

    CUSTOMERS = "customers"
    STRANGERS = "strangers"


@dataclass(frozen=True, slots=True)
class _Key:
    column: str
    condition: str


_KEYS: Final = {
    Who.CUSTOMERS: _Key("customer_id", "customer_id IS NOT NULL"),
    Who.STRANGERS: _Key("anonymous_id", "customer_id IS NULL AND anonymous_id <> ''"),
}


def event_names() -> list[str]:
    """Return the names of all events ever stored."""
    return [name for (name,) in rows(_NAMES, [])]


def deeds(name: str, period: Period, who: Who = Who.CUSTOMERS) -> Sql:
    """Return the statement of (who, at): each time that somebody did `name` ("order", or an event) in `period`."""
    span = [instant(period.since), instant(period.until)]
    if name == ORDER:
        # A stranger who orders is a customer: no row, but the strangers' type of key.
        key, none = ("customer_id", "") if who is Who.CUSTOMERS else ("CAST(customer_id AS varchar(200))", " AND 1 = 0")
        return (
            f"SELECT {key} AS who, placed_at AS at FROM campaigns_order "  # noqa: S608 - constants
            f"WHERE placed_at >= %s AND placed_at < %s AND valid{none}",
            span,
        )
    found = _KEYS[who]
    return (
        f"SELECT {found.column} AS who, occurred_at AS at FROM campaigns_event "  # noqa: S608 - constants
        f"WHERE name = %s AND occurred_at >= %s AND occurred_at < %s AND {found.condition}",
        [name, *span],
    )
