"""Who reached a campaign's moment, and when: one file a kind of moment, each one pure set query."""

from collections.abc import Collection
from typing import Any

from django.db.models import QuerySet

from campaigns.models import Campaign
from campaigns.moment_kinds import moment_kind, register
from triggers.occasions.anniversary import Anniversary
from triggers.occasions.birthday import Birthday
from triggers.occasions.calendar_day import CalendarDay
from triggers.occasions.departure import Departure
from triggers.occasions.event import EventKind
from triggers.occasions.kind import OccasionKind, Window
from triggers.occasions.post_purchase import PostPurchase
from triggers.occasions.segment import Segment
from triggers.occasions.silence import Silence
from triggers.occasions.surprise import Surprise
from triggers.occasions.tier import TierReached
from triggers.occasions.waiting import Waiting
from triggers.occasions.welcome import Welcome

KINDS: tuple[type[OccasionKind], ...] = (
    Birthday,
    Anniversary,
    Welcome,
    TierReached,
    PostPurchase,
    Waiting,
    EventKind,
    Silence,
    Segment,
    Departure,
    Surprise,
    CalendarDay,
)

__all__ = ["KINDS", "OccasionKind", "Window", "kind_of", "occasions", "register_kinds"]


def register_kinds() -> None:
    """Tell campaigns which kinds of moment there are; called once, when the app is ready."""
    for kind in KINDS:
        register(kind())


def kind_of(campaign: Campaign) -> OccasionKind:
    """Return the kind of the campaign's moment; raises ValidationError for one that is not known."""
    kind = moment_kind(campaign.moment.kind)
    assert isinstance(kind, OccasionKind)
    return kind


def occasions(campaign: Campaign, window: Window, customers: Collection[int] | None = None) -> QuerySet[Any, Any]:
    """Return who reached the campaign's moment within `window`: see OccasionKind.occasions."""
    return kind_of(campaign).occasions(campaign, window, customers)
