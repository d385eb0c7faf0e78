"""Not at this hour: quiet hours, public holidays and blackout days of the channel, on the recipient's clock."""

from collections import defaultdict
from typing import Final

from django.db.models import Q

from triggers.guards.guard import Guard, Setting


def _may_speak_now(setting: Setting, channel: str, path: str) -> Q:
    clocks = setting.clocks(channel)
    silent = {key for key, clock in clocks.items() if clock.open_at > setting.now}
    if not silent:
        return Q()
    speaks = Q(
        **{f"{path}timezone__in": sorted(zone for _channel, zone, country in clocks.keys() - silent if not country)}
    )
    on_holiday: dict[str, list[str]] = defaultdict(list)
    for _channel, zone, country in sorted(silent):
        if country:
            on_holiday[zone] += [country, ""] if country == setting.shop.country else [country]
    for zone, countries in on_holiday.items():
        speaks &= ~Q(**{f"{path}timezone": zone, f"{path}country__in": countries})
    return speaks


QUIET_HOURS: Final = Guard("quiet_hours", _may_speak_now, moves_to="open_at")
