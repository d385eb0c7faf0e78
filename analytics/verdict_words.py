"""The verdict in one or two sentences, in the active language."""

from collections.abc import Callable
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from analytics.formats import day, number, pair
from campaigns.models import Campaign

type Figures = dict[str, Any]


def verdict_sentence(verdict: Figures, campaign: Campaign, goal: str) -> str:
    """Return the verdict in one or two sentences."""
    values: Figures = {"goal": goal, "useful": number(float(campaign.smallest_useful_effect), 0)}
    if "low" in verdict:
        low, high = verdict["low"] * 1000, verdict["high"] * 1000
        if verdict["code"] == "harms":
            low, high = -high, -low
        signed = verdict["code"] in ("not_enough", "too_early", "undecided", "no_useful_effect")
        values["low"], values["high"] = pair(low, high, signed=signed)
    if "verdict_at" in verdict:
        values["date"] = day(verdict["verdict_at"])
    sentence = _VERDICTS[verdict["code"]]() % (values | verdict.get("figures", {}))
    return f"{sentence} {_wait_sentence(verdict)}".strip()


_VERDICTS: Final[dict[str, Callable[[], str]]] = {
    "works": lambda: _("Per 1,000 customers contacted, %(low)s to %(high)s more %(goal)s than without the campaign."),
    "works_well": lambda: _(
        "Per 1,000 customers contacted, %(low)s to %(high)s more %(goal)s than without the campaign: "
        "at least the %(useful)s that you wanted."
    ),
    "works_little": lambda: _(
        "Per 1,000 customers contacted, %(low)s to %(high)s more %(goal)s than without the campaign: "
        "it works, but brings less than the %(useful)s that you wanted."
    ),
    "harms": lambda: _(
        "Per 1,000 customers contacted, %(low)s to %(high)s fewer %(goal)s than without the campaign: stop it."
    ),
    "no_useful_effect": lambda: _(
        "No useful effect: per 1,000 customers contacted, the difference lies between %(low)s and %(high)s %(goal)s."
    ),
    "not_enough": lambda: _(
        "Not enough data yet: the effect could be anywhere from %(low)s to %(high)s %(goal)s per 1,000."
    ),
    "undecided": lambda: _(
        "Not proven: the effect lies between %(low)s and %(high)s %(goal)s per 1,000, and more data could only tell "
        "effects that are smaller than the %(useful)s that you wanted."
    ),
    "too_early": lambda: _(
        "Too early for a verdict, which is due on %(date)s. So far the effect could be anywhere from %(low)s to "
        "%(high)s %(goal)s per 1,000."
    ),
    "few_conversions": lambda: _(
        "Not enough data yet: %(treated)s contacted customers and %(control)s of the control group came to the goal; "
        "%(least)s in each group are the least."
    ),
    "no_draw": lambda: _(
        "This campaign has no control group: nothing here can tell what it caused. Hold some customers out next time."
    ),
    "unbalanced_draw": lambda: _(
        "No result: the two groups do not have their planned sizes, so the draw is broken. Find out why first."
    ),
    "contaminated": lambda: _("No result: customers of the control group were contacted all the same."),
    "unlike_before": lambda: _(
        "No result: the two groups already differed before the campaign, more than luck explains."
    ),
    "no_contacts": lambda: _("Nobody has reached this moment yet."),
    "not_launched": lambda: _("This campaign has not been launched."),
}


def _wait_sentence(verdict: Figures) -> str:
    match verdict.get("wait"):
        case "weeks":
            weeks = int(verdict["weeks"])
            return ngettext("About %(weeks)s more week.", "About %(weeks)s more weeks.", weeks) % {"weeks": weeks}
        case "over":
            return _("The campaign is over; about %(contacts)s more contacts would have been needed.") % {
                "contacts": number(verdict["contacts"])
            }
        case "too_small":
            return _("With so few customers, an effect as small as the one you look for cannot be seen within a year.")
    return ""
