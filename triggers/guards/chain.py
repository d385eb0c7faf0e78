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


def stopped_by(setting: Setting, channel: str, path: str) -> Any:
    """Return a text expression: the first definite guard of `channel` that is not content, as a letter that sorts as
    the guards are asked and the guard's name; '' where all are content. Each guard is asked once."""
    stopped: Any = Value("")
    for rank, guard in reversed(list(enumerate(DEFINITE))):
        # What is neither true nor false stops too.
        if content := Q(guard.condition(setting, channel, path)):
            here = Value(f"{chr(ord('a') + rank)}{guard.name}")
            stopped = Case(When(content, then=stopped), default=here, output_field=CharField())
    return stopped


def speaker(stopped: Mapping[str, str]) -> str:
    """Return the channel that speaks, else the name of the guard that stopped them all, by `stopped_by` of the channels
    in their order.

    That guard is the first which leaves no channel: with an address for SMS alone and a consent for e-mail alone it
    is no_consent.
    """
    content = [channel for channel, guard in stopped.items() if not guard]
    return content[0] if content else max(stopped.values())[1:]


def speaker_in_sql(columns: Mapping[str, str]) -> str:
    """Return the same in SQL, of the columns that hold `stopped_by` by channel."""
    speaks = " ".join(f"WHEN {column} = '' THEN '{channel}'" for channel, column in columns.items())
    last, *others = columns.values()
    for column in others:
        last = f"CASE WHEN {column} > {last} THEN {column} ELSE {last} END"
    return f"CASE {speaks} ELSE SUBSTR({last}, 2) END"


def all_of(conditions: Sequence[Any]) -> Q:
    """Return the conjunction of expressions; true, and never empty, where all of them are always content."""
    together = Q()
    for condition in conditions:
        together &= Q(condition)
    return together or Q(pk__isnull=False)
