"""When one customer reached a campaign's moment, and when they will: the kind's own query over long windows."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from campaigns.models import Campaign, Customer
from triggers.occasions import Window, kind_of

# As far as the birthday after the next, whatever the day.
HORIZON: Final = timedelta(days=400)
_LONGEST: Final = timedelta(days=300)


@dataclass(frozen=True, slots=True)
class Reach:
    """One occasion of a customer, as its kind says it: unplanned, undecided."""

    key: str
    due_at: datetime
    fresh_until: datetime
    order_id: int | None


def ever_launched(campaign: Campaign, *, since: datetime) -> Campaign:
    """Return the campaign as if it had run since `since`, in memory alone: a draft has moments too."""
    copied = Campaign.objects.select_related("moment", "gesture").get(pk=campaign.pk)
    copied.launched_at = since
    return copied


def reaches(campaign: Campaign, customer: Customer, window: Window) -> Iterator[Reach]:
    """Yield the occasions of `customer` within a window of any length, the earliest first; each key once.

    Raises ValidationError for a rule that cannot be read.
    """
    kind = kind_of(campaign)
    found: dict[str, Reach] = {}
    for part in window.parts(min(kind.longest_window, _LONGEST)):
        for row in kind.occasions(campaign, part, [customer.pk]).values("key", "due_at", "fresh_until", "order_id"):
            found.setdefault(row["key"], Reach(**row))
    yield from sorted(found.values(), key=lambda reach: reach.due_at)
