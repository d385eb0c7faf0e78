"""How many customers are in an audience: exactly where that is quick, else an estimate from a random sample at once
and the exact count slice by slice."""

import math
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import OperationalError, connection, transaction
from django.db.models import Max, Min, QuerySet

from campaigns.audience.parse import parse_audience
from campaigns.audience.query import audience_q
from campaigns.audience.tree import uses_history
from campaigns.models import Customer

# A base of this many is counted at once whatever is asked.
SMALL: Final = 20_000
SAMPLE: Final = 10_000
# 97.5 % quantile of the normal distribution: a 95 % range.
_Z: Final = 1.959964
_PATIENCE_MS: Final = 1_000
_FIRST_SLICE: Final = 20_000


@dataclass(frozen=True, slots=True)
class Count:
    """`found` customers of `of`; where `sampled` is not None, an estimate from that many, with its 95 % range."""

    found: int
    of: int
    low: int
    high: int
    sampled: int | None = None

    @property
    def exact(self) -> bool:
        """Whether every customer was asked."""
        return self.sampled is None


@dataclass(frozen=True, slots=True)
class Progress:
    """An exact count under way: `found` among the customers with an id up to `last`, of ids up to `newest`."""

    found: int = 0
    last: int = 0
    newest: int | None = None

    @property
    def done(self) -> bool:
        """Whether every customer was asked."""
        return self.newest is not None and self.last >= self.newest

    @property
    def percent(self) -> int:
        """How far it is, 0 to 100."""
        return 100 * self.last // self.newest if self.newest else 100 * self.done


def quick_count(tree: Mapping[str, Any], now: datetime) -> Count:
    """Return the exact count of an audience of attributes or of a small base, else an estimate.

    Raises ValidationError for a bad tree.
    """
    everybody = Customer.objects.count()
    inside = Customer.objects.filter(audience_q(tree, now=now))
    if everybody <= SMALL or not uses_history(parse_audience(tree)):
        found = _counted_in_time(inside)
        if found is not None:
            return Count(found, everybody, found, found)
    return _estimate(inside, everybody)


def _counted_in_time(inside: QuerySet[Customer]) -> int | None:
    """Return the count, or None where PostgreSQL does not have it within a second; SQLite's bases are small."""
    if connection.vendor != "postgresql":
        return inside.count()
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL statement_timeout = {_PATIENCE_MS}")
            return inside.count()
    except OperationalError:
        return None


def _sample_ids() -> list[int]:
    """Return random ids, the same while the base does not grow, so that an estimate does not flicker as one types."""
    ends = Customer.objects.aggregate(least=Min("pk"), most=Max("pk"))
    if ends["least"] is None:
        return []
    span = range(ends["least"], ends["most"] + 1)
    return random.Random(str(span)).sample(span, min(SAMPLE, len(span)))  # noqa: S311 - not a secret


def _estimate(inside: QuerySet[Customer], everybody: int) -> Count:
    ids = _sample_ids()
    asked = Customer.objects.filter(pk__in=ids).count()
    low, share, high = _wilson(inside.filter(pk__in=ids).count(), asked)
    return Count(round(share * everybody), everybody, math.floor(low * everybody), math.ceil(high * everybody), asked)


def _wilson(hits: int, asked: int) -> tuple[float, float, float]:
    """Return the score interval of a share and the share itself (Wilson 1927, JASA 22:209-212)."""
    if not asked:
        return 0.0, 0.0, 1.0
    share, z2 = hits / asked, _Z**2
    middle = (share + z2 / (2 * asked)) / (1 + z2 / asked)
    half = _Z / (1 + z2 / asked) * math.sqrt(share * (1 - share) / asked + z2 / (4 * asked**2))
    return max(0.0, middle - half), share, min(1.0, middle + half)


def sample_of(tree: Mapping[str, Any], now: datetime, number: int) -> list[Customer]:
    """Return some customers of the audience, found among the random sample; raises ValidationError."""
    inside = Customer.objects.filter(audience_q(tree, now=now), pk__in=_sample_ids())
    return list(inside.order_by("external_id")[:number])


def count_on(tree: Mapping[str, Any], now: datetime, so_far: Progress, *, seconds: float = 0.8) -> Progress:
    """Count on from `so_far` for about `seconds`, and return how far it came; raises ValidationError.

    Nothing is stored: who asks keeps the progress, and cancels by not asking again.
    """
    wanted, started = audience_q(tree, now=now), time.monotonic()
    found, last, size = so_far.found, so_far.last, _FIRST_SLICE
    newest = so_far.newest
    if newest is None:
        newest = Customer.objects.aggregate(most=Max("pk"))["most"] or 0
    while last < newest:
        found += Customer.objects.filter(wanted, pk__gt=last, pk__lte=min(last + size, newest)).count()
        last, size = min(last + size, newest), size * 2
        if time.monotonic() - started > seconds:
            break
    return Progress(found, last, newest)
