"""The table before and after in words of the active language: values, ranges, changes, and what to beware of."""

from collections import Counter
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from analytics.formats import money, number, percent
from analytics.words import TITLES, refusal_sentence

type Figures = dict[str, Any]

OF_WHOM: Final = {
    "visitors": gettext_lazy("Share of the visitors (people, not sessions) who ordered."),
    "customers": gettext_lazy("Share of the customers known when the period began who ordered."),
}
MEANINGS: Final = {
    "nps": gettext_lazy("Share of promoters less share of detractors, each respondent's latest answer."),
    "basket": gettext_lazy("Mean value of an order."),
    "cac": gettext_lazy("Advertising and messages for one new customer, by whole weeks."),
    "revenue": gettext_lazy("Revenue a customer known when the period began, those who bought nothing included."),
}


def described(figures: Figures) -> Figures:
    """Return the figures of a shop's table with the words beside every number."""
    currency = figures["currency"]
    metrics = {
        name: {
            "title": _("Revenue per customer") if name == "revenue" else str(TITLES[name]),
            "meaning": str(OF_WHOM[figures["conversion_of"]] if name == "conversion" else MEANINGS[name]),
            "before": row["before"] | _side_words(name, row["before"], currency),
            "after": row["after"] | _side_words(name, row["after"], currency),
            "plain": row["plain"] | _change_words(name, row["plain"], currency),
            "season": row["season"] | _change_words(name, row["season"], currency),
            "warnings": [warning | {"sentence": warning_sentence(warning)} for warning in row["warnings"]],
        }
        for name, row in figures["metrics"].items()
    }
    sentence = (
        _("The weeks after this day are not over yet.")
        if figures["running"]
        else _("These changes mix everything: what you did, the season and luck. On their own they prove nothing.")
    )
    return figures | {"metrics": metrics, "sentence": sentence}


def with_shared_warnings(figures: Figures) -> Figures:
    """Return the table for a reader: what most of its rows must be told stands once, in `shared_warnings`."""
    rows = figures["metrics"].values()
    told = Counter(warning["sentence"] for row in rows for warning in row["warnings"])
    common = {sentence for sentence, count in told.items() if count > 2}
    metrics = {
        name: row | {"own_warnings": [one for one in row["warnings"] if one["sentence"] not in common]}
        for name, row in figures["metrics"].items()
    }
    return figures | {"metrics": metrics, "shared_warnings": [text for text in told if text in common]}


def _value(metric: str, value: float, currency: str, *, signed: bool = False) -> str:
    if metric == "conversion":
        return percent(value, 2, signed=signed)
    return number(value, 1, signed=signed) if metric == "nps" else money(value, currency, signed=signed)


def _range(low: str, high: str) -> str:
    return _("%(low)s to %(high)s") % {"low": low, "high": high}


def _side_words(metric: str, side: Figures, currency: str) -> Figures:
    if side["value"] is None:
        return {"text": "–", "range_text": ""}
    low, high = (_value(metric, end, currency) for end in side["interval"])
    return {"text": _value(metric, side["value"], currency), "range_text": _range(low, high)}


def _change_words(metric: str, change: Figures, currency: str) -> Figures:
    """Return a change as shown: relative where a percentage makes sense, points for a score; or why there is none."""
    if "refused" in change:
        return {"sentence": refusal_sentence(change["refused"], change["figures"])}
    words = {
        "diff_text": _value(metric, change["diff"], currency, signed=True),
        "diff_range_text": _range(*(_value(metric, end, currency, signed=True) for end in change["diff_ci"])),
    }
    if change["rel"] is None or change["rel_ci"] is None:
        unit = _("points") if metric == "nps" else ""
        return words | {"text": f"{words['diff_text']} {unit}".strip(), "range_text": words["diff_range_text"]}
    low, high = change["rel_ci"]
    ends = (percent(low, 0, signed=True), percent(high, 0, signed=True) if high is not None else "∞")
    return words | {"text": percent(change["rel"], 0, signed=True), "range_text": _range(*ends)}


def warning_sentence(warning: Figures) -> str:
    """Return one warning as a sentence."""
    match warning["code"]:
        case "season":
            return _("The season is in it: there is no last year to compare with.")
        case "rising":
            return _("It was already rising before this day.")
        case "falling":
            return _("It was already falling before this day.")
        case "lowest":
            return _("Before is the lowest of %(periods)s periods: a better one follows by itself.") % warning
        case "highest":
            return _("Before is the highest of %(periods)s periods: a lesser one follows by itself.") % warning
        case "mix":
            return _(
                "The buyers are others than before: new customers made %(before)s of them, then %(after)s."
            ) % _shares(warning)
        case "discounts":
            return _("Discounts changed: %(before)s of the orders had one before, %(after)s after.") % _shares(warning)
        case "campaigns":
            names = ", ".join(_("“%(name)s”") % {"name": name} for name in warning["names"][:4])
            return _("Campaigns began in these weeks: %(names)s.") % {"names": names}
        case "one_customer":
            return _("One customer alone brought %(share)s of the revenue of a period.") % {
                "share": percent(warning["share"], 0)
            }
        case "refunds":
            return _("Provisional: refunds may still come in for a month.")
        case "no_visits":
            return _("The shop sends no events, so its visitors are not known: this counts known customers instead.")
    raise KeyError(warning["code"])


def _shares(warning: Figures) -> dict[str, str]:
    return {name: percent(warning[name], 0) for name in ("before", "after")}
