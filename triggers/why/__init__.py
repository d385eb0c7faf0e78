"""Why a customer got a campaign's gesture, or why not; and which gestures come next."""

from triggers.why.answer import Verdict, Why, why
from triggers.why.upcoming import Upcoming, next_gestures

__all__ = ["Upcoming", "Verdict", "Why", "next_gestures", "why"]
