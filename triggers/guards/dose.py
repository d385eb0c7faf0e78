"""Not now: quiet hours, and the daily cap over all campaigns."""

from typing import Any, Final

from django.db.models import Exists, OuterRef, Q

from triggers.guards.guard import Guard, Setting
from triggers.models import MAY_HAVE_SPOKEN, Delivery


def _within_hours(setting: Setting, channel: str, path: str) -> Q:
    clocks = {zone: clock for (known, zone), clock in setting.clocks.items() if known == channel}
    open_now = [zone for zone, clock in clocks.items() if clock.open_at <= setting.now]
    return Q() if len(open_now) == len(clocks) else Q(**{f"{path}timezone__in": open_now})


def _below_cap(setting: Setting, channel: str, path: str) -> Any:
    """Counts what may have reached the customer in their civil day, on every channel."""
    below = Q(pk__in=[])
    for today, zones in setting.zones_by_day(channel).items():
        spoken = Delivery.objects.filter(
            customer=OuterRef(f"{path}pk"), spoken_on=today, state__in=MAY_HAVE_SPOKEN
        ).order_by()
        capped = Exists(spoken[setting.shop.daily_cap - 1 : setting.shop.daily_cap])
        below |= Q(**{f"{path}timezone__in": zones}) & Q(~capped)
    return below


QUIET_HOURS: Final = Guard("quiet_hours", _within_hours, moves_to="open_at")
DAILY_CAP: Final = Guard("daily_cap", _below_cap, moves_to="tomorrow_at", by_channel=False)
