"""The stop buttons of all sending and of one channel; the fire permit reads them inside its transaction."""

from datetime import datetime

from django.db import transaction

from campaigns import audit
from campaigns.models import AuditEntry, Shop


def stop(stopped: bool, *, channel: str = "", by: str, now: datetime) -> None:
    """Stop (or let go on) what is sent on `channel`, or on all of them; queued messages wait meanwhile."""
    Shop.get()
    with transaction.atomic():
        shop = Shop.objects.select_for_update().get(pk=1)
        if channel:
            shop.stopped_channels = sorted({*shop.stopped_channels, channel} - (set() if stopped else {channel}))
        else:
            shop.sending_stopped = stopped
        shop.save(update_fields=["sending_stopped", "stopped_channels"])
        action = AuditEntry.Action.STOPPED if stopped else AuditEntry.Action.RELEASED
        audit.note(action, shop, by=by, now=now, channel=channel)
