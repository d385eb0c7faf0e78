"""Not faster than the account, a sender or a recipient's mail server may be written to: settings.SENDING_RATES.

Each has a line in which every message takes its place. What is not further in it than a second's worth goes out, the
rest comes back at its own time and is not asked again. The lines stand in Redis, for all workers; without it each
process keeps its own at a tenth of the rate, never none.
"""

import json
import math
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings

from campaigns.models import ChannelName
from triggers import redis_link
from triggers.channels import provider_of
from triggers.dispatch.compose import Draft
from triggers.models import Delivery, State

RATE: Final = "rate"
SCOPES: Final = ("email", "email:sender", "email:domain", "sms", "sms:sender")
BURST_SECONDS: Final = 1.0
LOCAL_SHARE: Final = 0.1
# A place that was not taken for so long is lost: after a stop everybody would come at once.
_PLACE_LASTS: Final = timedelta(minutes=1)
# Those that come back are told apart no finer than this.
_GRAIN_SECONDS: Final = 0.25
_LINES: Final = """
local clock = redis.call('TIME')
local now = clock[1] + clock[2] / 1000000
local seconds, wanted, waits, ends = cjson.decode(ARGV[1]), cjson.decode(ARGV[2]), {}, {}
for i, key in ipairs(KEYS) do ends[i] = math.max(now, tonumber(redis.call('GET', key) or '0')) end
for m, lines in ipairs(wanted) do
    local wait = 0
    for _, i in ipairs(lines) do
        wait = math.max(wait, ends[i] - now)
        ends[i] = ends[i] + seconds[i]
    end
    waits[m] = string.format('%.6f', wait)
end
for i, key in ipairs(KEYS) do redis.call('SET', key, string.format('%.6f', ends[i]), 'PX', math.ceil((ends[i] - now) * 1000) + 1) end
return waits
"""  # noqa: E501 - one statement of another language
_own_lines: dict[str, float] = {}


def in_time(drafts: Sequence[Draft], now: datetime) -> tuple[list[Draft], list[tuple[Draft, float]]]:
    """Return the drafts that may go now, and the others with the seconds that each must wait for its place."""
    if not settings.SENDING_RATES:
        return list(drafts), []
    lines = [[] if _has_place(draft, now) else _lines_of(draft) for draft in drafts]
    if not any(lines):
        return list(drafts), []
    waits = _waits(lines)
    go = [draft for draft, wait in zip(drafts, waits, strict=True) if wait <= BURST_SECONDS]
    return go, [(draft, wait) for draft, wait in zip(drafts, waits, strict=True) if wait > BURST_SECONDS]


def put_off(early: Iterable[tuple[Draft, float]], now: datetime) -> None:
    """Return the drafts that must wait to the queue, each for its own time."""
    by_wait: dict[int, list[Draft]] = defaultdict(list)
    for draft, wait in early:
        by_wait[math.ceil(wait / _GRAIN_SECONDS)].append(draft)
    for grains, drafts in by_wait.items():
        claim = drafts[0].delivery.claim
        ours = Delivery.objects.filter(pk__among={draft.delivery.pk for draft in drafts}, claim=claim)
        ours.filter(state=State.CLAIMED).update(
            state=State.PLANNED,
            reason=RATE,
            not_before=now + timedelta(seconds=grains * _GRAIN_SECONDS),
            claim=None,
            claims=0,
            lease_until=None,
        )


def soon(now: datetime) -> bool:
    """Return whether one that was put off has its turn within seconds, so that a worker stays for it."""
    near = now + timedelta(seconds=2 * BURST_SECONDS)
    return Delivery.objects.filter(state=State.PLANNED, reason=RATE, not_before__lte=near).exists()


def faults() -> list[str]:
    """Return what is wrong with settings.SENDING_RATES."""
    unknown = [f"{name!r} is not one of {', '.join(SCOPES)}" for name in settings.SENDING_RATES if name not in SCOPES]
    wrong = [f"{name} is no positive number" for name in settings.SENDING_RATES if not _rate(name)]
    return unknown + wrong


def _rate(name: str) -> float:
    """Return how many a second, 0 for any number."""
    try:
        rate = float(settings.SENDING_RATES.get(name, 0))
    except ValueError:
        return 0.0
    return rate if 0 < rate < math.inf else 0.0


def _has_place(draft: Draft, now: datetime) -> bool:
    return draft.delivery.reason == RATE and now - draft.delivery.not_before < _PLACE_LASTS


def _lines_of(draft: Draft) -> list[tuple[str, float]]:
    """Return the lines that a draft stands in, each with the seconds that one message takes there."""
    channel, message = draft.delivery.channel, draft.message
    names = [(channel, provider_of(channel)), (f"{channel}:sender", message.sender)]
    if channel == ChannelName.EMAIL:
        names.append((f"{channel}:domain", message.recipient.rpartition("@")[2].lower()))
    return [(f"{name}:{value}", 1 / rate) for name, value in names if (rate := _rate(name))]


def _waits(lines: Sequence[Sequence[tuple[str, float]]]) -> list[float]:
    seconds = {name: second for places in lines for name, second in places}
    index = {name: number for number, name in enumerate(seconds, start=1)}
    wanted = [[index[name] for name, _second in places] for places in lines]
    # An empty table would be encoded as an object.
    given = [json.dumps(list(seconds.values())), json.dumps(wanted)]
    keys = [redis_link.key(f"line:{name}") for name in seconds]
    answer = redis_link.ask(lambda redis: redis.eval(_LINES, len(keys), *keys, *given))
    if answer is not None:
        return [float(wait) for wait in answer]
    return _own_waits(lines)


def _own_waits(lines: Sequence[Sequence[tuple[str, float]]]) -> list[float]:
    """The same lines in this process alone, for as long as the shared ones are out of reach."""
    now = time.monotonic()
    for name in [name for name, end in _own_lines.items() if end <= now]:
        del _own_lines[name]
    waits = []
    for places in lines:
        waits.append(max((_own_lines.get(name, now) - now for name, _second in places), default=0.0))
        for name, second in places:
            _own_lines[name] = max(now, _own_lines.get(name, now)) + second / LOCAL_SHARE
    return waits
