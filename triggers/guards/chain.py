"""The guards in the order in which they are asked, and the channel that they leave."""

from collections.abc import Sequence
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


def speaker(setting: Setting, path: str) -> Case:
    """Return an expression: the channel that speaks, else the name of the guard that stopped them all.

    That guard is the first which leaves no channel: with an address for SMS alone and a consent for e-mail alone it
    is no_consent.
    """
    channels: list[str] = setting.campaign.channels
    content = {channel: [guard.condition(setting, channel, path) for guard in DEFINITE] for channel in channels}
    speaks = [When(all_of(content[channel]), then=Value(channel)) for channel in channels]
    stopped = []
    for rank, guard in enumerate(DEFINITE, start=1):
        left = Q(pk__in=[])
        for channel in channels:
            left |= all_of(content[channel][:rank])
        stopped.append(When(~left, then=Value(guard.name)))
    return Case(*speaks, *stopped, output_field=CharField())


def all_of(conditions: Sequence[Any]) -> Q:
    """Return the conjunction of expressions; true, and never empty, where all of them are always content."""
    together = Q()
    for condition in conditions:
        together &= Q(condition)
    return together or Q(pk__isnull=False)
