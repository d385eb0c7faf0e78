"""A plan in words: what a control group of each size can show, and which one to take."""

from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from analytics.formats import money, number, percent

type Figures = dict[str, Any]

PROBLEMS: Final = {
    "nobody": gettext_lazy(
        "Nobody reached this moment in the last 13 weeks: say below how many customers a week you expect."
    ),
    "no_rate": gettext_lazy(
        "Of those who reached this moment nobody came to the goal by themselves: say below which share you expect."
    ),
    "impossible": gettext_lazy(
        "These figures leave no room for the effect: the share and the effect together must stay under 100 %."
    ),
}


def plan_words(figures: Figures) -> Figures:
    """Return the plan with its sentences in the active language."""
    if figures["problem"]:
        return figures | {"sentence": str(PROBLEMS[figures["problem"]])}
    currency = figures["currency"]
    return figures | {
        "sentence": advice_sentence(figures["advice"], figures),
        "choices": [choice_words(one, currency) for one in figures["choices"]],
    }


def advice_sentence(advice: Figures, figures: Figures) -> str:
    """Return which share to hold out, and for how long."""
    weeks = int(advice["weeks"])
    values = {
        "share": percent(advice["share"], 0),
        "weeks": number(weeks),
        "useful": _effect(figures["supposed"]["useful"]),
    }
    if advice["code"] == "in_time":
        return (
            _("Hold out %(share)s: in about %(weeks)s weeks you will know whether it brings %(useful)s more per 1,000.")
            % values
        )
    if advice["code"] == "half_for_weeks":
        return (
            ngettext(
                "Hold out half for about %(weeks)s week, then write to everybody: a smaller control group would "
                "take far longer to show %(useful)s more per 1,000.",
                "Hold out half for about %(weeks)s weeks, then write to everybody: a smaller control group would "
                "take far longer to show %(useful)s more per 1,000.",
                weeks,
            )
            % values
        )
    if advice["detectable"] is None:
        return _("With so few customers, no effect can be shown within a year: enjoy the gesture, but prove nothing.")
    return _(
        "Your shop is too small for this question: %(useful)s more per 1,000 cannot be shown within a year. With half "
        "held out for a year, %(detectable)s more per 1,000 can."
    ) % (values | {"detectable": _effect(advice["detectable"])})


def _effect(share: float) -> str:
    """Return an effect for 1,000, without a decimal that says nothing."""
    effect = round(share * 1000, 1)
    return number(effect, 0 if effect == int(effect) else 1)


def choice_words(one: Figures, currency: str) -> Figures:
    """Return one choice with its texts."""
    weeks = int(one["weeks"])
    return one | {
        "share_text": percent(one["share"], 0 if round(one["share"] * 100, 6) % 1 == 0 else 1),
        "weeks_text": ngettext("%(weeks)s week", "%(weeks)s weeks", weeks) % {"weeks": number(weeks)}
        if one["feasible"]
        else _("more than a year"),
        "detectable_text": _("%(more)s per 1,000 (%(lift)s)")
        % {
            "more": number(one["detectable"] * 1000, 1, signed=True),
            "lift": percent(one["detectable_lift"], 0, signed=True),
        }
        if one["detectable"] is not None
        else _("nothing"),
        "price_text": money(one["price"], currency) if one["price"] is not None else _("unknown: no order yet"),
    }
