"""Not this one too: a gesture of a campaign that absorbs this one goes to the same customer."""

from datetime import timedelta
from typing import Any, Final

from django.db.models import OuterRef, Q

from campaigns.models import Campaign
from triggers.guards.guard import Guard, Setting
from triggers.models import MAY_HAVE_SPOKEN, Delivery, State

# How long what was said still stands for what it absorbs.
_STANDS_FOR: Final = timedelta(hours=24)


def _stands_alone(setting: Setting, _channel: str, path: str) -> Any:
    """About to go, or gone within a day; one that is held out or was skipped absorbs nothing."""
    absorbers = [campaign.pk for campaign in setting.campaign.absorbed_by.all()]
    if not absorbers:
        return Q()
    live = Q(campaign__status__in=Campaign.SENDING)
    goes = live & Q(state__in=(State.PLANNED, State.CLAIMED), not_before__lte=setting.now)
    gone = Q(state__in=MAY_HAVE_SPOKEN, permitted_at__gt=setting.now - _STANDS_FOR)
    # By the occasion, whose index knows campaign and customer.
    theirs = {"occasion__campaign__in": absorbers, "occasion__customer": OuterRef(f"{path}pk")}
    return ~setting.exists(Delivery.objects.filter(goes | gone, **theirs))


ABSORBED: Final = Guard("absorbed", _stands_alone, by_channel=False)
