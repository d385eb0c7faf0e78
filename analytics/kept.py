"""Figures kept for a quarter of an hour, as those of a report are."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

from analytics.models import Figures

FRESH: Final = timedelta(minutes=15)
# After so long nobody asks for an answer again: other days, other names.
FORGOTTEN: Final = timedelta(days=2)
# Raised whenever kept figures would no longer be read.
VERSION: Final = "2"


def kept(name: str, now: datetime, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Return the figures called `name` as computed within the last quarter of an hour, else those that `make` returns.

    They are JSON: no sentence is among them, as readers differ in their languages.
    """
    row = Figures.objects.filter(name=name, version=VERSION, computed_at__gt=now - FRESH, computed_at__lte=now).first()
    if row:
        content: dict[str, Any] = row.content
        return content
    content = make()
    # Two readers who compute at once write the same.
    Figures.objects.update_or_create(name=name, defaults={"computed_at": now, "version": VERSION, "content": content})
    Figures.objects.filter(computed_at__lt=now - FORGOTTEN).delete()
    return content
