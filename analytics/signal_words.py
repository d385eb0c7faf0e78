"""Signals in words of the active language: no jargon before the drawer, and never a cause."""

from collections.abc import Mapping
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from analytics.formats import number, percent
from analytics.funnel_words import range_words

type Figures = dict[str, Any]

WHY_NOT: Final = {
    "step": gettext_lazy("Nearly every buyer does it: a step of the purchase, not a signal."),
    "few_did": gettext_lazy("Too few customers did it."),
    "all_did": gettext_lazy("Nearly everybody did it: it tells nobody apart."),
    "not_told_apart": gettext_lazy("It always comes together with others: its part cannot be told."),
}
PILLS: Final = {
    "chosen": ("good", gettext_lazy("worth watching")),
    "signal": ("calm", gettext_lazy("signal")),
    "unclear": ("", gettext_lazy("not proven")),
    "none": ("", gettext_lazy("not judged")),
}


def signal_words(figures: Figures, labels: Mapping[str, str]) -> Figures:
    """Return the figures of the signals with words beside every number."""
    rows = [_row(row, labels) for row in figures["signals"]]
    return figures | {
        "goal_title": labels.get(figures["goal"], figures["goal"]),
        "signals": rows,
        "sentence": _sentence(figures, rows),
    }


def _row(row: Figures, labels: Mapping[str, str]) -> Figures:
    tone, pill = PILLS[_state(row)]
    told: Figures = row | {
        "title": labels.get(row["name"], row["name"]),
        "tone": tone,
        "pill": str(pill),
        "rate_text": percent(row["rate"]) if row["rate"] is not None else "–",
        "rate_range": range_words(row["rate_interval"], 1) if row["rate_interval"] else "",
        "others_text": percent(row["others_rate"]) if row["others_rate"] is not None else "–",
        "share_text": percent(row["share_of_buyers"], 0),
        "lead_text": _lead(row),
        "why_not_text": str(WHY_NOT[row["why_not"]]) if row["why_not"] else "",
        "stability_text": percent(row["stability"], 0) if row["stability"] is not None else "–",
        "sentence": "",
    }
    for name in ("crude", "alike", "adjusted"):
        told |= {f"{name}_text": times(row[name]), f"{name}_range": times_range(row[name])}
    if row["adjusted"]:
        told["sentence"] = _signal_sentence(row, told)
    return told


def _state(row: Figures) -> str:
    if row["chosen"]:
        return "chosen"
    if row["signal"]:
        return "signal"
    return "unclear" if row["adjusted"] else "none"


def times(ratio: Figures | None) -> str:
    """Return a ratio as "1.8 ×"."""
    return "–" if ratio is None else _("%(times)s ×") % {"times": _rounded(ratio["value"])}


def times_range(ratio: Figures | None) -> str:
    """Return the ends of a ratio's interval."""
    if ratio is None:
        return ""
    low, high = ratio["interval"]
    return _("%(low)s to %(high)s") % {"low": _rounded(low), "high": _rounded(high) if high else "∞"}


def _rounded(value: float) -> str:
    return number(value, 1 if value >= 1 else 2)


def _lead(row: Figures) -> str:
    if row["lead_days"] is None:
        return "–"
    if row["lead_days"] == 0:
        return _("the same day")
    return ngettext("%(days)s day", "%(days)s days", row["lead_days"]) % {"days": number(row["lead_days"])}


def _signal_sentence(row: Figures, told: Figures) -> str:
    values = {"title": told["title"], "times": told["adjusted_text"], "range": told["adjusted_range"]}
    if not row["signal"]:
        said = _("“%(title)s” may mean nothing: %(times)s the odds of customers as active without it (%(range)s).")
        return said % values
    said = (
        _(
            "The odds of a purchase after “%(title)s” are %(times)s those of customers who were as active without it "
            "(%(range)s)."
        )
        % values
    )
    if row["lead_days"]:
        said += " " + ngettext(
            "Half of the buyers who did it had begun %(days)s day or more before buying.",
            "Half of the buyers who did it had begun %(days)s days or more before buying.",
            row["lead_days"],
        ) % {"days": number(row["lead_days"])}
    return said


def _sentence(figures: Figures, rows: list[Figures]) -> str:
    if figures["refused"] == "no_key_events":
        return _(
            "No key event is chosen yet, or none has happened: choose the small actions that may announce a purchase."
        )
    if figures["refused"] == "few_buyers":
        return _(
            "Not enough data yet: %(buyers)s of %(customers)s active customers bought in the weeks after, at least 50 "
            "are needed. Compare longer periods."
        ) % {"buyers": number(figures["buyers"]), "customers": number(figures["customers"])}
    chosen = [row for row in rows if row["chosen"]]
    if not chosen:
        return _(
            "No small action stands out: none comes before a purchase more often than being active alone explains."
        )
    names = ", ".join(_("“%(name)s”") % {"name": row["title"]} for row in chosen)
    return ngettext(
        "%(names)s is worth watching: it comes before a purchase more often than being active alone explains.",
        "%(names)s are worth watching: they come before a purchase more often than being active alone explains.",
        len(chosen),
    ) % {"names": names}
