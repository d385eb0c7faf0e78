"""Words that the sentences of several moment kinds share."""

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
