"""Words that the sentences of several moment kinds share."""

from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext


def delay_words(days: int, hours: int) -> str:
    """Return for example "3 days and 12 hours"; '' for none at all."""
    counted = (
        ngettext("%d day", "%d days", days) % days if days else "",
        ngettext("%d hour", "%d hours", hours) % hours if hours else "",
    )
    return _(" and ").join(part for part in counted if part)


def after_words(what: str, days: int, hours: int) -> str:
    """Return for example "3 days after an order is delivered", or "As soon as an order is delivered"."""
    delay = delay_words(days, hours)
    if not delay:
        return _("As soon as %(order)s") % {"order": what}
    return _("%(delay)s after %(order)s") % {"delay": delay, "order": what}


def listed(parts: Sequence[str]) -> str:
    """Return for example "1 month, 3 months and 6 months"."""
    return _(" and ").join(part for part in (", ".join(parts[:-1]), *parts[-1:]) if part)


def either(parts: Sequence[str]) -> str:
    """Return for example "an order, a visit or a call"."""
    return _(" or ").join(part for part in (", ".join(parts[:-1]), *parts[-1:]) if part)


def ordinal(number: int) -> str:
    """Return for example "2nd", for "the 2nd time"."""
    if number == 1:
        return _("first")
    ending = 0 if number % 100 in (11, 12, 13) else number % 10
    return {1: _("%dst"), 2: _("%dnd"), 3: _("%drd")}.get(ending, _("%dth")) % number
