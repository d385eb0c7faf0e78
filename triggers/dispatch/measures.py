"""Counts and times of provider calls for Prometheus, summed up in Redis for all workers; losing them harms nobody."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final

from triggers import redis_link
from triggers.channels import Verdict, provider_of
from triggers.dispatch.send import Answered

if TYPE_CHECKING:
    import redis

# Upper bounds in seconds; the last bucket has none.
CALL_BOUNDS: Final = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0)
DELAY_BOUNDS: Final = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0)
_KEY: Final = "measures"


def note(answered: Sequence[Answered], now: datetime) -> None:
    """Add the calls among `answered`, at business time `now`: answers, seconds of the call, and the delay between the
    plan (or the slot, where that was later) and the answer."""
    counts: Counter[str] = Counter()
    seconds: dict[str, float] = {}
    for one in answered:
        if one.result.verdict is Verdict.NOT_BEGUN:
            continue
        delivery = one.draft.delivery
        provider = provider_of(delivery.channel)
        counts[f"answers|{provider}|{one.result.verdict.value}"] += 1
        delay = max(0.0, (now - max(delivery.created_at, delivery.not_before)).total_seconds())
        for name, value, bounds in (
            (f"call|{provider}", one.seconds, CALL_BOUNDS),
            (f"delay|{delivery.channel}", delay, DELAY_BOUNDS),
        ):
            counts[f"{name}|{bisect_left(bounds, value)}"] += 1
            seconds[f"{name}|sum"] = seconds.get(f"{name}|sum", 0.0) + value
    if counts:
        redis_link.ask(lambda redis: _add(redis, counts, seconds))


def _add(redis: "redis.Redis", counts: Counter[str], seconds: dict[str, float]) -> None:
    with redis.pipeline(transaction=False) as pipeline:
        for field, count in counts.items():
            pipeline.hincrby(redis_link.key(_KEY), field, count)
        for field, value in seconds.items():
            pipeline.hincrbyfloat(redis_link.key(_KEY), field, value)
        pipeline.execute()


def totals() -> dict[str, float]:
    """Return everything noted since Redis was last emptied, by field: `answers|provider|verdict`, and
    `call|provider|bucket` or `delay|channel|bucket` with `sum` beside the buckets' numbers."""
    fields = redis_link.ask(lambda redis: redis.hgetall(redis_link.key(_KEY)))
    return {str(field): float(value) for field, value in (fields or {}).items()}
