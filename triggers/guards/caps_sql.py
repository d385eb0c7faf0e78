"""The dose in the planner's one statement: for each row the first day on which all caps let a message pass.

The same limits as caps.py, over the same messages, in one sub-query a row, for which only those pay who were told
something of late.
"""

from collections.abc import Iterator
from datetime import datetime
from functools import cached_property
from typing import Any, Final

from django.db import connection

from campaigns.models import Campaign, Event, GestureTemplate, Variant
from campaigns.models.event import EXTERNAL_MESSAGE
from triggers import local_time
from triggers.guards.caps import SURVEY_MARK, Caps, Limit
from triggers.guards.guard import Setting
from triggers.models import MAY_HAVE_SPOKEN, Delivery

_DELIVERIES: Final = Delivery._meta.db_table
_EVENTS: Final = Event._meta.db_table
_CAMPAIGNS: Final = Campaign._meta.db_table
_GESTURES: Final = GestureTemplate._meta.db_table
_STATES: Final = ", ".join(f"'{state}'" for state in MAY_HAVE_SPOKEN)
# Whether a gesture carries the survey, as caps.characters has it.
_SURVEY: Final = f"""CASE WHEN EXISTS (
    SELECT 1 FROM {Variant._meta.db_table} AS variant WHERE variant.gesture_id = gesture.id
        AND variant.body LIKE '%%{SURVEY_MARK.replace("_", "^_")}%%' ESCAPE '^') THEN 1 ELSE 0 END"""  # noqa: S608

# A limit's answer is one text, so that one aggregate finds it: the day, a letter, the name, the words.
_WIDTH: Final = 16
DAY: Final = "SUBSTR(free, 1, 10)"
NAME: Final = f"RTRIM(SUBSTR(free, 13, {_WIDTH}))"
WORDS: Final = f"SUBSTR(free, {13 + _WIDTH})"

Rows = list[tuple[Any, ...]]


class CapsInSql:
    """The caps of one tick. Each method returns SQL with its parameters, or the rows of a table of constants."""

    def __init__(self, caps: Caps) -> None:
        self._caps = caps

    @cached_property
    def _others(self) -> bool:
        """Whether other tools sent anything of late: a shop without any spares the days of all zones."""
        lately = Event.objects.filter(
            name=EXTERNAL_MESSAGE, occurred_at__gt=self._caps.since, occurred_at__lte=self._caps.now
        )
        return lately.exists()

    def limits(self, setting: Setting) -> list[tuple[str, str, Limit]]:
        """Return what limits each channel of the campaign: channel, a letter, the limit. Where two let a message pass
        on the same day, the higher letter is named: the first of caps.py."""
        campaign = setting.campaign
        return [
            (channel, chr(ord("z") - position), limit)
            for channel in campaign.channels
            for position, limit in enumerate(self._caps.limits(campaign, channel))
        ]

    def tables(self, limits: list[tuple[str, str, Limit]], zones: set[str]) -> dict[str, Rows]:
        """Return the constants that `free_from` reads, by name and columns."""
        tables: dict[str, Rows] = {
            "cap (speaker, named, most, days, channel, about)": [
                (
                    speaker,
                    f"{letter}{limit.name:{_WIDTH}}{limit.words}",
                    limit.most,
                    limit.days,
                    limit.channel,
                    limit.about,
                )
                for speaker, letter, limit in limits
            ]
        }
        if self._others:
            tables["civil (zone, day, starts_at, ends_at)"] = list(self._days(zones))
        return tables

    def _days(self, zones: set[str]) -> Iterator[tuple[Any, ...]]:
        for name in sorted(zones):
            zone = local_time.zone_of(name, self._caps.shop)
            for day in local_time.civil_days(self._caps.since, self._caps.now, zone):
                start = local_time.instant(day, local_time.MIDNIGHT, zone)
                yield name, day.isoformat(), _instant(start), _instant(local_time.day_end(day, zone))

    def free_from(self, fence: str) -> tuple[str, list[Any]]:
        """Return an expression over rows of `reached` and `clock`: the day and the name of the limit that passes last,
        as DAY, NAME and WORDS read them; NULL where none holds anything back. For `fence` see Setting."""
        spoken = f"told.customer_id = reached.customer_id AND told.spoken_on > %s AND told.state IN ({_STATES})"
        lately = [f"EXISTS (SELECT 1 FROM {_DELIVERIES} AS told WHERE {spoken} LIMIT 1 {fence})"]  # noqa: S608
        told = f"""
            SELECT told.spoken_on AS day, told.channel, gesture.purpose, {_SURVEY} AS survey
            FROM {_DELIVERIES} AS told JOIN {_CAMPAIGNS} AS campaign ON campaign.id = told.campaign_id
                JOIN {_GESTURES} AS gesture ON gesture.id = campaign.gesture_id
            WHERE {spoken}"""  # noqa: S608
        params: list[Any] = [connection.ops.adapt_datefield_value(self._caps.since.date())]
        if self._others:
            heard = f"""heard.customer_id = reached.customer_id AND heard.name = '{EXTERNAL_MESSAGE}'
                AND heard.occurred_at > %s AND heard.occurred_at <= %s"""
            lately.append(f"EXISTS (SELECT 1 FROM {_EVENTS} AS heard WHERE {heard} LIMIT 1 {fence})")  # noqa: S608
            told += f"""
            UNION ALL SELECT {_as_day("civil.day")}, COALESCE(heard.properties ->> 'channel', ''),
                COALESCE(heard.properties ->> 'purpose', ''),
                CASE WHEN CAST(heard.properties ->> 'survey' AS text) IN ('true', '1') THEN 1 ELSE 0 END
            FROM {_EVENTS} AS heard JOIN civil ON civil.zone = reached.zone
                AND heard.occurred_at >= civil.starts_at AND heard.occurred_at < civil.ends_at
            WHERE {heard}"""  # noqa: S608
            params += [_instant(self._caps.since), _instant(self._caps.now)]
        sql = f"""CASE WHEN {" OR ".join(lately)} THEN (
            SELECT MAX({_days_later("said.day", "said.days")} || ' ' || said.named) FROM (
                SELECT told.day, cap.days, cap.named, cap.most,
                    ROW_NUMBER() OVER (PARTITION BY cap.named ORDER BY told.day DESC) AS nth
                FROM ({told}) AS told JOIN cap ON cap.speaker = clock.channel AND CASE cap.about
                    WHEN 'survey' THEN told.survey = 1
                    ELSE told.purpose <> 'service' AND cap.channel IN ('', told.channel)
                        AND (cap.about = '' OR told.purpose NOT IN ('service', 'relation')) END
            ) AS said WHERE said.nth = said.most) END"""  # noqa: S608 - our own names
        return sql, [*params, *params]


def _days_later(day: str, days: str) -> str:
    if connection.vendor == "postgresql":
        return f"CAST({day} + {days} AS text)"
    return f"date({day}, '+' || {days} || ' days')"


def _as_day(column: str) -> str:
    return f"CAST({column} AS date)" if connection.vendor == "postgresql" else column


def _instant(value: datetime) -> Any:
    return connection.ops.adapt_datetimefield_value(value)
