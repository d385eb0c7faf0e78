"""The one SELECT that decides: who reached the moment, what guards, caps and the draw say, and where that moves them.

Written in layers, each behind a fence, which name what the next one uses: PostgreSQL would unfold the layers into one
and ask each guard once more for every mention.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, Final

from django.db import connection
from django.db.models import F, QuerySet

from campaigns.models import Campaign
from triggers import holdout
from triggers.guards import TEMPORARY, Guard, Setting, speaker_in_sql, stops
from triggers.guards.caps_sql import DAY, NAME, WORDS, CapsInSql, Rows
from triggers.local_time import NEVER
from triggers.models import Decision, GlobalHoldout
from triggers.occasions import OccasionKind
from triggers.opening import Clock

_ONE_DAY: Final = timedelta(days=1)
# How far closed days may lengthen what is fresh for a length of time.
_MOST_CLOSED: Final = 7 * _ONE_DAY
_REACHED: Final = (
    *("customer_id", "key", "due_at", "fresh_until", "order_id"),
    *("zone", "holidays", "held_out", "globally"),
)


@dataclass(frozen=True)
class Deciding:
    """How the news of one campaign are decided, while `group` is the global control group in force.

    What expired is listed as missed where it was due after `stop`.
    """

    setting: Setting
    kind: OccasionKind
    caps: CapsInSql
    group: GlobalHoldout | None
    stop: datetime

    def select(self, news: QuerySet[Any, Any], *, many: bool = False) -> tuple[str, tuple[Any, ...]]:
        """Return the SELECT of the rows to store (insertion.COLUMNS) and its parameters; see Setting for `many`."""
        setting = replace(self.setting, many=many)
        tables, now = self._tables(), _instant(setting.now)
        constants = ", ".join(f"{name} AS (VALUES {_places(rows)})" for name, rows in tables.items())
        reached, params = self._reached(news, setting)
        free, free_params = self.caps.free_from(setting.fence) if _has(tables, "cap") else ("NULL", [])
        fence = "OFFSET 0" if connection.vendor == "postgresql" else ""
        sql = f"""
            WITH {constants}, met AS ({reached} {fence}),
            reached AS (SELECT met.*, {speaker_in_sql(self.setting.campaign.channels)} AS speaker FROM met {fence}),
            asked AS (
                SELECT reached.*, clock.channel, clock.country, clock.today, clock.open_at, clock.tomorrow_at,
                    {_stretched() if _has(tables, "closed") else "fresh_until"} AS deadline,
                    {free} AS free
                FROM reached LEFT JOIN clock ON clock.channel = reached.speaker AND clock.zone = reached.zone
                    AND clock.country = reached.holidays {fence}
            ),
            stopped AS (SELECT asked.*, CASE WHEN {DAY} > today THEN {NAME} ELSE {self._moved_by()} END AS moved_by
                FROM asked {fence}),
            moved AS (
                SELECT stopped.*, {_seen()} AS seen,
                    CASE moved_by WHEN '' THEN due_at {_moves()} ELSE {_opening(tables)} END AS moved_to
                FROM stopped {fence}
            ),
            judged AS (
                SELECT moved.*, CASE WHEN deadline <= %s THEN 'missed' WHEN channel IS NULL THEN speaker
                    WHEN moved_to >= deadline THEN moved_by ELSE '' END AS skipped_for FROM moved {fence}
            )
            SELECT customer_id, key, due_at, deadline, order_id,
                CASE WHEN skipped_for = '' THEN moved_to ELSE due_at END,
                COALESCE(channel, ''),
                CASE WHEN skipped_for <> '' THEN 'skipped' {_arms(self.setting.campaign)} END,
                CASE WHEN skipped_for <> '' THEN skipped_for ELSE moved_by END,
                CASE WHEN skipped_for IN ('', moved_by) THEN seen ELSE '' END,
                CASE WHEN moved_by <> '' AND skipped_for IN ('', moved_by) AND moved_to < %s THEN moved_to END
            FROM judged WHERE deadline > %s OR due_at > %s"""  # noqa: S608 - only our own names and constants are put in
        values = [value for rows in tables.values() for row in rows for value in row]
        never = _instant(NEVER)
        return sql, (*values, *params, *free_params, never, now, never, now, _instant(self.stop))

    @cached_property
    def longest_stretch(self) -> timedelta:
        """By how much closed days may at most have lengthened what expires about now."""
        if not self.kind.counts_permitted_time:
            return timedelta(0)
        now = self.setting.now
        since = now - self.kind.longest_fresh - _MOST_CLOSED
        return max(
            (_ONE_DAY * len(list(clock.closed_days(since, now))) for _key, clock in self._clocks()),
            default=0 * _ONE_DAY,
        )

    def _tables(self) -> dict[str, Rows]:
        """Return the constants of the statement, by name and columns; those without rows are left out."""
        clocks = self._clocks()
        tables: dict[str, Rows] = {
            "clock (channel, zone, country, today, open_at, tomorrow_at)": [
                (*key, clock.today.isoformat(), _instant(clock.open_at), _instant(clock.tomorrow_at))
                for key, clock in clocks
            ],
            "closed (channel, zone, country, begins_at, ends_at)": list(self._closed()),
        }
        if limits := self.caps.limits(self.setting):
            tables |= self.caps.tables(limits, {zone for (_channel, zone, _country), _clock in clocks})
            tables["opening (channel, zone, country, day, opens_at)"] = list(self._openings())
        return {name: rows for name, rows in tables.items() if rows}

    def _clocks(self) -> list[tuple[tuple[str, str, str], Clock]]:
        channels = self.setting.campaign.channels
        return [entry for channel in channels for entry in self.setting.clocks(channel).items()]

    def _closed(self) -> Iterable[tuple[Any, ...]]:
        """Yield the days on which a channel is closed, as far as they can matter to what is due or expires now, or
        expired since the stop."""
        if not self.kind.counts_permitted_time:
            return
        now, reach = self.setting.now, self.kind.longest_fresh + _MOST_CLOSED
        for key, clock in self._clocks():
            for begins_at, ends_at in clock.closed_days(min(now - reach, self.stop), now + reach):
                yield (*key, _instant(begins_at), _instant(ends_at))

    def _openings(self) -> Iterable[tuple[Any, ...]]:
        """Yield when each clock's channel opens on the coming days; later nothing is fresh any more."""
        days = (self.kind.longest_fresh + _MOST_CLOSED) // _ONE_DAY
        for key, clock in self._clocks():
            for ahead in range(1, days + 1):
                day = clock.today + ahead * _ONE_DAY
                yield (*key, day.isoformat(), _instant(clock.opening(day)))

    def _reached(self, news: QuerySet[Any, Any], setting: Setting) -> tuple[str, tuple[Any, ...]]:
        """Return the SQL of `news` with what the guards and the draw would say."""
        campaign, path = setting.campaign, self.kind.customer_path
        draw = holdout.held_out_in_sql(holdout.salt_of(campaign), f"{path}external_id", holdout.share_of(campaign))
        globally = holdout.globally_held_in_sql(campaign, self.group, path)
        asked = {
            _column(guard, channel): guard.seen(setting, path) if guard.seen else guard.content(setting, channel, path)
            for guard in TEMPORARY
            for channel in campaign.channels
        }
        stopped = stops(setting, path)
        query = (
            news.annotate(
                zone=F(f"{path}timezone"),
                holidays=setting.holidays_of(path),
                held_out=draw,
                globally=globally,
                **asked,
                **stopped,
            )
            .values(*_REACHED, *asked, *stopped)
            .query
        )
        sql, params = query.get_compiler(connection=connection).as_sql()
        return sql, tuple(params)

    def _moved_by(self) -> str:
        """Return the SQL of which temporary guard of the channel that speaks is not content, '' for none."""
        guards = {
            channel: " ".join(f"WHEN {_objects(guard, channel)} THEN '{guard.name}'" for guard in TEMPORARY)
            for channel in self.setting.campaign.channels
        }
        channels = " ".join(f"WHEN '{channel}' THEN CASE {asked} ELSE '' END" for channel, asked in guards.items())
        return f"CASE channel {channels} ELSE '' END"


