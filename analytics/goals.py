"""What a funnel and its signals lead to: an order, or a key event that the shop declared a macro-conversion."""

from django.utils.translation import gettext as _

from analytics.facts.deeds import ORDER
from campaigns.models import KeyEvent


def goals() -> dict[str, str]:
    """Return the goals that can be chosen, by name, with their words in the active language."""
    macros = KeyEvent.objects.filter(kind=KeyEvent.Kind.MACRO).order_by("rank", "name")
    return {ORDER: _("An order")} | {row.name: str(row) for row in macros}


def milestones(goal: str) -> list[str]:
    """Return the names of the shop's steps before `goal`, in their order."""
    steps = KeyEvent.objects.filter(kind=KeyEvent.Kind.MILESTONE).exclude(name=goal)
    return list(steps.order_by("rank", "name").values_list("name", flat=True))


def labels() -> dict[str, str]:
    """Return the words for every step, by name; a name without any is told as it is."""
    return goals() | {row.name: str(row) for row in KeyEvent.objects.all()}
