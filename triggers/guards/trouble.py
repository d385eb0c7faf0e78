"""Not now: the customer is in trouble, and a kind word about something else would sound like mockery.

An open request, a late parcel, a return under way, or a latest score of at most 6. Each fades after 30 days: what a
shop forgot to close must not silence a customer for ever.
"""

from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import CharField, F, Func, Q, Value
from django.db.models.lookups import Exact

from campaigns.models import Answer, Event, Order, OrderStatus
from campaigns.models.event import TICKET_OPENED, TICKET_REPLIES
from triggers.guards.guard import Guard, Setting
from triggers.occasions import kind_of

_FADES: Final = timedelta(days=30)
_UNHAPPY: Final = 6
_ON_ITS_WAY: Final = (OrderStatus.PAID, OrderStatus.PACKED, OrderStatus.SHIPPED)


def _listed(words: tuple[str, ...]) -> str:
    return ", ".join(f"'{word}'" for word in words)


# The same for every campaign: the ORM, writing it anew, took a quarter of the time of a whole bell. Each question looks
# as far back as troubles last, and a PostgreSQL without a fence might read whole tables for it: see Setting.
_SQL: Final = f"""CASE
    WHEN EXISTS (
        SELECT 1 FROM {Event._meta.db_table} AS opened WHERE opened.customer_id = {{customer}}
            AND opened.name = '{TICKET_OPENED}' AND opened.occurred_at BETWEEN %s AND %s AND NOT EXISTS (
                SELECT 1 FROM {Event._meta.db_table} AS reply WHERE reply.customer_id = opened.customer_id
                    AND reply.name IN ({_listed(TICKET_REPLIES)})
                    AND reply.occurred_at >= opened.occurred_at AND reply.occurred_at <= %s
                    AND COALESCE(CAST(reply.properties ->> 'ticket' AS text), '')
                        = COALESCE(CAST(opened.properties ->> 'ticket' AS text), ''))
        LIMIT 1 {{fence}}) THEN 'ticket'
    WHEN EXISTS (
        SELECT 1 FROM {Order._meta.db_table} AS late WHERE late.customer_id = {{customer}}
            AND late.valid AND late.promised_at BETWEEN %s AND %s
            AND ((late.delivered_at IS NULL AND late.status IN ({_listed(_ON_ITS_WAY)})) OR late.delivered_at > %s)
        LIMIT 1 {{fence}}) THEN 'late'
    WHEN EXISTS (
        SELECT 1 FROM {Order._meta.db_table} AS back WHERE back.customer_id = {{customer}}
            AND back.status = '{OrderStatus.RETURNING}' AND back.updated_at BETWEEN %s AND %s
        LIMIT 1 {{fence}}) THEN 'return'
    WHEN EXISTS (
        SELECT 1 FROM {Answer._meta.db_table} AS bad WHERE bad.customer_id = {{customer}}
            AND bad.score <= {_UNHAPPY} AND bad.answered_at BETWEEN %s AND %s AND NOT EXISTS (
                SELECT 1 FROM {Answer._meta.db_table} AS better WHERE better.customer_id = bad.customer_id
                    AND better.score > {_UNHAPPY}
                    AND better.answered_at > bad.answered_at AND better.answered_at <= %s)
        LIMIT 1 {{fence}}) THEN 'score'
    ELSE '' END"""  # noqa: S608 - only our own names and constants are put in


class _Trouble(Func):
    """Which trouble a customer is in at `now`, '' for none; `customer` is the path of the field with their id."""

    output_field = CharField()

    def __init__(self, customer: str, now: datetime, fence: str) -> None:
        super().__init__(F(customer))
        self._now, self._fence = now, fence

    def as_sql(self, compiler: Any, connection: Any, **_context: Any) -> tuple[str, Any]:  # type: ignore[override]
        """Return the text with the instants in their order."""
        customer, params = compiler.compile(self.get_source_expressions()[0])
        assert not params  # a column: it is named four times
        since, now = map(connection.ops.adapt_datetimefield_value, (self._now - _FADES, self._now))
        lately = since, now
        instants = *lately, now, *lately, now, *lately, *lately, now
        return _SQL.format(customer=customer, fence=self._fence), instants


def _trouble(setting: Setting, path: str) -> Any:
    """A service message is about the trouble, and so is a kind of moment that speaks to it: neither asks."""
    campaign = setting.campaign
    if setting.service or campaign.even_in_trouble or kind_of(campaign).speaks_to_trouble:
        return None
    return _Trouble(f"{path}pk", setting.now, setting.fence)


def _at_ease(setting: Setting, _channel: str, path: str) -> Q:
    trouble = _trouble(setting, path)
    return Q(Exact(trouble, Value(""))) if trouble else Q()


def _which(setting: Setting, path: str) -> Any:
    return _trouble(setting, path) or Value("")


IN_TROUBLE: Final = Guard("in_trouble", _at_ease, moves_to="tomorrow_at", by_channel=False, seen=_which)
