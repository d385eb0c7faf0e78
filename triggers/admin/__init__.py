"""The studio's pages for WHEN and HOW."""

from triggers.admin import (
    campaign,
    customer,
    deliveries,
    global_group,
    occasions,
    pressure,
    rehearsals,
    trials,
    why,
)

__all__ = [
    "campaign",
    "customer",
    "deliveries",
    "global_group",
    "occasions",
    "pressure",
    "rehearsals",
    "trials",
    "why",
]
