"""The daily stop of what SMS may cost: what would go beyond waits for the shop's next day."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from django.db.models import F

from campaigns.gestures.sms import sms_segments
from campaigns.models import ChannelName, Shop
from triggers.dispatch.compose import Draft
from triggers.guards import Finding
from triggers.local_time import civil_day, day_end, zone_of
from triggers.models import SmsDay

SMS_BUDGET: Final = "sms_budget"


def over_budget(drafts: Sequence[Draft], shop: Shop, now: datetime) -> dict[int, Finding]:
    """Count the SMS among `drafts` and return a finding for each that the day's budget does not cover any more.

    Inside the permit's transaction, which the day's row then holds up for all workers until its commit.
    """
    texts = [draft for draft in drafts if draft.delivery.channel == ChannelName.SMS]
    if not texts:
        return {}
    zone = zone_of("", shop)
    today = civil_day(now, zone)
    SmsDay.objects.get_or_create(day=today)
    spent = SmsDay.objects.select_for_update().get(day=today).segments
    most = shop.sms_daily_budget // shop.sms_price if shop.sms_daily_budget and shop.sms_price else None
    before, next_day, found = spent, day_end(today, zone), {}
    for draft in texts:
        segments = sms_segments(draft.message.text)
        if most is None or spent + segments <= most:
            spent += segments
        else:
            later = next_day if next_day < draft.delivery.fresh_until else None
            found[draft.delivery.pk] = Finding(SMS_BUDGET, f"{spent}/{most}", later)
    SmsDay.objects.filter(day=today).update(segments=F("segments") + (spent - before))
    return found


def take_off(drafts: Iterable[Draft], shop: Shop, now: datetime) -> None:
    """Take SMS that were provably not sent off the day's count."""
    segments = sum(sms_segments(draft.message.text) for draft in drafts if draft.delivery.channel == ChannelName.SMS)
    if segments:
        today = civil_day(now, zone_of("", shop))
        SmsDay.objects.filter(day=today).update(segments=F("segments") - segments)


def used_up(shop: Shop, now: datetime) -> bool:
    """Return whether messages wait because today's budget is spent."""
    if not (shop.sms_daily_budget and shop.sms_price):
        return False
    today = civil_day(now, zone_of("", shop))
    full = shop.sms_daily_budget // shop.sms_price
    return SmsDay.objects.filter(day=today, segments__gte=full).exists()
