"""The studio's pages for WHO and WHAT."""

from campaigns.admin import api_keys, audit, campaigns, customers, facts, gestures, ledgers, moments, previews, settings

__all__ = [
    "api_keys",
    "audit",
    "campaigns",
    "customers",
    "facts",
    "gestures",
    "ledgers",
    "moments",
    "previews",
    "settings",
]
