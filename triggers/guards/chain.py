"""The guards in the order in which they are asked, and the channel that they leave."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.db.models import Case, CharField, Q, Value, When

from triggers.guards import absorbed, contact, quiet, trouble
from triggers.guards.guard import Guard, Setting

GUARDS: Final[tuple[Guard, ...]] = (
    contact.NO_ADDRESS,
    contact.NO_CONSENT,
    contact.SUPPRESSED,
    contact.NO_TEXT,
    contact.NOT_ON_LIST,
    absorbed.ABSORBED,
    # Of the temporary ones the first that is not content decides: what waits for tomorrow before what waits for hours.
    # The caps (caps.py) are asked before them all, since what they move they move to tomorrow or later.
    trouble.IN_TROUBLE,
    quiet.QUIET_HOURS,
)
DEFINITE: Final = tuple(guard for guard in GUARDS if not guard.moves_to)
TEMPORARY: Final = tuple(guard for guard in GUARDS if guard.moves_to)


def stops(setting: Setting, path: str) -> dict[str, Any]:
    """Return text columns by name, one a channel of the campaign: the first definite guard that is not content, as a
    letter that sorts as the guards are asked and the guard's name; '' where all are content."""
    return {_column(channel): _stopped_by(setting, channel, path) for channel in setting.campaign.channels}


def _stopped_by(setting: Setting, channel: str, path: str) -> Any:
    stopped: Any = Value("")
    for rank, guard in reversed(list(enumerate(DEFINITE))):
        # What is neither true nor false stops too.
        if content := guard.condition(setting, channel, path):
            here = Value(f"{chr(ord('a') + rank)}{guard.name}")
            stopped = Case(When(content, then=stopped), default=here, output_field=CharField())
    return stopped


def speaker(channels: Sequence[str], row: Mapping[str, Any]) -> str:
    """Return the channel that speaks, the first of `channels` that nothing stops, else the name of the guard that
    stopped them all, by the `stops` in `row`.

    That guard is the first which leaves no channel: with an address for SMS alone and a consent for e-mail alone it
    is no_consent.
    """
    content = [channel for channel in channels if not row[_column(channel)]]
    stopped: str = max(row[_column(channel)] for channel in channels)
    return content[0] if content else stopped[1:]


def speaker_in_sql(channels: Sequence[str]) -> str:
    """Return the same in SQL, over rows that have the `stops`."""
    speaks = " ".join(f"WHEN {_column(channel)} = '' THEN '{channel}'" for channel in channels)
    last, *others = map(_column, channels)
    for column in others:
        last = f"CASE WHEN {column} > {last} THEN {column} ELSE {last} END"
    return f"CASE {speaks} ELSE SUBSTR({last}, 2) END"


def _column(channel: str) -> str:
    return f"stop_{channel}"


def content_with_all(setting: Setting, channel: str, path: str) -> Case | Value:
    """Return whether every guard is content, as one boolean column."""
    together = Q()
    for guard in GUARDS:
        together &= Q(guard.condition(setting, channel, path))
    return Guard("all", lambda *_asked: together).content(setting, channel, path)
