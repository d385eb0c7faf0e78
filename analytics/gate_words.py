"""The gates and the methods in words: why a number may be believed, and how it was found."""

from collections.abc import Callable
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from analytics.formats import day, number, percent

TITLES: Final = {
    "health": gettext_lazy("Fair draw"),
    "volume": gettext_lazy("Enough customers"),
    "maturity": gettext_lazy("Enough time"),
    "evidence": gettext_lazy("Control group"),
    "effect": gettext_lazy("Clear answer"),
}

METHODS: Final = {
    "newcombe": gettext_lazy("Newcombe's interval of two shares; the percentage by the score interval"),
    "mover_log": gettext_lazy("Intervals on a log scale joined by MOVER; the percentage by the log ratio"),
    "delta_customers": gettext_lazy("Delta method, one customer being one unit"),
    "welch": gettext_lazy("Welch's interval of two means"),
    "adjusted_wald": gettext_lazy("Adjusted Wald interval, for few answers"),
    "quasi_poisson": gettext_lazy("Weekly quasi-Poisson regression"),
    "poisson": gettext_lazy("Score interval of two Poisson rates"),
    "newcombe_inverted": gettext_lazy("Newcombe's interval, inverted"),
    "cuped": gettext_lazy("Welch's interval after taking out what the twelve weeks before explain (CUPED)"),
    "winsorised": gettext_lazy("The same as plain, the largest hundredth of the buyers cut down"),
    "interrupted_series": gettext_lazy(
        "Weekly series, its trend, season and the likeness of neighbouring weeks taken out (GLS with AR(1)); n = weeks"
    ),
    "year_over_year": gettext_lazy("This year's change against last year's, same weeks"),
}

type Figures = dict[str, Any]


def gate_words(gate: Figures) -> Figures:
    """Return the gate with its title and one sentence."""
    sentence = _SENTENCES[gate["name"]](gate)
    return gate | {"title": str(TITLES[gate["name"]]), "sentence": sentence}


def _health(gate: Figures) -> str:
    reason, figures = gate["reason"], gate["figures"]
    if reason == "no_draw":
        return _("Nobody is held out.")
    if reason == "unbalanced_draw":
        return _("%(control)s in the control group where about %(expected)s were planned.") % {
            "control": number(figures["control"]),
            "expected": number(figures["expected_control"]),
        }
    if reason == "contaminated":
        return _("%(count)s customers are in both groups.") % {"count": number(figures["in_both"])}
    if reason == "unlike_before":
        return _("The groups bought differently before the campaign.")
    values = {"control": number(figures["control"]), "all": number(figures["control"] + figures["treated"])}
    if figures["in_both"]:
        return _(
            "%(control)s of %(all)s held out, as planned; both groups bought alike before. %(count)s customers are in "
            "both groups: too few to matter."
        ) % (values | {"count": number(figures["in_both"])})
    return _("%(control)s of %(all)s held out, as planned; both groups bought alike before.") % values


def _volume(gate: Figures) -> str:
    return _("%(treated)s contacted customers and %(control)s of the control group came to the goal.") % {
        arm: number(gate["figures"][arm]) for arm in ("treated", "control")
    }


def _maturity(gate: Figures) -> str:
    figures = gate["figures"]
    shares = {"mature": number(figures["mature"]), "all": number(figures["assigned"])}
    if gate["state"] == "passed":
        return _("The days of %(mature)s of %(all)s customers are over.") % shares
    return _("The verdict is due on %(date)s; the days of %(mature)s of %(all)s customers are over.") % (
        shares | {"date": day(figures["verdict_at"])}
    )


def _evidence(gate: Figures) -> str:
    if gate["state"] == "passed":
        return _("Compared with customers whom chance held out.")
    return _("Nobody is held out.") if gate["reason"] == "no_draw" else _("No interval can be computed yet.")


def _effect(gate: Figures) -> str:
    figures = gate["figures"]
    if "low" not in figures:
        return _("No interval can be computed yet.")
    values = {"useful": number(figures["useful"] * 1000)}
    if gate["state"] == "passed":
        return _("The range is narrow enough to decide; you look for %(useful)s per 1,000.") % values
    return _("The range still holds “nothing” beside effects that would be useful (%(useful)s per 1,000).") % values


_SENTENCES: Final[dict[str, Callable[[Figures], str]]] = {
    "health": _health,
    "volume": _volume,
    "maturity": _maturity,
    "evidence": _evidence,
    "effect": _effect,
}


def confidence_words(level: float, *, early: bool) -> str:
    """Return what the ranges of a report promise."""
    if early:
        return _("The campaign is still young, so the ranges are wider: they may be looked at every day.")
    return _("Each range holds the true value in %(share)s of such comparisons.") % {"share": percent(level, 0)}
