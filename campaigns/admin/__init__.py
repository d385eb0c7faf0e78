"""The studio's pages for WHO and WHAT."""

from campaigns.admin import facts, gestures, moments, settings

__all__ = ["facts", "gestures", "moments", "settings"]