def _arms(campaign: Campaign) -> str:
    """Return the SQL of what the draws mean: in a dry run, what they would have meant."""
    if campaign.status == Campaign.Status.SHADOW:
        return f"WHEN globally OR held_out THEN '{Decision.WOULD_HOLD}' ELSE '{Decision.WOULD_SEND}'"
    return f"WHEN globally THEN '{Decision.GLOBAL}' WHEN held_out THEN '{Decision.HELD_OUT}' ELSE '{Decision.DUE}'"


def _stretched() -> str:
    """Return the SQL of the deadline: each closed day that touches what is fresh adds a day, and so do those that
    follow it without a break."""
    days = """(SELECT COUNT(*) FROM closed WHERE closed.channel = clock.channel AND closed.zone = clock.zone
        AND closed.country = clock.country AND closed.begins_at < fresh_until AND closed.ends_at > due_at)"""
    if connection.vendor == "postgresql":
        return f"fresh_until + {days} * INTERVAL '24 hours'"
    return f"django_format_dtdelta('+', fresh_until, {days} * 86400000000)"


def _column(guard: Guard, channel: str) -> str:
    return f"{guard.name}_{channel}" if guard.by_channel else guard.name


def _objects(guard: Guard, channel: str) -> str:
    """Return the SQL of whether a guard is not content."""
    column = _column(guard, channel)
    return f"{column} <> ''" if guard.seen else f"NOT {column}"


def _seen() -> str:
    """Return the SQL of what the guard or cap that moves it saw."""
    guards = " ".join(f"WHEN '{guard.name}' THEN {guard.name}" for guard in TEMPORARY if guard.seen)
    plain = ", ".join(f"'{guard.name}'" for guard in TEMPORARY if not guard.seen)
    asked = f"CASE moved_by {guards} ELSE {WORDS} || ' → ' || {DAY} END"
    return f"CASE WHEN moved_by IN ('', {plain}) THEN '' ELSE {asked} END"


def _moves() -> str:
    return " ".join(f"WHEN '{guard.name}' THEN {guard.moves_to}" for guard in TEMPORARY)


def _opening(tables: dict[str, Rows]) -> str:
    """Return the SQL of when the channel opens on the day from which on the caps let a message pass."""
    if not _has(tables, "opening"):
        return "%s"
    return f"""COALESCE((SELECT opens_at FROM opening WHERE opening.channel = stopped.channel
        AND opening.zone = stopped.zone AND opening.country = stopped.country AND opening.day = {DAY}), %s)"""  # noqa: S608


def _has(tables: dict[str, Rows], name: str) -> bool:
    return any(table.startswith(f"{name} ") for table in tables)


def _places(rows: Rows) -> str:
    """Return placeholders for the rows of a table of constants."""
    row = f"({', '.join(['%s'] * len(rows[0]))})"
    return ", ".join([row] * len(rows))


def _instant(value: datetime) -> Any:
    return connection.ops.adapt_datetimefield_value(value)
