"""What an oracle's world is made of: people, what they did, campaigns, and clocks read by the quarter of an hour."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import cache
from zoneinfo import ZoneInfo

QUARTER = timedelta(minutes=15)
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Person:
    """A customer; `known_from` is the instant from which the shop knows them."""

    id: str
    zone: str = ""
    country: str = ""
    born: tuple[int, int] | None = None  # (month, day)
    birth_date_changed_on: date | None = None
    known_from: datetime = datetime(2000, 1, 1, tzinfo=UTC)
    email: bool = True
    phone: bool = True
    email_consent: bool = True
    sms_consent: bool = True
    email_suppressed: str = ""  # why the address is closed: "bounced", "complained"
    signed_up: datetime | None = None
    key: int = 0  # database id
    spoken_on: tuple[date, ...] = ()  # civil days on which another campaign wrote to them


@dataclass(frozen=True)
class Purchase:
    """An order."""

    id: str
    person: str
    placed: datetime
    delivered: datetime | None = None
    promised: datetime | None = None
    known_from: datetime = datetime(2000, 1, 1, tzinfo=UTC)
    counts: bool = True  # paid, not a test, not cancelled, not wholly refunded
    cancelled: datetime | None = None  # when one that does not count was cancelled
    returning: datetime | None = None  # when one that was delivered was sent back


@dataclass(frozen=True)
class Reach:
    """A tier first reached, by an order (its id) or not, in a year where it is counted over 12 months."""

    person: str
    tier: str
    at: datetime
    highest: bool = True
    known_from: datetime = datetime(2000, 1, 1, tzinfo=UTC)
    year: int = 0
    order: str = ""


@dataclass(frozen=True)
class Happening:
    """An event; the last three are of a message that another tool sent."""

    id: str
    person: str
    name: str
    at: datetime
    ticket: int = 0  # 0 is none
    page: str = ""
    channel: str = ""
    purpose: str = ""
    survey: bool = False
    known_from: datetime = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Score:
    """An answer to a survey."""

    person: str
    score: int
    at: datetime
    known_from: datetime = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Word:
    """A word about consent after the first one; `key` is its database id."""

    person: str
    channel: str
    granted: bool
    at: datetime
    known_from: datetime = datetime(2000, 1, 1, tzinfo=UTC)
    key: int = 0


@dataclass(frozen=True)
class Plan:
    """A campaign. `key` is its database id, which salts the draw; `hours` are the delay of the kinds that have one.

    `of` is what the kind's rule chooses among: an anchor, a beginning, what is lacking, awaited or left.
    """

    slug: str
    kind: str
    launched: datetime
    of: str = ""
    key: int = 0
    hours: int = 0
    days: int = 1
    offset_days: int = 0
    send_hour: int = 9
    tiers: tuple[str, ...] = ()
    share_percent: int = 50
    every_days: int = 7
    weekdays: tuple[int, ...] = (0, 1, 2, 3, 4, 5, 6)
    hours_of_day: tuple[int, int] = (10, 18)
    marks: tuple[int, ...] = ()  # anniversaries kept, in months; 12 stands for every year
    page: str = ""  # only events of this page count
    times: int = 0  # 0 is every time
    unless: tuple[str, ...] = ()
    day: date = date(2000, 1, 1)
    channels: tuple[str, ...] = ("email",)
    share: Decimal = Decimal(0)
    purpose: str = "relation"
    survey: bool = False
    promised: bool = False
    even_in_trouble: bool = False
    priority: int = 0
    absorbed_by: tuple[str, ...] = ()  # slugs


@dataclass(frozen=True)
class World:
    """All facts, and the instants at which a planner ran."""

    people: tuple[Person, ...]
    plans: tuple[Plan, ...]
    ticks: tuple[datetime, ...]
    purchases: tuple[Purchase, ...] = ()
    reaches: tuple[Reach, ...] = ()
    happenings: tuple[Happening, ...] = ()
    words: tuple[Word, ...] = ()
    scores: tuple[Score, ...] = ()
    # When each (campaign's slug, person) entered the audience so far, None for who was inside from the start.
    entries: dict[tuple[str, str], list[datetime | None]] = field(default_factory=dict)
    inside: frozenset[tuple[str, str]] = frozenset()
    shop_zone: str = "Europe/Paris"
    leap_day: tuple[int, int] = (2, 28)
    lock_days: int = 30
    shop_country: str = "FR"
    daily_cap: int = 1
    # in 7 days, in 30 days, of which commercial; days between two surveys
    caps: tuple[int, int, int] = (3, 6, 2)
    survey_days: int = 30
    # (channel, a day, in 7 days, in 30 days, of which commercial)
    channel_caps: tuple[tuple[str, int, int, int, int], ...] = ()
    blackout: tuple[date, ...] = ()
    # (since, share) of the global control groups; the n-th one's epoch is its rank
    groups: tuple[tuple[datetime, Decimal], ...] = ()
    # (channel, opens, closes, weekdays, closed on holidays) of the channels that keep quiet hours
    quiet: tuple[tuple[str, time, time, str, bool], ...] = ()


def wall_reached(day: date, hour: time, zone: str) -> datetime:
    """Return the first instant at which the wall clock of `zone` shows `hour` of `day` or anything after it."""
    return _wall_reached(datetime.combine(day, hour), zone)


@cache
def _wall_reached(wall: datetime, zone: str) -> datetime:
    moment = wall.replace(tzinfo=UTC) - timedelta(hours=15)
    while moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None) < wall:
        moment += QUARTER
    return moment


def zone_of(world: World, person: Person) -> str:
    """Return the name of the person's zone, else of the shop's."""
    return person.zone or world.shop_zone
