"""What every moment kind is: a name, a rule, a sentence, and one pure set query over facts."""

from abc import abstractmethod
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final, Protocol

from django.db.models import BigIntegerField, DateTimeField, ExpressionWrapper, F, Q, QuerySet, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast

from campaigns.audience import audience_q
from campaigns.bell import Fact
from campaigns.models import Campaign, OrderStatus
from campaigns.moment_kinds import MomentKind, MomentRule

# Facts that can bring a moment about, each with the time after which the earliest of them may.
Brings = Mapping[Fact, timedelta]
AT_ONCE: Final = timedelta(0)
FRESH_HOURS: Final = timedelta(hours=72)
# `order_id` of a moment that no order brought about; PostgreSQL takes a bare NULL for a text.
NO_ORDER: Final = Cast(Value(None), BigIntegerField())


class Delaying(Protocol):
    """A rule that says how long after its fact it speaks."""

    delay_days: int
    delay_hours: int


def delay_of(rule: Delaying) -> timedelta:
    """Return how long after its fact a gesture is due."""
    return timedelta(days=rule.delay_days, hours=rule.delay_hours)


@dataclass(frozen=True, slots=True)
class Window:
    """The instants `after < due_at <= until`, both aware.

    `until` is also the instant as of which "still late" and "still away" are asked: nothing after it is known.
    """

    after: datetime
    until: datetime

    def starting(self, earliest: datetime) -> "Window":
        """Return the part of the window that lies after `earliest`."""
        return Window(max(self.after, earliest), self.until)

    def minus(self, delay: timedelta) -> "Window":
        """Return the window of the facts that fall due in this one after `delay`."""
        return Window(self.after - delay, self.until - delay)

    def parts(self, longest: timedelta) -> Iterator["Window"]:
        """Yield windows of at most `longest` that together are this one, the earliest first."""
        after = self.after
        while self.until - after > longest:
            yield Window(after, after + longest)
            after += longest
        yield Window(after, self.until)


class OccasionKind(MomentKind):
    """A moment kind with its query.

    `customer_path` leads from a row of the query to its customer ("" or "customer__"); guards and audiences are put
    behind it. `longest_fresh` is at least the time between `due_at` and `fresh_until` of any of its rows. Where one row
    of the query can stand for one occasion only, `longest_window` is so short that nobody has two of them in it.

    `asks_everybody_every`: a kind that concerns a whole audience at once is asked of everybody only when such a part of
    the day begins (a local hour is always one of its quarters), and at each tick of those whom a fact touched.

    `counts_permitted_time`: its freshness is a length of time, to which each day adds one on which the channel that
    speaks is closed; not so where it ends with a civil day. `speaks_to_trouble`: it is the trouble itself that it
    speaks of, and so does not wait until that is over.
    """

    customer_path: ClassVar[str]
    longest_fresh: ClassVar[timedelta]
    longest_window: ClassVar[timedelta] = timedelta.max
    asks_everybody_every: ClassVar[timedelta] = timedelta(0)
    counts_permitted_time: ClassVar[bool] = True
    speaks_to_trouble: ClassVar[bool] = False

    @abstractmethod
    def occasions(
        self, campaign: Campaign, window: Window, customers: Collection[int] | None = None
    ) -> QuerySet[Any, Any]:
        """Return who reached the campaign's moment within `window`, one row an occasion.

        Each row has `customer_id`, `key`, `due_at`, `fresh_until` (aware UTC) and `order_id` (or None). `customers`
        are database ids; None means everybody. Reads facts and never what was planned or sent.
        """

    def brought_by(self, _rule: MomentRule, /) -> Brings:
        """Return the facts that can bring the moment about, so that the bell asks after it for their customers, and how
        old the oldest of them must be.

        What the clock brings about is found by the next tick, and by a sweep what a new fact lets into the audience of
        an older one. All facts at once, unless a kind knows better.
        """
        return dict.fromkeys(Fact, AT_ONCE)

    def refuse_long(self, window: Window) -> None:
        """Raise ValueError for a window longer than `longest_window`."""
        if window.until - window.after > self.longest_window:
            raise ValueError(f"{self.name} is asked for at most {self.longest_window.days} days at once")

    def only_dues(self, _campaign: Campaign, /) -> "list[tuple[datetime, datetime]] | None":
        """Return the only (due, fresh until) that the moment can ever have, on the shop's clock; None where it has
        many, as most kinds."""
        return None

    def among(self, campaign: Campaign, customers: Collection[int] | None) -> Q:
        """Return the condition that a row's customer is in the campaign's audience, and among `customers`."""
        wanted = audience_q(campaign.audience, self.customer_path)
        return wanted if customers is None else wanted & Q(**{f"{self.customer_path}pk__among": customers})


def kept(path: str = "") -> Q:
    """Return the condition that something was kept of an order, `path` leading to it: a free one has nothing to
    refund."""
    some = Q(**{f"{path}refunded__lt": F(f"{path}total")}) | Q(**{f"{path}total": 0})
    return some & ~Q(**{f"{path}status": OrderStatus.REFUNDED}) & Q(**{f"{path}valid": True})


def launch_of(campaign: Campaign) -> datetime:
    """Return when the campaign was launched; raises ValueError for one that never was."""
    if campaign.launched_at is None:
        raise ValueError(f"campaign {campaign.slug} was never launched")
    return campaign.launched_at


def anchored(campaign: Campaign, window: Window, delay: timedelta) -> Window:
    """Return when the facts lie that fall due within `window` after `delay`, and after the launch."""
    return window.starting(launch_of(campaign)).minus(delay)


class _Length(Value):
    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, list[float]]:  # noqa: ARG002
        # Seconds alone: for an interval of days PostgreSQL asks the session's zone at each row.
        return "make_interval(secs => %s)", [self.value.total_seconds()]


def later(field: str, delay: timedelta) -> Combinable:
    """Return the expression of the instant `delay` after the one in `field`."""
    return ExpressionWrapper(F(field) + _Length(delay), output_field=DateTimeField())
