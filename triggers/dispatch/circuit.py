"""Pauses a provider that fails nearly everything, for all workers at once, and tries again with one message."""

import time
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Final

from django.db.models.functions import Now

from campaigns.models import ChannelName
from triggers.channels import SendResult, Verdict, provider_of
from triggers.models import Circuit

_LETTERS: Final[dict[Verdict, str]] = {Verdict.LATER: "l", Verdict.SETTINGS: "s", Verdict.UNKNOWN: "u"}
_ANSWERED: Final = "a"
_KEPT: Final = 20
# How many of the last 20 open it, and for how long.
_LIMITS: Final[tuple[tuple[Circuit.Cause, str, int, timedelta], ...]] = (
    (Circuit.Cause.SETTINGS, "s", 5, timedelta(seconds=60)),
    (Circuit.Cause.UNKNOWN, "u", 10, timedelta(seconds=60)),
    (Circuit.Cause.LATER, "l", 10, timedelta(seconds=30)),
)
# Among many good answers, so many unknown ones in so long are too many as well.
_UNKNOWN_MOST: Final = 20
_UNKNOWN_SECONDS: Final = 300.0
_UNKNOWN_PAUSE: Final = timedelta(seconds=60)
# A worker that took the one trial and died must not keep it for ever.
_TRIAL: Final = timedelta(seconds=30)


def open_channels() -> list[ChannelName]:
    """Return the channels whose provider is not paused."""
    paused = set(Circuit.objects.filter(open_until__isnull=False).values_list("provider", flat=True))
    return [channel for channel in ChannelName if provider_of(channel) not in paused]


def take_trial() -> ChannelName | None:
    """Return a channel whose provider's pause is over, for one message; to one worker only."""
    for channel in ChannelName:
        over = Circuit.objects.filter(provider=provider_of(channel), open_until__lte=Now())
        if over.update(open_until=Now() + _TRIAL, on_trial=True):
            return channel
    return None


def note(provider: str, results: Sequence[SendResult]) -> None:
    """Take in the verdicts of one sub-batch; inside the transaction that stores them.

    A healthy provider costs one SELECT: its row is only written while one of its last 20 calls went wrong.
    """
    asked = [result for result in results if result.verdict is not Verdict.NOT_BEGUN]
    letters = "".join(_LETTERS.get(result.verdict, _ANSWERED) for result in asked)
    stored = Circuit.objects.filter(provider=provider).first()
    troubled = stored is not None and (stored.open_until is not None or stored.recent.strip(_ANSWERED))
    if not letters.strip(_ANSWERED) and not troubled:
        return
    Circuit.objects.get_or_create(provider=provider)
    row = Circuit.objects.select_for_update().get(provider=provider)
    if row.open_until is not None and not row.on_trial:
        # The answers of calls that were under way when the pause began: one good one among them would have ended it.
        return
    if row.open_until is not None and _ANSWERED in letters:
        # An answer after a pause begins a new count, or the old failures would open it again at the next one.
        row.recent, row.unknown_at = "", []
    row.recent = (row.recent + letters)[-_KEPT:]
    at = time.time()
    times = [*row.unknown_at, *[at] * letters.count(_LETTERS[Verdict.UNKNOWN])]
    row.unknown_at = [then for then in times[-_UNKNOWN_MOST:] if at - then < _UNKNOWN_SECONDS]
    _decide(row, results)


def _decide(row: Circuit, results: Sequence[SendResult]) -> None:
    seen = Counter(row.recent)
    failed = row.on_trial and not seen[_ANSWERED]
    own = Circuit.objects.filter(pk=row.pk)
    kept = {"recent": row.recent, "unknown_at": row.unknown_at, "on_trial": False}
    for cause, letter, most, pause in _LIMITS:
        if seen[letter] >= most or (failed and row.recent.endswith(letter)):
            own.update(**kept, open_until=Now() + pause, cause=cause, detail=_last_words(results))
            return
    if len(row.unknown_at) >= _UNKNOWN_MOST:
        cause = Circuit.Cause.UNKNOWN
        own.update(**kept, open_until=Now() + _UNKNOWN_PAUSE, cause=cause, detail=_last_words(results))
        return
    own.update(**kept, open_until=None, cause="", detail="")


def _last_words(results: Iterable[SendResult]) -> str:
    return next((f"{result.code} {result.detail}" for result in results if result.verdict in _LETTERS), "")


def close(provider: str) -> None:
    """Let `provider` be tried again at once: for a person who has mended the settings."""
    Circuit.objects.filter(provider=provider).update(
        recent="", unknown_at=[], open_until=None, on_trial=False, cause="", detail=""
    )
