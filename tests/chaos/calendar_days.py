"""Birthdays on the days that break calendars, in five zones, under a clock that jumps."""

from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from campaigns import clock
from campaigns.models import Customer
from tests import cast
from tests.chaos.arena import Arena, Row
from triggers.dispatch import dispatch
from triggers.models import Attempt, Occasion
from triggers.planner import plan

ZONES: Final = ("Europe/Paris", "America/Toronto", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia")
# 29 February with and without one, both changes of the clocks in Paris, Toronto and on Lord Howe, and a new year.
DAYS: Final = (
    date(2028, 2, 29),
    date(2027, 3, 28),
    date(2027, 10, 31),
    date(2027, 2, 28),
    date(2027, 3, 14),
    date(2027, 11, 7),
    date(2027, 4, 4),
    date(2027, 10, 3),
    date(2027, 12, 31),
)
SEND_HOUR: Final = 9


def birthdays(arena: Arena, amount: int) -> Row:
    """For the first `amount` of DAYS: everybody once, on their own day, not before nine on their wall."""
    cast.live_campaign(
        "birthday", {"send_hour": SEND_HOUR}, slug="birthday", launched_at=datetime(2026, 1, 1, tzinfo=UTC)
    )
    wanted: dict[str, set[date]] = {}
    for day in DAYS[:amount]:
        arena.set_clock(datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=30))
        plan(clock.now())
        for zone in ZONES:
            for number, shift in enumerate((-1, 0, 1)):
                born = day + timedelta(days=shift)
                _person(wanted, f"{day}-{zone}-{number}", zone, born.month * 100 + born.day, born)
            if day.month == 2 and day.year % 4:
                _person(wanted, f"{day}-{zone}-leap", zone, 229, day)
        end = clock.now() + timedelta(hours=96)
        while clock.now() < end:
            step = timedelta(hours=arena.random.choice((1, 2, 3)))
            # Seconds, an hour and two days, forth and back again.
            for jump in (arena.random.choice((5, 3600, -5, -3600)), 0):
                arena.set_clock(clock.now() + timedelta(seconds=jump))
                plan(clock.now())
                dispatch()
            arena.set_clock(clock.now() + step)
    arena.settle()
    row = arena.check("29 February, both changes of the clocks, 5 zones", f"{min(amount, len(DAYS))} days")
    # These moments have no orders, of which the arena misses one for each customer with an occasion.
    row.lost += Occasion.objects.values("customer").distinct().count()
    for email, days in wanted.items():
        home = ZoneInfo(Customer.objects.get(email=email).timezone)
        calls = Attempt.objects.filter(recipient=email, outcome="accepted").values_list("business_at", flat=True)
        walls = [call.astimezone(home) for call in calls]
        row.lost += len(days) - len(walls) if len(walls) < len(days) else 0
        if {wall.date() for wall in walls} != days or any(wall.hour < SEND_HOUR for wall in walls):
            row.wrong.append(f"{email}: {walls} instead of {days}")
    return row


def _person(wanted: dict[str, set[date]], name: str, zone: str, birth_day: int, day: date) -> None:
    name = name.replace("/", "-").lower()
    person = cast.customer(name, timezone=zone, birth_day=birth_day)
    wanted[person.email] = {day}
