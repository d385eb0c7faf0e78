"""Places on the studio's pages that higher apps fill: they register at start-up, campaigns knows none of them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.utils.safestring import SafeString

from campaigns.models import Campaign, Customer

CustomerPanel = Callable[[HttpRequest, Customer], SafeString]
CampaignPanel = Callable[[HttpRequest, Campaign, Customer | None], SafeString]


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened with a customer: when, of which kind (its colour), in words, and where to read on."""

    at: datetime
    kind: str
    title: Any
    detail: Any = ""
    url: str = ""


TimelineSource = Callable[[Customer, int], Iterable[Entry]]

_campaign_panels: list[CampaignPanel] = []
_customer_panels: list[CustomerPanel] = []
_timeline_sources: list[TimelineSource] = []


def on_campaign(panel: CampaignPanel) -> CampaignPanel:
    """Register `panel(request, campaign, customer)`, shown on every campaign's page; usable as a decorator."""
    _campaign_panels.append(panel)
    return panel


def on_customer(panel: CustomerPanel) -> CustomerPanel:
    """Register `panel(request, customer)`, shown on every customer's page; usable as a decorator."""
    _customer_panels.append(panel)
    return panel


def on_timeline(source: TimelineSource) -> TimelineSource:
    """Register `source(customer, limit)`, whose latest entries join the customer's timeline; usable as a decorator."""
    _timeline_sources.append(source)
    return source


def campaign_panels(request: HttpRequest, campaign: Campaign, customer: Customer | None) -> list[SafeString]:
    """Return every registered panel of a campaign; `customer` is the one chosen for the preview, if any."""
    return [panel(request, campaign, customer) for panel in _campaign_panels]


def customer_panels(request: HttpRequest, customer: Customer) -> list[SafeString]:
    """Return every registered panel of a customer."""
    return [panel(request, customer) for panel in _customer_panels]


def timeline(customer: Customer, limit: int) -> list[Entry]:
    """Return the latest `limit` entries of all sources, the newest first."""
    entries = [entry for source in _timeline_sources for entry in source(customer, limit)]
    return sorted(entries, key=lambda entry: entry.at, reverse=True)[:limit]
