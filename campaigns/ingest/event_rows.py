"""PostgreSQL's way with events: stored and joined to their customers in one statement; the portable twin is
`_store_once` in facts.py."""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from django.db import connection

from campaigns.ingest.items import EventItem
from campaigns.ingest.quick_events import QuickEvent

# The join finds the customer while the rows are made: looking the ids up first would carry each over the wire twice.
_STORE = """
    INSERT INTO campaigns_event
        (external_id, customer_id, anonymous_id, name, occurred_at, properties, recorded_at)
    SELECT x.id, c.id, x.anonymous_id, x.name, x.occurred_at, x.properties, %s
    FROM jsonb_to_recordset(%s::jsonb) AS x(
        id varchar(200), customer varchar(200), anonymous_id varchar(200), name varchar(100),
        occurred_at timestamptz, properties jsonb)
    LEFT JOIN campaigns_customer c ON c.external_id = x.customer
    WHERE c.id IS NOT NULL OR x.customer IS NULL
    ON CONFLICT (external_id) DO NOTHING
    RETURNING external_id, customer_id
"""


def insert_joined(items: Sequence[EventItem | QuickEvent], now: datetime) -> dict[str, int | None]:
    """Insert the new ones of `items` whose customer is known or left out; return their ids, each with its customer's
    database id."""
    with connection.cursor() as cursor:
        cursor.execute(_STORE, [now, msgspec.json.encode(items, enc_hook=vars).decode()])
        return dict(cursor.fetchall())
