"""Asking a kind who was reached, in a form that tests compare."""

from datetime import datetime
from typing import Any

from campaigns.models import Campaign
from campaigns.moment_kinds import moment_kind, parse_rule
from tests import cast
from triggers.occasions import Window, occasions

ROW = ("key", "due_at", "fresh_until", "order_id")


def reached(campaign: Campaign, after: str, until: str, customers: Any = None) -> list[tuple[str, str, datetime]]:
    """Return (customer, key, due) of who is reached between two UTC instants, in order."""
    path = moment_kind(campaign.moment.kind).customer_path  # type: ignore[attr-defined]
    rows = occasions(campaign, Window(cast.at(after), cast.at(until)), customers)
    return sorted(rows.values_list(f"{path}external_id", "key", "due_at"))


def sentence(kind: str, **rule: Any) -> str:
    """Return the rule in words."""
    return moment_kind(kind).sentence(parse_rule(kind, rule))
